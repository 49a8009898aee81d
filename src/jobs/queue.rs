//! The worker of the durable queue: it claims jobs of each kind while places are free, and writes down how each ended.
//!
//! A job runs as a task of its own and ends by itself, so a receiver that does not answer costs a place of its kind and
//! nothing else: the loop claims on while places are free.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::backoff::{Next, Tried, next_try};
use super::{Jobs, deletions, deliveries, report};
use crate::judging::meters;
use crate::store::{Job, JobKind, Queue, StoreError, Work};
use crate::types::Timestamp;

/// How jobs of one kind are worked.
struct Rule {
    kind: JobKind,
    /// Jobs at once.
    at_once: usize,
    /// After it another process may try: three times as long as one request may take.
    lease: SignedDuration,
    /// After it a failed job is of no use to anybody; none where it must be done however long it takes.
    give_up_after: Option<SignedDuration>,
}

/// A deletion keeps up with the calls at 8 at once and stays below the provider's rate limits; receivers are many, so
/// deliveries have more. Requests end after 3, 5 and 10 s.
static RULES: [Rule; 3] = [
    Rule { kind: JobKind::Recording, at_once: 8, lease: SignedDuration::from_secs(10), give_up_after: None },
    Rule { kind: JobKind::Report, at_once: 8, lease: SignedDuration::from_secs(15), give_up_after: Some(A_DAY) },
    Rule { kind: JobKind::Delivery, at_once: 16, lease: SignedDuration::from_secs(30), give_up_after: Some(A_DAY) },
];

/// News of yesterday.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Claims jobs while there are places for them.
pub(super) struct Worker {
    jobs: Jobs,
    queue: Queue,
    places: Vec<Arc<Semaphore>>,
}

impl Worker {
    pub(super) fn new(jobs: Jobs) -> Self {
        let queue = jobs.0.cx.store.queue();
        Self { jobs, queue, places: RULES.iter().map(|rule| Arc::new(Semaphore::new(rule.at_once))).collect() }
    }

    /// Starts jobs that are due; whether there may be more that can be started at once.
    pub(super) async fn claim_due(&self) -> bool {
        if self.jobs.0.cx.tasks.is_stopping() {
            return false;
        }
        match self.try_claim().await {
            Ok(count) => count > 0,
            Err(error) => {
                meters::store_failed("the queue does not answer", &error);
                false
            }
        }
    }

    async fn try_claim(&self) -> Result<usize, StoreError> {
        let mut started = 0;
        let due = self.queue.due(self.jobs.0.cx.now()).await?;
        for (rule, places) in RULES.iter().zip(&self.places) {
            let free = places.available_permits();
            // Without an address reports wait, and end with their listening.
            let is_worked = rule.kind != JobKind::Report || self.jobs.0.reporter.as_ref().is_some();
            if free == 0 || !is_worked || !due.contains(&rule.kind) {
                continue;
            }
            let now = self.jobs.0.cx.now();
            let lease_until = now.saturating_add(rule.lease).unwrap_or(Timestamp::MAX);
            for job in self.queue.claim(rule.kind, now, lease_until, free as u32).await? {
                // Only this loop takes places, so there is one.
                let Ok(place) = Arc::clone(places).acquire_owned().await else { continue };
                let (jobs, queue) = (self.jobs.clone(), self.queue.clone());
                self.jobs.0.cx.tasks.spawn(run(jobs, queue, rule, job, place));
                started += 1;
            }
        }
        Ok(started)
    }
}

/// Tries one job and writes down what came of it.
async fn run(jobs: Jobs, queue: Queue, rule: &'static Rule, job: Job, place: OwnedSemaphorePermit) {
    if let Err(error) = try_once(&jobs, &queue, rule, &job).await {
        // The lease ends, and the job is claimed again.
        meters::store_failed("the end of a job is not kept", &error);
    }
    drop(place);
    jobs.wake();
}

async fn try_once(jobs: &Jobs, queue: &Queue, rule: &Rule, job: &Job) -> Result<(), StoreError> {
    let tried = match &job.work {
        Work::Recording(recording) => Some(deletions::delete(jobs, job, recording).await),
        Work::Report { body, .. } => report::report(jobs, body).await,
        Work::Delivery { webhook, body } => deliveries::deliver(jobs, webhook, body).await?,
    };
    // It went while it was claimed, or its address did.
    let Some(tried) = tried else { return Ok(()) };
    let now = jobs.0.cx.now();
    let next = after(rule, job, &tried, now);
    match &job.work {
        Work::Recording(_) => {}
        Work::Report { listening, .. } => report::note(listening, job, &tried, next),
        Work::Delivery { webhook, .. } => deliveries::note(webhook, job, &tried, next),
    }
    match next {
        Next::Done => queue.done(job, &tried.status, now).await,
        Next::Again(at) => queue.failed(job, &tried.status, at).await,
        Next::GivenUp => queue.give_up(job, &tried.status, now).await,
    }
}

fn after(rule: &Rule, job: &Job, tried: &Tried, now: Timestamp) -> Next {
    let age = now.duration_since(job.made_at);
    if tried.is_done {
        Next::Done
    } else if rule.give_up_after.is_some_and(|most| age >= most) {
        Next::GivenUp
    } else {
        Next::Again(next_try(job.tries, now))
    }
}
