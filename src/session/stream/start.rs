use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use super::socket::MediaSocket;
use super::take::Listening;
use super::{Dialect, Service};
use crate::session::listen;
use crate::store::{self, ListeningClaim, StreamClaim};
use crate::types::CallSid;
use crate::types::media::{MediaEvent, MediaSession};

/// A provider says what a stream is at once; whoever does not holds a place on purpose.
const WITHIN: Duration = Duration::from_secs(5);

/// Messages before the start: a greeting, and whatever a provider may add. More is a flood.
const MOST_BEFORE: usize = 20;

/// The parameter that carries the token.
const TOKEN: &str = "token";

/// What a stream may speak for.
pub(super) enum Introduced {
    /// A turn of a call of ours.
    Turn(Box<Listening>, MediaSession),
    /// A conversation that a client wants listened to.
    Listening(Box<store::Listening>, MediaSession),
}

impl Service {
    /// Waits for the stream to say what it is, and checks that it may be: its account, its token, its call.
    pub(super) async fn introduce(&self, socket: &mut impl MediaSocket, dialect: Dialect) -> Result<Introduced, Fault> {
        let session = started(socket, dialect).await?;
        if session.account_id.as_ref().is_some_and(|account| *account != self.config().twilio.account_sid) {
            return Err(Fault::OtherAccount);
        }
        let token = session.params.get(TOKEN).ok_or(Fault::NoToken)?;
        if listen::is_listening(token) {
            // The call is the client's own and none that we have to know.
            return match self.store().open_listening(token, &session.call_id, self.now()).await? {
                ListeningClaim::Refused(refusal) => Err(Fault::Token(refusal)),
                ListeningClaim::Mine(listening) => Ok(Introduced::Listening(listening, session)),
            };
        }
        let call = CallSid::parse(&session.call_id).map_err(|_| Fault::NoCall)?;
        match self.store().open_stream(token, &call, self.now()).await? {
            StreamClaim::Refused(refusal) => Err(Fault::Token(refusal)),
            StreamClaim::Mine(stream) => Ok(Introduced::Turn(Box::new(self.heard_for(*stream).await?), session)),
        }
    }
}

/// The stream's own account of itself.
async fn started(socket: &mut impl MediaSocket, dialect: Dialect) -> Result<MediaSession, Fault> {
    let deadline = Instant::now() + WITHIN;
    for _ in 0..MOST_BEFORE {
        let received = timeout_at(deadline, socket.receive()).await.map_err(|_| Fault::NoStart)?;
        let Some(text) = received.text()? else { continue };
        match dialect.read(&text)? {
            MediaEvent::Started(session) => return Ok(*session),
            MediaEvent::Frame(_) | MediaEvent::Key(_) => return Err(Fault::BeforeStart),
            MediaEvent::Stopped => return Err(Fault::Broken),
            MediaEvent::Connected | MediaEvent::Mark(_) | MediaEvent::Fault(_) | MediaEvent::Ignored => {}
        }
    }
    Err(Fault::Flood)
}
