//! A take heard while it is spoken: one web socket, from its start to its end.
//!
//! A socket that was let in shows a token within seconds, which names the call and the turn it speaks for. Its frames
//! become samples, a chunk of samples goes to the [`ears`] together with those of every other stream, and the turn's
//! [`Live`](crate::engine::Live) tells when the caller pauses and when they have finished. In a pause what was said so far
//! is examined; mostly that is all there was, and only the verdict is left to make. When the turn is over the take is
//! claimed in the store, the socket closed, and the take judged like a recorded one. The dialogue cannot tell them apart.
//!
//! Whatever goes wrong before that leaves no take behind. The provider then goes on at the reply's action, finds none, and
//! the turn is asked once more, to be recorded.
//!
//! A token may also stand for a conversation that a client wants listened to; that is [`listen`]'s.

mod dialect;
mod ears;
mod fault;
mod invitation;
mod pace;
mod pause;
mod place;
mod say;
mod socket;
mod start;
mod take;

pub use dialect::Dialect;
pub(super) use ears::{Ear, Ears};
pub(super) use fault::Fault;
pub(super) use pace::Pace;
pub(super) use place::Places;
pub use place::StreamPlace;
pub use socket::{Close, Gone, MediaSocket, Received};
pub(super) use take::damaged;

use start::Introduced;
use take::{End, TakeStream};

use super::service::Service;
use super::{judge, listen, meters};

impl Service {
    /// Room for one more stream, for as long as it is kept; none when the house is full or does not keep up.
    pub fn stream_place(&self) -> Option<StreamPlace> {
        self.places().take()
    }

    /// Hears a take, or a conversation, on a socket whose handshake was found in order, and closes the socket.
    pub async fn stream(&self, place: StreamPlace, mut socket: impl MediaSocket, dialect: Dialect) {
        let _counted = self.tasks().token();
        let outcome = self.hear_stream(&mut socket, dialect).await;
        // The place is free once nothing is heard any more; the farewell may take a moment.
        drop(place);
        let close = match &outcome {
            Ok(()) => Close::Done,
            Err(fault) => {
                metrics::counter!(meters::STREAM_FAULTS, "code" => fault.code()).increment(1);
                tracing::warn!(code = fault.code(), "a stream ended too early: {fault}");
                fault.close()
            }
        };
        socket.close(close).await;
    }

    async fn hear_stream(&self, socket: &mut impl MediaSocket, dialect: Dialect) -> Result<(), Fault> {
        let (turn, session) = match self.introduce(socket, dialect).await? {
            Introduced::Turn(turn, session) => (*turn, session),
            Introduced::Listening(listening, session) => {
                return listen::listen(self, *listening, session, dialect, socket).await;
            }
        };
        let mut stream = TakeStream::begin(self, turn, session, dialect)?;
        let outcome = stream.hear(socket).await;
        stream.report();
        match outcome? {
            End::CallerGone => Ok(()),
            End::Take(heard) => judge::streamed(self, stream.into_job(), heard).await.map_err(Fault::from),
        }
    }
}
