//! A stream introduces itself: its start message, its account, its token.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Media;
use super::entry::{Entry, Proof};
use super::error::StreamError;
use super::socket::{MediaMessage, MediaSocket};
use crate::calls::{StreamSlot, TakeOrder};
use crate::store::{Ending, Listening, ListeningClaim, StreamClaim, StreamRefusal};
use crate::types::media::{MediaEvent, MediaSession};
use crate::types::{CallSid, ListeningId};

/// A provider sends the start message at once; a socket that keeps silent for longer holds its place on purpose.
const WITHIN: Duration = Duration::from_secs(5);

/// Messages before the start: a greeting, and whatever a provider may add. More is a flood.
const MOST_BEFORE: usize = 20;

/// The parameter that carries the token.
const TOKEN: &str = "token";

/// A stream that has shown a good token.
pub(super) struct Introduced {
    pub(super) purpose: Purpose,
    pub(super) session: MediaSession,
    /// Its room, for as long as it is heard.
    pub(super) slot: StreamSlot,
}

/// The purpose of a stream.
pub(super) enum Purpose {
    /// A turn of a call of ours.
    Turn(Box<TakeOrder>),
    /// A conversation that a client wants listened to.
    Listening(Box<Listening>),
}

impl Media {
    /// Waits for the stream to say what it is, and checks that it may be: its account, its token, its call.
    ///
    /// A socket without a signature speaks for listenings only. It gets no slot before its token is found good, and its
    /// token is not redeemed while there is no slot to be had.
    pub(super) async fn introduce(
        &self,
        socket: &mut impl MediaSocket,
        entry: Entry,
    ) -> Result<Introduced, StreamError> {
        let Entry { account, proof } = entry;
        let session = started(socket).await?;
        let is_ours = match &session.account_id {
            Some(named) => *named == account,
            None => matches!(proof, Proof::Signature(_)),
        };
        if !is_ours {
            return Err(StreamError::OtherAccount);
        }
        let token = session.params.get(TOKEN).ok_or(StreamError::NoToken)?;
        match (proof, ListeningId::is_token(token)) {
            (Proof::Signature(slot), true) => {
                let listening = self.listening(token, &session).await?;
                Ok(Introduced { purpose: Purpose::Listening(listening), session, slot })
            }
            (Proof::Signature(slot), false) => {
                let purpose = Purpose::Turn(self.turn(token, &session).await?);
                Ok(Introduced { purpose, session, slot })
            }
            (Proof::Nothing(_permit), true) => {
                if !self.slots.has_room() {
                    return Err(StreamError::Full);
                }
                let listening = self.listening(token, &session).await?;
                let Some(slot) = self.slots.take() else {
                    let ending = Ending::Failed(StreamError::Full.code());
                    self.jobs.end_listening(&listening.id, ending, None).await?;
                    return Err(StreamError::Full);
                };
                Ok(Introduced { purpose: Purpose::Listening(listening), session, slot })
            }
            (Proof::Nothing(_), false) => Err(StreamError::Token(StreamRefusal::Unknown)),
        }
    }

    /// Redeems the token of a listening. The call is the client's own and none that we have to know.
    async fn listening(&self, token: &str, session: &MediaSession) -> Result<Box<Listening>, StreamError> {
        match self.cx.store.open_listening(token, &session.call_id, self.cx.now()).await? {
            ListeningClaim::Refused(refusal) => Err(StreamError::Token(refusal)),
            ListeningClaim::Mine(listening) => Ok(listening),
        }
    }

    /// Redeems the token of a turn.
    async fn turn(&self, token: &str, session: &MediaSession) -> Result<Box<TakeOrder>, StreamError> {
        let call = CallSid::parse(&session.call_id).map_err(|_| StreamError::NoCall)?;
        match self.cx.store.open_stream(token, &call, self.cx.now()).await? {
            StreamClaim::Refused(refusal) => Err(StreamError::Token(refusal)),
            StreamClaim::Mine(stream) => Ok(Box::new(self.calls.take_order(*stream).await?)),
        }
    }
}

/// The start message of a stream.
async fn started(socket: &mut impl MediaSocket) -> Result<MediaSession, StreamError> {
    let deadline = Instant::now() + WITHIN;
    for _ in 0..MOST_BEFORE {
        let received = timeout_at(deadline, socket.receive()).await.map_err(|_| StreamError::NoStart)?;
        let Some(message) = received.message()? else { continue };
        match message.event()? {
            MediaEvent::Started(session) => return Ok(*session),
            MediaEvent::Frame(_) | MediaEvent::Key(_) => return Err(StreamError::BeforeStart),
            MediaEvent::Stopped => return Err(StreamError::Broken),
            MediaEvent::Connected | MediaEvent::Mark(_) | MediaEvent::Fault(_) | MediaEvent::Ignored => {}
        }
    }
    Err(StreamError::Flood)
}
