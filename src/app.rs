//! The server as a whole: builds the rooms, starts and drains their work, and says when it is ready.
//!
//! `http` serves it; `cli` opens it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::{Mutex, Notify};

use crate::calls::{CallError, Calls, StreamSlots};
use crate::clients::Clients;
use crate::config::Config;
use crate::engine::Engine;
use crate::jobs::Jobs;
use crate::judging::{Clock, Context, Judge};
use crate::media::Media;
use crate::store::Store;
use crate::twilio::{self, RecordingError, Recordings};
use crate::types::Timestamp;

/// How long an answer about readiness is good for: probes from outside must not cost a write each.
const READY_FOR: Duration = Duration::from_secs(1);

/// The rooms of one server, and whether calls should come to it. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Phone calls.
    pub calls: Calls,
    /// Sockets.
    pub media: Media,
    /// Applications.
    pub clients: Clients,
    cx: Context,
    readiness: Arc<Readiness>,
}

#[derive(Default)]
struct Readiness {
    is_draining: AtomicBool,
    last: Mutex<Option<(Instant, Result<(), NotReady>)>>,
}

/// Why no calls should be sent here.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotReady {
    /// The server was told to stop.
    #[error("shutting down")]
    Draining,
    /// The database cannot be written; the code says why.
    #[error("{0}")]
    Store(&'static str),
}

/// Why a server cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A line's prompts are wrong.
    #[error(transparent)]
    Calls(#[from] CallError),
    /// The provider's API is misconfigured.
    #[error(transparent)]
    Recordings(#[from] RecordingError),
    /// The system gives no threads to compute on.
    #[error("no threads to compute on: {0}")]
    NoThread(#[from] std::io::Error),
    /// Events cannot be sent.
    #[error("events cannot be sent: {0}")]
    Sender(#[from] reqwest::Error),
}

impl App {
    /// Builds the rooms and starts the background work; needs a running tokio.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: Config, store: Store, engine: Engine) -> Result<Self, StartError> {
        Self::start_at(config, store, engine, Arc::new(Timestamp::now))
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// As [`App::start`].
    pub fn start_at(config: Config, store: Store, engine: Engine, clock: Clock) -> Result<Self, StartError> {
        let cx = Context::new(config, store, clock);
        let judge = Judge::start(cx.clone(), engine)?;
        let recordings = Recordings::new(&cx.config.twilio, cx.config.audio.max_bytes)?;
        let max_lag = Duration::from_millis(cx.config.streams.max_lag_ms);
        let slots = StreamSlots::new(cx.config.streams.max_open, max_lag);
        let job_queued = Arc::new(Notify::new());
        let jobs = Jobs::new(cx.clone(), judge.clone(), recordings.clone(), Arc::clone(&job_queued))?;
        let calls = Calls::new(cx.clone(), judge.clone(), recordings, Arc::clone(&slots), job_queued)?;
        let media = Media::start(cx.clone(), judge.clone(), calls.clone(), jobs.clone(), slots)?;
        let clients = Clients::new(&cx, &judge, &calls, &jobs);
        jobs.start();
        // The numbering plans take 80 ms to load: better now than in the first call.
        cx.tasks.spawn(async move { judge.workers().compare(|_| twilio::warm()).await });
        Ok(Self { calls, media, clients, cx, readiness: Arc::default() })
    }

    /// The operator's configuration.
    pub fn config(&self) -> &Config {
        &self.cx.config
    }

    /// Reports that no further calls should come here; open ones go on.
    pub fn drain(&self) {
        self.readiness.is_draining.store(true, Ordering::Relaxed);
    }

    /// Lets the takes being judged finish, for at most `grace`, stops the background work and closes the store.
    pub async fn shutdown(&self, grace: Duration) {
        self.drain();
        let tasks = &self.cx.tasks;
        if tokio::time::timeout(grace, tasks.finish()).await.is_err() {
            tracing::warn!(tasks = tasks.open(), "stopped with work unfinished; the next start goes on with it");
        }
        self.cx.store.close().await;
    }

    /// Whether calls should be sent here.
    ///
    /// # Errors
    /// [`NotReady`] says why not.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.readiness.is_draining.load(Ordering::Relaxed) {
            return Err(NotReady::Draining);
        }
        let mut last = self.readiness.last.lock().await;
        if let Some((at, answer)) = *last
            && at.elapsed() < READY_FOR
        {
            return answer;
        }
        let answer = self.cx.store.ping().await.map_err(|error| NotReady::Store(error.code()));
        *last = Some((Instant::now(), answer));
        answer
    }
}
