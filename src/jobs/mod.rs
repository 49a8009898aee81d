//! Work that runs by the clock: recordings to delete, events to deliver, listenings to end, thresholds to renew.
//!
//! `app` starts it; `media` and `clients` end listenings and wake a queue through [`Jobs`].

mod address;
mod backoff;
mod courier;
mod deletions;
mod deliveries;
mod listenings;
mod report;
mod sign;

pub use courier::UrlError;

pub(crate) use courier::Courier;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::judging::{Context, Judge, meters};
use crate::twilio::Recordings;
use report::Reporter;

/// How often rows past their retention are deleted.
const PURGE_EVERY: Duration = Duration::from_hours(1);

/// How often the callers are looked at again. A caller more or less moves the thresholds by hundredths.
const RENEW_EVERY: Duration = Duration::from_mins(10);

/// The work of one server. Cheap to clone.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    cx: Context,
    judge: Judge,
    recordings: Recordings,
    reporter: Option<Reporter>,
    courier: Courier,
    deletion_queued: Arc<Notify>,
    report_queued: Notify,
}

impl Jobs {
    /// Prepares the work; nothing runs before [`Jobs::start`].
    ///
    /// # Errors
    /// When the system's root certificates cannot be read.
    pub fn new(
        cx: Context,
        judge: Judge,
        recordings: Recordings,
        deletion_queued: Arc<Notify>,
    ) -> reqwest::Result<Self> {
        Ok(Self(Arc::new(Inner {
            reporter: Reporter::new(&cx.config.listening)?,
            courier: Courier::new(cx.config.server.listen.ip().is_loopback())?,
            report_queued: Notify::new(),
            recordings,
            deletion_queued,
            judge,
            cx,
        })))
    }

    /// Starts the loops; they end when the server stops.
    pub fn start(&self) {
        let tasks = &self.0.cx.tasks;
        tasks.spawn(deletions::work(self.clone()));
        tasks.spawn(purge(self.clone()));
        tasks.spawn(renew_own_thresholds(self.clone()));
        // Also where no listening is asked for any more: those begun before are still ended, and told.
        tasks.spawn(listenings::work(self.clone()));
        tasks.spawn(deliveries::work(self.clone()));
    }

    /// Has the queue of recordings to delete looked at now.
    pub(crate) fn wake_deletions(&self) {
        self.0.deletion_queued.notify_one();
    }

    /// The sender of events, and fetcher of files by URL.
    pub(crate) fn sender(&self) -> &Courier {
        &self.0.courier
    }
}

/// Deletes rows past their retention, now and then every hour.
async fn purge(jobs: Jobs) {
    let cx = &jobs.0.cx;
    loop {
        match cx.store.purge(cx.now()).await {
            Ok(gone) => tracing::debug!(calls = gone.calls, tallies = gone.tallies, codes = gone.codes, "purged"),
            Err(error) => meters::store_failed("rows past their retention could not be deleted", &error),
        }
        tokio::select! {
            () = cx.tasks.stopping() => return,
            () = tokio::time::sleep(PURGE_EVERY) => {}
        }
    }
}

/// Renews the site's own thresholds now and then.
async fn renew_own_thresholds(jobs: Jobs) {
    let mut due = Instant::now();
    loop {
        tokio::select! {
            () = jobs.0.cx.tasks.stopping() => return,
            () = sleep_until(due) => {}
        }
        if let Err(fault) = jobs.0.judge.renew_own_thresholds().await {
            tracing::error!(code = fault.code(), "the callers could not be looked at: {fault}");
        }
        due = Instant::now() + RENEW_EVERY;
    }
}
