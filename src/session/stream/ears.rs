use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::mpsc as channel;

use super::place::Places;
use crate::engine::{Chunk, Engine};
use crate::session::meters;

/// Chunks heard in one inference; beyond it nothing is gained (`cargo bench --bench stages`, "hear").
const MOST_AT_ONCE: usize = 64;

/// How long a chunk waits for others: an eighth of the time between two chunks of a stream, which nobody notices.
///
/// A chunk costs 104 µs alone and 22 µs among 32, so that waiting pays once there are several streams.
const GATHER: Duration = Duration::from_millis(4);

/// So many streams at least are open when waiting begins to pay.
const GATHER_FROM: usize = 8;

/// Hears the chunks of all streams, together, on a thread of its own.
///
/// A track of a stream has at most one chunk here, so the queue is bounded by the streams.
#[derive(Clone)]
pub(in crate::session) struct Ears(Sender<Job>);

/// One stream's way to the [`Ears`] and back.
pub(in crate::session) struct Ear {
    ears: Ears,
    back: channel::Sender<Option<Chunk>>,
    heard: channel::Receiver<Option<Chunk>>,
}

struct Job {
    chunk: Chunk,
    since: Instant,
    back: channel::Sender<Option<Chunk>>,
}

impl Ears {
    /// Starts the thread; it ends when the last handle is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(in crate::session) fn start(engine: Engine, places: Arc<Places>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        std::thread::Builder::new().name("ears".to_owned()).spawn(move || work(&engine, &places, &jobs))?;
        Ok(Self(queue))
    }

    /// A way here for one stream.
    pub(in crate::session) fn ear(&self) -> Ear {
        let (back, heard) = channel::channel(1);
        Ear { ears: self.clone(), back, heard }
    }
}

impl Ear {
    /// Sends a chunk to be heard; the one before must have come back.
    pub(in crate::session) fn show(&self, chunk: Chunk) {
        // Where nobody listens any more nothing comes back, and the stream ends at its deadline.
        let _ = self.ears.0.send(Job { chunk, since: Instant::now(), back: self.back.clone() });
    }

    /// The chunk that was sent, once it was heard; `None` when the model failed.
    pub(in crate::session) async fn heard(&mut self) -> Option<Chunk> {
        self.heard.recv().await.flatten()
    }
}

fn work(engine: &Engine, places: &Places, jobs: &Receiver<Job>) {
    let (mut chunks, mut waiting) = (Vec::with_capacity(MOST_AT_ONCE), Vec::with_capacity(MOST_AT_ONCE));
    while let Ok(first) = jobs.recv() {
        gather(first, jobs, places.open(), |job| {
            places.waited(job.since.elapsed());
            chunks.push(job.chunk);
            waiting.push(job.back);
            chunks.len() < MOST_AT_ONCE
        });
        let outcome = catch_unwind(AssertUnwindSafe(|| engine.hear(&mut chunks)));
        let is_heard = match outcome {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(code = error.code(), "the speech model failed: {error}");
                false
            }
            Err(_) => {
                tracing::error!("the speech model failed badly");
                false
            }
        };
        metrics::counter!(meters::STREAM_CHUNKS).increment(chunks.len() as u64);
        metrics::counter!(meters::STREAM_BATCHES).increment(1);
        for (chunk, back) in chunks.drain(..).zip(waiting.drain(..)) {
            // A stream that has ended meanwhile does not miss it.
            let _ = back.try_send(is_heard.then_some(chunk));
        }
    }
}

/// Takes the first job and those that come with it, as long as `take` wants more.
fn gather(first: Job, jobs: &Receiver<Job>, open: usize, mut take: impl FnMut(Job) -> bool) {
    let until = first.since + if open >= GATHER_FROM { GATHER } else { Duration::ZERO };
    let mut wants_more = take(first);
    while wants_more {
        let rest = until.saturating_duration_since(Instant::now());
        let next = if rest.is_zero() {
            jobs.try_recv().map_err(|_| RecvTimeoutError::Timeout)
        } else {
            jobs.recv_timeout(rest)
        };
        match next {
            Ok(job) => wants_more = take(job),
            Err(_) => return,
        }
    }
}
