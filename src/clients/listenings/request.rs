//! Asking for a listening, looking at one and ending it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{ListeningError, Listenings};
use crate::clients::keys::Listener;
use crate::config::Line;
use crate::store::{Admission, CallerRef, Ending, NewListening};
use crate::twiml;
use crate::types::ListeningId;
use crate::types::media::Track;
use crate::wire::{Invited, ListeningRequest, ListeningView, Side, StreamAddress, Who};

/// 128 bits, which cannot be guessed.
const TOKEN_BYTES: usize = 16;

/// Longest reference, and longest id of a call, in characters: ids of calls have 34 to 90.
const MOST_REFERENCE: usize = 200;
const MOST_CALL: usize = 200;

impl Listenings {
    /// Takes on a listening; the answer says what to stream, and where.
    ///
    /// # Errors
    /// [`ListeningError`]; nothing is listened to then.
    pub async fn ask_to_listen(&self, client: &Listener, request: ListeningRequest) -> Result<Invited, ListeningError> {
        let line = self.line_of(&request)?;
        let (line, strictness) = (line.name.clone(), line.strictness);
        short_enough("reference", request.reference.as_deref(), MOST_REFERENCE)?;
        short_enough("call", request.call.as_deref(), MOST_CALL)?;
        let secret: [u8; TOKEN_BYTES] = rand::random();
        let token = ListeningId::token(&URL_SAFE_NO_PAD.encode(secret));
        let (id, now) = (ListeningId::new(), self.cx.now());
        let within = Duration::from_secs(self.cx.config.streams.start_within_s);
        let admission = self.cx.store.add_listening(NewListening {
            id: id.clone(),
            token: token.clone(),
            who: named(client, request.caller),
            line,
            strictness,
            call: request.call,
            track: request.track.into(),
            reference: request.reference,
            expires_at: now.saturating_add(within).unwrap_or(now),
            at: now,
        });
        match admission.await? {
            Admission::NotEnrolled => return Err(ListeningError::NotEnrolled),
            Admission::OptedOut => return Err(ListeningError::OptedOut),
            Admission::Taken => {}
        }
        let url = self.socket_url.clone();
        let twiml = twiml::start_stream(&url, &token)?;
        let stream = StreamAddress { url, parameters: [("token", token)].into() };
        Ok(Invited { listening: self.listening(client, &id).await?, stream, twiml })
    }

    /// How a listening stands.
    ///
    /// # Errors
    /// [`ListeningError::Unknown`] when there is none of that id.
    pub async fn listening(&self, _: &Listener, id: &ListeningId) -> Result<ListeningView, ListeningError> {
        let found = self.cx.store.listening(id).await?.ok_or(ListeningError::Unknown)?;
        Ok(self.jobs.view(&found))
    }

    /// Ends a listening without a verdict; one that is over stays as it is.
    ///
    /// # Errors
    /// [`ListeningError::Unknown`] when there is none of that id.
    pub async fn stop_listening(&self, client: &Listener, id: &ListeningId) -> Result<ListeningView, ListeningError> {
        self.cx.store.listening(id).await?.ok_or(ListeningError::Unknown)?;
        self.jobs.end_listening(id, Ending::Failed("stopped"), None).await?;
        self.listening(client, id).await
    }

    fn line_of(&self, request: &ListeningRequest) -> Result<&Line, ListeningError> {
        let line = match &request.line {
            Some(name) => self.cx.config.line(name),
            None => self.cx.config.lines.first(),
        };
        line.ok_or(ListeningError::UnknownLine)
    }
}

fn short_enough(field: &'static str, text: Option<&str>, most: usize) -> Result<(), ListeningError> {
    match text {
        Some(text) if text.chars().count() > most => Err(ListeningError::TooLong { field, most }),
        _ => Ok(()),
    }
}

fn named(client: &Listener, who: Who) -> CallerRef {
    match who {
        Who::UserId(user) => client.user(user),
        Who::Number(number) => CallerRef::Number(number),
        Who::AccountNumber(digits) => CallerRef::Account(digits),
    }
}

impl From<Side> for Track {
    fn from(side: Side) -> Self {
        match side {
            Side::Inbound => Self::Inbound,
            Side::Outbound => Self::Outbound,
        }
    }
}
