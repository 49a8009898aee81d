use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clients::Clients;
use super::likeness::Galleries;
use super::listen::Reporter;
use super::site::OwnThresholds;
use super::stream::{Ears, Places};
use super::takes::Takes;
use super::token::TokenSigner;
use super::uploads::{Rooms, Seals};
use super::voices::Voices;
use super::webhooks::Courier;
use super::{SessionError, TokenError, jobs, meters};
use crate::config::Config;
use crate::engine::Engine;
use crate::store::Store;
use crate::twilio::{self, Recordings};
use crate::types::{CallSid, Timestamp};

/// Where the service reads the time; tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A call that has not been heard of for so long is over, whether or not the provider said so.
const FORGET_CALL_AFTER: Duration = Duration::from_mins(3);
/// How long an answer about readiness is good for: probes from outside must not cost a write each.
const READY_FOR: Duration = Duration::from_secs(1);

/// Answers calls: the one object behind every webhook. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    config: Config,
    store: Store,
    engine: Engine,
    recordings: Recordings,
    voices: Voices,
    signer: Option<TokenSigner>,
    takes: Arc<Takes>,
    clients: Clients,
    rooms: Rooms,
    seals: Seals,
    site: OwnThresholds,
    places: Arc<Places>,
    ears: Ears,
    reporter: Option<Reporter>,
    courier: Courier,
    galleries: Galleries,
    job_queued: Notify,
    tasks: TaskTracker,
    stop: CancellationToken,
    is_draining: AtomicBool,
    readiness: tokio::sync::Mutex<Option<(Instant, Result<(), NotReady>)>>,
    open_calls: Mutex<HashMap<CallSid, Instant>>,
    clock: Clock,
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

impl Service {
    /// Loads what the lines say and starts the background work; needs a running tokio.
    ///
    /// # Errors
    /// [`SessionError`] when a line's prompts are wrong or no API URL can be built.
    pub fn start(config: Config, store: Store, engine: Engine) -> Result<Self, SessionError> {
        Self::start_at(config, store, engine, Arc::new(Timestamp::now))
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub fn start_at(config: Config, store: Store, engine: Engine, clock: Clock) -> Result<Self, SessionError> {
        let places = Places::new(config.streams.max_open, Duration::from_millis(config.streams.max_lag_ms));
        let service = Self(Arc::new(Inner {
            ears: Ears::start(engine.clone(), Arc::clone(&places)).map_err(SessionError::NoThread)?,
            places,
            recordings: Recordings::new(&config.twilio, config.audio.max_bytes)?,
            voices: Voices::load(&config)?,
            reporter: Reporter::new(&config.listening)?,
            courier: Courier::new(config.server.listen.ip().is_loopback())?,
            signer: TokenSigner::new(&config.token),
            takes: Takes::new(config.models.sessions),
            clients: Clients::default(),
            galleries: Galleries::default(),
            rooms: Rooms::new(config.models.sessions),
            seals: Seals::new(&config.token, &store),
            site: OwnThresholds::default(),
            config,
            store,
            engine,
            job_queued: Notify::new(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            is_draining: AtomicBool::new(false),
            readiness: tokio::sync::Mutex::default(),
            open_calls: Mutex::default(),
            clock,
        }));
        service.tasks().spawn(jobs::work(service.clone()));
        // The numbering plans take 80 ms to load: better now than in the first call.
        service.tasks().spawn_blocking(twilio::warm);
        Ok(service)
    }

    /// Tells the world that no further calls should come here; open ones go on.
    pub fn drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }

    /// Lets the takes being judged finish, for at most `grace`, stops the background work and closes the store.
    pub async fn shutdown(&self, grace: Duration) {
        self.drain();
        self.0.stop.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(grace, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.0.tasks.len(), "stopped with work unfinished; the next start goes on with it");
        }
        self.0.store.close().await;
    }

    /// Whether calls should be sent here.
    ///
    /// # Errors
    /// [`NotReady`] says why not.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.0.is_draining.load(Ordering::Relaxed) {
            return Err(NotReady::Draining);
        }
        let mut last = self.0.readiness.lock().await;
        if let Some((at, answer)) = *last
            && at.elapsed() < READY_FOR
        {
            return answer;
        }
        let answer = self.0.store.ping().await.map_err(|error| NotReady::Store(error.code()));
        *last = Some((Instant::now(), answer));
        answer
    }

    /// What was configured.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Brings the gauges up to date that nobody sets in passing.
    pub fn gauge(&self) {
        let mut open = self.open_calls();
        open.retain(|_, heard| heard.elapsed() < FORGET_CALL_AFTER);
        metrics::gauge!(meters::OPEN_CALLS).set(open.len() as f64);
        metrics::gauge!(meters::OPEN_STREAMS).set(self.places().open() as f64);
    }

    pub(super) fn heard_of(&self, call: &CallSid, is_over: bool) {
        let mut open = self.open_calls();
        if is_over {
            open.remove(call);
        } else {
            open.insert(call.clone(), Instant::now());
        }
    }

    fn open_calls(&self) -> std::sync::MutexGuard<'_, HashMap<CallSid, Instant>> {
        self.0.open_calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn signed(&self, sub: Option<String>, call: &CallSid, verdict: &str) -> Result<String, TokenError> {
        self.0.signer.as_ref().ok_or(TokenError::NoSecret)?.sign(sub, call, verdict, self.now())
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(super) fn recordings(&self) -> &Recordings {
        &self.0.recordings
    }

    pub(super) fn voices(&self) -> &Voices {
        &self.0.voices
    }

    pub(super) fn takes(&self) -> &Arc<Takes> {
        &self.0.takes
    }

    pub(super) fn site(&self) -> &OwnThresholds {
        &self.0.site
    }

    pub(super) fn clients(&self) -> &Clients {
        &self.0.clients
    }

    pub(super) fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    pub(super) fn seals(&self) -> &Seals {
        &self.0.seals
    }

    pub(super) fn places(&self) -> &Arc<Places> {
        &self.0.places
    }

    pub(super) fn ears(&self) -> &Ears {
        &self.0.ears
    }

    pub(super) fn reporter(&self) -> Option<&Reporter> {
        self.0.reporter.as_ref()
    }

    pub(super) fn galleries(&self) -> &Galleries {
        &self.0.galleries
    }

    pub(super) fn courier(&self) -> &Courier {
        &self.0.courier
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    pub(super) async fn stopping(&self) {
        self.0.stop.cancelled().await;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.0.stop.is_cancelled()
    }

    pub(super) async fn job_queued(&self) {
        self.0.job_queued.notified().await;
    }

    pub(super) fn wake_jobs(&self) {
        self.0.job_queued.notify_one();
    }

    pub(super) fn wake_deletions(&self) {
        self.wake_jobs();
    }
}
