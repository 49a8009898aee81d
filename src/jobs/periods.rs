//! Work that comes by the clock: a table of periods.

use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Jobs, listenings};
use crate::judging::meters;

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work of one kind, and how often it comes.
struct Period {
    every: Duration,
    run: fn(Jobs) -> Running,
}

/// A caller more or less moves the thresholds by hundredths; a listening without a heartbeat is noticed within seconds.
const PERIODS: [Period; 3] = [
    Period { every: Duration::from_hours(1), run: |jobs| Box::pin(purge(jobs)) },
    Period { every: Duration::from_secs(5), run: |jobs| Box::pin(listenings::end_orphans(jobs)) },
    Period { every: Duration::from_mins(10), run: |jobs| Box::pin(renew_own_thresholds(jobs)) },
];

/// The periods of one process, and when each comes next.
pub(super) struct Periods([Turning; 3]);

struct Turning {
    period: Period,
    due: Instant,
    running: Option<JoinHandle<()>>,
}

impl Periods {
    /// All periods are due at the start.
    pub(super) fn new() -> Self {
        Self(PERIODS.map(|period| Turning { period, due: Instant::now(), running: None }))
    }

    /// Starts what is due.
    pub(super) fn look(&mut self, jobs: &Jobs) {
        for turning in &mut self.0 {
            turning.look(jobs);
        }
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.iter().map(|turning| turning.due).min()
    }
}

impl Turning {
    /// Starts it if it is due; one that has not ended since the last time is left to end.
    fn look(&mut self, jobs: &Jobs) {
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + self.period.every;
        if self.running.as_ref().is_none_or(JoinHandle::is_finished) {
            self.running = Some(jobs.0.cx.tasks.spawn((self.period.run)(jobs.clone())));
        }
    }
}

/// Deletes rows past their retention.
async fn purge(jobs: Jobs) {
    match jobs.0.cx.store.purge(jobs.0.cx.now()).await {
        Ok(gone) => tracing::debug!(calls = gone.calls, tallies = gone.tallies, codes = gone.codes, "purged"),
        Err(error) => meters::store_failed("rows past their retention could not be deleted", &error),
    }
}

/// Renews the thresholds of the site by its callers.
async fn renew_own_thresholds(jobs: Jobs) {
    if let Err(fault) = jobs.0.judge.renew_own_thresholds().await {
        tracing::error!(code = fault.code(), "the callers could not be looked at: {fault}");
    }
}
