//! One thread that shows the chunks of all streams to the speech model, in batches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::mpsc as channel;

use crate::calls::StreamSlots;
use crate::engine::{Chunk, Engine};
use crate::judging::meters;

/// Chunks heard in one inference; beyond it nothing is gained (`cargo bench --bench stages`, "hear").
const MOST_AT_ONCE: usize = 64;

/// How long a chunk waits for others: an eighth of the time between two chunks of a stream.
///
/// A chunk costs 83 µs alone and 32 µs among 32, so that waiting pays once there are several streams.
const GATHER: Duration = Duration::from_millis(4);

/// So many streams at least are open when waiting begins to pay.
const GATHER_FROM: usize = 8;

/// Hears the chunks of all streams, together, on a thread of its own.
///
/// A track of a stream has at most one chunk here, so the queue is bounded by the streams.
#[derive(Clone)]
pub(crate) struct SpeechBatcher(Sender<Job>);

/// One stream's way to the [`SpeechBatcher`] and back.
pub(crate) struct SpeechTrack {
    batcher: SpeechBatcher,
    back: Back,
    heard: channel::Receiver<Option<Chunk>>,
}

struct Job {
    chunk: Chunk,
    since: Instant,
    back: Back,
}

/// Where a chunk goes back to; nothing goes back when the model failed.
type Back = channel::Sender<Option<Chunk>>;

impl SpeechBatcher {
    /// Starts the thread; it ends when the last handle is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(engine: Engine, slots: Arc<StreamSlots>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        std::thread::Builder::new().name("speech".to_owned()).spawn(move || work(&engine, &slots, &jobs))?;
        Ok(Self(queue))
    }

    /// A way here for one stream.
    pub(crate) fn track(&self) -> SpeechTrack {
        let (back, heard) = channel::channel(1);
        SpeechTrack { batcher: self.clone(), back, heard }
    }
}

impl SpeechTrack {
    /// Sends a chunk to be heard; the one before must have come back.
    pub(crate) fn show(&self, chunk: Chunk) {
        // Without the thread nothing comes back, and the stream ends at its deadline.
        let _ = self.batcher.0.send(Job { chunk, since: Instant::now(), back: self.back.clone() });
    }

    /// The chunk that was sent, once it was heard; `None` when the model failed.
    pub(crate) async fn heard(&mut self) -> Option<Chunk> {
        self.heard.recv().await.flatten()
    }
}

fn work(engine: &Engine, slots: &StreamSlots, jobs: &Receiver<Job>) {
    let (mut chunks, mut waiting) = (Vec::with_capacity(MOST_AT_ONCE), Vec::with_capacity(MOST_AT_ONCE));
    while gather(jobs, slots, &mut chunks, &mut waiting) {
        metrics::counter!(meters::STREAM_CHUNKS).increment(chunks.len() as u64);
        metrics::counter!(meters::STREAM_BATCHES).increment(1);
        let has_failed = !hear(engine, &mut chunks);
        for at in (0..chunks.len()).rev() {
            if has_failed || chunks[at].is_heard() {
                // A stream that has ended meanwhile does not miss it.
                let chunk = chunks.swap_remove(at);
                let _ = waiting.swap_remove(at).try_send(Some(chunk).filter(|_| !has_failed));
            }
        }
    }
}

/// One inference; whether it succeeded.
fn hear(engine: &Engine, chunks: &mut [Chunk]) -> bool {
    match catch_unwind(AssertUnwindSafe(|| engine.hear_some(chunks))) {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(code = error.code(), "the speech model failed: {error}");
            false
        }
        Err(_) => {
            tracing::error!("the speech model failed badly");
            false
        }
    }
}

/// Takes in what there is to hear; false when nothing more will come.
///
/// When a caller starts to speak, the second kept back before is heard in chunks of 32 ms along with new audio.
fn gather(jobs: &Receiver<Job>, slots: &StreamSlots, chunks: &mut Vec<Chunk>, waiting: &mut Vec<Back>) -> bool {
    let mut until = None;
    while chunks.len() < MOST_AT_ONCE {
        let next = match until {
            None if chunks.is_empty() => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            None => jobs.try_recv().map_err(|_| RecvTimeoutError::Timeout),
            Some(until) => jobs.recv_timeout(until - Instant::now().min(until)),
        };
        match next {
            Ok(job) => {
                if chunks.is_empty() && slots.open() >= GATHER_FROM {
                    until = Some(job.since + GATHER);
                }
                slots.waited(job.since.elapsed());
                chunks.push(job.chunk);
                waiting.push(job.back);
            }
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}
