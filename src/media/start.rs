//! A stream introduces itself: its start message, its account, its token.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Media;
use super::error::StreamError;
use super::socket::{MediaMessage, MediaSocket};
use crate::calls::TakeOrder;
use crate::store::{self, ListeningClaim, StreamClaim};
use crate::types::media::{MediaEvent, MediaSession};
use crate::types::{CallSid, ListeningId};

/// A provider says what a stream is at once; whoever does not holds a place on purpose.
const WITHIN: Duration = Duration::from_secs(5);

/// Messages before the start: a greeting, and whatever a provider may add. More is a flood.
const MOST_BEFORE: usize = 20;

/// The parameter that carries the token.
const TOKEN: &str = "token";

/// What a stream may speak for.
pub(super) enum Introduced {
    /// A turn of a call of ours.
    Turn(Box<TakeOrder>, MediaSession),
    /// A conversation that a client wants listened to.
    Listening(Box<store::Listening>, MediaSession),
}

impl Media {
    /// Waits for the stream to say what it is, and checks that it may be: its account, its token, its call.
    pub(super) async fn introduce(&self, socket: &mut impl MediaSocket) -> Result<Introduced, StreamError> {
        let session = started(socket).await?;
        if session.account_id.as_ref().is_some_and(|account| *account != self.cx.config.twilio.account_sid) {
            return Err(StreamError::OtherAccount);
        }
        let token = session.params.get(TOKEN).ok_or(StreamError::NoToken)?;
        if ListeningId::is_token(token) {
            // The call is the client's own and none that we have to know.
            return match self.cx.store.open_listening(token, &session.call_id, self.cx.now()).await? {
                ListeningClaim::Refused(refusal) => Err(StreamError::Token(refusal)),
                ListeningClaim::Mine(listening) => Ok(Introduced::Listening(listening, session)),
            };
        }
        let call = CallSid::parse(&session.call_id).map_err(|_| StreamError::NoCall)?;
        match self.cx.store.open_stream(token, &call, self.cx.now()).await? {
            StreamClaim::Refused(refusal) => Err(StreamError::Token(refusal)),
            StreamClaim::Mine(stream) => Ok(Introduced::Turn(Box::new(self.calls.take_order(*stream).await?), session)),
        }
    }
}

/// The stream's own account of itself.
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
