//! What runs by the clock: one loop that works the durable queue, and a table of periods; started once, by the service.
//!
//! A job runs as a task of its own and ends by itself, so a receiver that does not answer costs a place of its kind and
//! nothing else: the loop claims on while places are free.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::backoff::{Next, Tried, next_try};
use super::service::Service;
use super::{deletions, listen, meters, site, webhooks};
use crate::store::{Job, JobKind, Queue, StoreError, Work};
use crate::types::Timestamp;

/// How often the queue is looked at without being told: jobs come from calls, from requests and from other processes.
/// An empty look costs one step in an index for each kind.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Something that is done now and then.
struct Period {
    every: Duration,
    run: fn(Service) -> Running,
}

/// A caller more or less moves the thresholds by hundredths; a listening without a heartbeat is noticed within seconds.
const PERIODS: [Period; 3] = [
    Period { every: Duration::from_hours(1), run: |service| Box::pin(purge(service)) },
    Period { every: Duration::from_secs(5), run: |service| Box::pin(listen::end_orphans(service)) },
    Period { every: Duration::from_mins(10), run: |service| Box::pin(site::look(service)) },
];

/// Works the queue and the periods until the service stops.
pub(super) async fn work(service: Service) {
    if let Some(body) = service.report_body()
        && let Err(error) = service.store().write_report_bodies(body).await
    {
        meters::store_failed("reports of an earlier version could not be written", &error);
    }
    let worker = Worker::new(service.clone());
    let mut periods = PERIODS.map(|period| Turning { period, due: Instant::now(), running: None });
    loop {
        for period in &mut periods {
            period.look(&service);
        }
        if worker.claim_due().await {
            continue;
        }
        let next_look = Instant::now() + LOOK_EVERY;
        let wake_at = periods.iter().map(|period| period.due).fold(next_look, Instant::min);
        tokio::select! {
            () = service.stopping() => return,
            () = service.job_queued() => {}
            () = sleep_until(wake_at) => {}
        }
    }
}

/// A period and when it comes next.
struct Turning {
    period: Period,
    due: Instant,
    running: Option<JoinHandle<()>>,
}

impl Turning {
    /// Starts it if it is due; one that has not ended since the last time is left to end.
    fn look(&mut self, service: &Service) {
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + self.period.every;
        if self.running.as_ref().is_none_or(JoinHandle::is_finished) {
            self.running = Some(service.tasks().spawn((self.period.run)(service.clone())));
        }
    }
}

/// Claims jobs while there are places for them.
struct Worker {
    service: Service,
    queue: Queue,
    places: Vec<Arc<Semaphore>>,
}

impl Worker {
    fn new(service: Service) -> Self {
        let queue = service.store().queue();
        Self { service, queue, places: RULES.iter().map(|rule| Arc::new(Semaphore::new(rule.at_once))).collect() }
    }

    /// Starts jobs that are due; whether there may be more that can be started at once.
    async fn claim_due(&self) -> bool {
        if self.service.is_stopping() {
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
        let due = self.queue.due(self.service.now()).await?;
        for (rule, places) in RULES.iter().zip(&self.places) {
            let free = places.available_permits();
            // Without an address reports wait, and end with their listening.
            let is_worked = rule.kind != JobKind::Report || self.service.reporter().is_some();
            if free == 0 || !is_worked || !due.contains(&rule.kind) {
                continue;
            }
            let now = self.service.now();
            let lease_until = now.saturating_add(rule.lease).unwrap_or(Timestamp::MAX);
            for job in self.queue.claim(rule.kind, now, lease_until, free as u32).await? {
                // Only this loop takes places, so there is one.
                let Ok(place) = Arc::clone(places).acquire_owned().await else { continue };
                let (service, queue) = (self.service.clone(), self.queue.clone());
                self.service.tasks().spawn(run(service, queue, rule, job, place));
                started += 1;
            }
        }
        Ok(started)
    }
}

/// Tries one job and writes down what came of it.
async fn run(service: Service, queue: Queue, rule: &'static Rule, job: Job, place: OwnedSemaphorePermit) {
    if let Err(error) = try_once(&service, &queue, rule, &job).await {
        // The lease ends, and the job is claimed again.
        meters::store_failed("the end of a job is not kept", &error);
    }
    drop(place);
    service.wake_jobs();
}

async fn try_once(service: &Service, queue: &Queue, rule: &Rule, job: &Job) -> Result<(), StoreError> {
    let tried = match &job.work {
        Work::Recording(recording) => Some(deletions::delete(service, job, recording).await),
        Work::Report { body, .. } => listen::report(service, body).await,
        Work::Delivery { webhook, body } => webhooks::deliver(service, webhook, body).await?,
    };
    // It went while it was claimed, or its address did.
    let Some(tried) = tried else { return Ok(()) };
    let now = service.now();
    let next = after(rule, job, &tried, now);
    match &job.work {
        Work::Recording(_) => {}
        Work::Report { listening, .. } => listen::note(listening, job, &tried, next),
        Work::Delivery { webhook, .. } => webhooks::note(webhook, job, &tried, next),
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

/// Deletes what the retention no longer covers.
async fn purge(service: Service) {
    match service.store().purge(service.now()).await {
        Ok(gone) => tracing::debug!(calls = gone.calls, tallies = gone.tallies, codes = gone.codes, "purged"),
        Err(error) => meters::store_failed("what is past its retention could not be deleted", &error),
    }
}
