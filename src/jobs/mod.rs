//! Work that runs by the clock: one loop over one durable queue, and a table of periods.
//!
//! The queue holds recordings to delete, reports and deliveries, each job leased to one process at a time. `app`
//! starts the loop; `media` and `clients` end listenings and wake the queue through [`Jobs`].

mod address;
mod backoff;
mod courier;
mod deletions;
mod deliveries;
mod listenings;
mod periods;
mod queue;
mod report;
mod sender;
mod sign;

pub use courier::UrlError;

pub(crate) use courier::Courier;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::judging::{Context, Judge, meters};
use crate::twilio::Recordings;
use periods::Periods;
use queue::Worker;
use report::Reporter;

/// How often the queue is looked at without being told: jobs come from calls, from requests and from other processes.
/// An empty look costs one step in an index for each kind.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The work of one server. Cheap to clone.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    cx: Context,
    judge: Judge,
    recordings: Recordings,
    reporter: Option<Reporter>,
    courier: Courier,
    queued: Arc<Notify>,
}

impl Jobs {
    /// Prepares the work; nothing runs before [`Jobs::start`]. `queued` wakes the loop.
    ///
    /// # Errors
    /// When the system's root certificates cannot be read.
    pub fn new(cx: Context, judge: Judge, recordings: Recordings, queued: Arc<Notify>) -> reqwest::Result<Self> {
        Ok(Self(Arc::new(Inner {
            reporter: Reporter::new(&cx.config.listening)?,
            courier: Courier::new(cx.config.server.listen.ip().is_loopback())?,
            recordings,
            queued,
            judge,
            cx,
        })))
    }

    /// Starts the loop; it ends when the server stops.
    pub fn start(&self) {
        self.0.cx.tasks.spawn(work(self.clone()));
    }

    /// Has the queue looked at now.
    pub(crate) fn wake(&self) {
        self.0.queued.notify_one();
    }

    /// The sender of events, and fetcher of files by URL.
    pub(crate) fn sender(&self) -> &Courier {
        &self.0.courier
    }
}

/// Works the queue and the periods until the server stops.
async fn work(jobs: Jobs) {
    let cx = &jobs.0.cx;
    if let Some(body) = jobs.report_body()
        && let Err(error) = cx.store.write_report_bodies(body).await
    {
        meters::store_failed("reports of an earlier version could not be written", &error);
    }
    let worker = Worker::new(jobs.clone());
    let mut periods = Periods::new();
    loop {
        periods.look(&jobs);
        if worker.claim_due().await {
            continue;
        }
        let next_look = Instant::now() + LOOK_EVERY;
        tokio::select! {
            () = cx.tasks.stopping() => return,
            () = jobs.0.queued.notified() => {}
            () = sleep_until(periods.next_due().unwrap_or(next_look).min(next_look)) => {}
        }
    }
}
