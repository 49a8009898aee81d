use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::session::backoff::next_try;
use crate::session::meters;
use crate::session::service::Service;
use crate::store::{Ending, Orphans, Report, StoreError};
use crate::types::{ListeningId, Timestamp};

/// Reports sent at once.
const AT_ONCE: u32 = 8;
/// A report that could not be delivered for so long is of no use to anybody.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How often the queue is looked at without being told, for tries that were put off and for orphans.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Whoever has not said for so long that they listen does not: many times as long as between two signs of life.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl Service {
    /// Ends a listening and has the client told. Whether it was not over before.
    pub(super) async fn end_listening(
        &self,
        id: &ListeningId,
        ending: Ending,
        showing: Option<Value>,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let outcome = match &ending {
            Ending::Verdict(verdict) => verdict.code(),
            Ending::Failed(_) => "failed",
            Ending::Expired => "expired",
        };
        let is_first = self.store().end_listening(id, ending, showing, now, self.report_at(now)).await?;
        if is_first {
            metrics::counter!(meters::LISTENINGS, "outcome" => outcome).increment(1);
            tracing::info!(listening = %id, outcome, "a listening ended");
            self.wake_reports();
        }
        Ok(is_first)
    }

    /// When the client is to be told of what ends now.
    fn report_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.reporter().is_some().then_some(now)
    }
}

/// Tells clients how listenings ended, and ends those that nobody else would, until the service stops.
pub(in crate::session) async fn work(service: Service) {
    loop {
        if let Err(error) = end_orphans(&service).await {
            meters::store_failed("listenings without a listener could not be ended", &error);
        }
        match report_due(&service).await {
            Ok(tried) if tried > 0 && !service.is_stopping() => continue,
            Ok(_) => {}
            Err(error) => meters::store_failed("the reports' queue does not answer", &error),
        }
        tokio::select! {
            () = service.stopping() => return,
            () = service.report_queued() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn end_orphans(service: &Service) -> Result<(), StoreError> {
    let now = service.now();
    let alive_since = now.saturating_sub(LOST_AFTER).unwrap_or(now);
    let Orphans { expired, lost } = service.store().end_orphans(alive_since, now, service.report_at(now)).await?;
    metrics::counter!(meters::LISTENINGS, "outcome" => "expired").increment(expired);
    metrics::counter!(meters::LISTENINGS, "outcome" => "failed").increment(lost);
    if lost > 0 {
        tracing::warn!(lost, "listenings were lost with the process that listened");
    }
    Ok(())
}

/// Tries what is due now; says how many it tried.
async fn report_due(service: &Service) -> Result<usize, StoreError> {
    if service.reporter().is_none() {
        return Ok(0);
    }
    let due = service.store().due_reports(service.now(), AT_ONCE).await?;
    let count = due.len();
    let mut tries = JoinSet::new();
    for report in due {
        tries.spawn(tell(service.clone(), report));
    }
    while let Some(outcome) = tries.join_next().await {
        outcome.unwrap_or(Err(StoreError::Closed))?;
    }
    Ok(count)
}

async fn tell(service: Service, report: Report) -> Result<(), StoreError> {
    let Some(reporter) = service.reporter() else { return Ok(()) };
    let id = &report.listening.id;
    let outcome = reporter.tell(&service.view(&report.listening), service.now()).await;
    let now = service.now();
    let code = match outcome {
        Ok(()) => {
            metrics::counter!(meters::REPORTS, "result" => "ok").increment(1);
            return service.store().report_done(id, now).await;
        }
        Err(code) => code,
    };
    let is_old = report.listening.finished_at.is_some_and(|at| now.duration_since(at) >= GIVE_UP_AFTER);
    metrics::counter!(meters::REPORTS, "result" => if is_old { "given_up" } else { "failed" }).increment(1);
    tracing::warn!(listening = %id, code, tries = report.tries + 1, is_old, "a report could not be delivered");
    if is_old {
        return service.store().report_given_up(&report, now).await;
    }
    service.store().report_failed(id, next_try(report.tries, now)).await
}
