//! Sockets: a take heard while it is spoken, and a conversation that a client has listened to.
//!
//! A socket that was let in by its [`Entry`] shows a token within seconds, which names the turn or the listening it
//! speaks for. Its `MediaLine` makes samples of its frames, chunks of samples go to the
//! `SpeechBatcher` together with those of every other stream, and the turn's [`Live`](crate::engine::Live) tells when
//! the caller pauses and when they have finished. In a pause the speech so far is examined; mostly that is all there
//! was, and only the verdict is left to make. When the turn is over the take is leased in the store, the socket closed,
//! and the take judged like a recorded one: the dialogue cannot tell them apart.
//!
//! A stream that fails before that leaves no take behind. The provider then goes on at the reply's action, which finds
//! none, and the turn is asked once more, to be recorded.
//!
//! `http` hands its sockets to [`Media`]; nothing else calls it. No file here knows a provider's name: a socket yields
//! [`MediaEvent`](crate::types::media::MediaEvent)s, however the provider spells them.

mod conversation;
mod entry;
mod error;
mod line;
mod pace;
mod pause;
mod prompt;
mod sides;
mod socket;
mod speech_batch;
mod start;
mod take;

pub use entry::Entry;
pub use socket::{Close, Gone, MediaMessage, MediaSocket, Received};

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::calls::{Calls, StreamSlots};
use crate::jobs::Jobs;
use crate::judging::{Context, Judge, meters};
use error::StreamError;
use speech_batch::SpeechBatcher;
use start::{Introduced, Purpose};
use take::{End, TakeStream};

/// Hears sockets. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    cx: Context,
    judge: Judge,
    calls: Calls,
    jobs: Jobs,
    slots: Arc<StreamSlots>,
    unproven: Arc<Semaphore>,
    batcher: SpeechBatcher,
}

impl Media {
    /// Starts the thread that hears all streams' chunks.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        cx: Context,
        judge: Judge,
        calls: Calls,
        jobs: Jobs,
        slots: Arc<StreamSlots>,
    ) -> std::io::Result<Self> {
        let batcher = SpeechBatcher::start(judge.engine().clone(), Arc::clone(&slots))?;
        Ok(Self { cx, judge, calls, jobs, slots, unproven: entry::unproven(), batcher })
    }

    /// Hears a take, or a conversation, on a socket whose handshake was found in order, and closes the socket.
    pub async fn stream(&self, entry: Entry, mut socket: impl MediaSocket) {
        let _counted = self.cx.tasks.count();
        // The slot is given back when this returns: the farewell may take a moment.
        let outcome = self.hear(&mut socket, entry).await;
        let close = match &outcome {
            Ok(()) => Close::Done,
            Err(error) => {
                metrics::counter!(meters::STREAM_FAULTS, "code" => error.code()).increment(1);
                tracing::warn!(code = error.code(), "a stream ended too early: {error}");
                error.close()
            }
        };
        socket.close(close).await;
    }

    async fn hear(&self, socket: &mut impl MediaSocket, entry: Entry) -> Result<(), StreamError> {
        let Introduced { purpose, session, slot: _slot } = self.introduce(socket, entry).await?;
        let order = match purpose {
            Purpose::Turn(order) => *order,
            Purpose::Listening(listening) => return self.listen(*listening, session, socket).await,
        };
        let mut stream = TakeStream::begin(self, order, session, socket)?;
        let outcome = stream.hear().await;
        let job = stream.into_job();
        match outcome? {
            End::CallerGone => Ok(()),
            End::Take(streamed) => Ok(self.calls.take_streamed(job, streamed).await?),
        }
    }
}
