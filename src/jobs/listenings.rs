use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use tokio::task::JoinSet;

use super::Jobs;
use super::backoff::next_try;
use crate::engine::Showing;
use crate::judging::{Judge, meters};
use crate::store::{Ending, Listening, ListeningStatus, Orphans, Report, StoreError};
use crate::types::{ListeningId, Llr, Timestamp};
use crate::wire::{Likeness, ListeningView, NetSpeech, Scores};

/// Reports sent at once.
const AT_ONCE: u32 = 8;
/// A report that could not be delivered for so long is of no use to anybody.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How often the queue is looked at without being told, for tries that were put off and for orphans.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Whoever has not said for so long that they listen does not: many times as long as between two signs of life.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl Jobs {
    /// Ends a listening and has the client told. Whether it was not over before.
    pub(crate) async fn end_listening(
        &self,
        id: &ListeningId,
        ending: Ending,
        showing: Option<Value>,
    ) -> Result<bool, StoreError> {
        let now = self.0.cx.now();
        let outcome = match &ending {
            Ending::Verdict(verdict) => verdict.code(),
            Ending::Failed(_) => "failed",
            Ending::Expired => "expired",
        };
        let is_first = self.0.cx.store.end_listening(id, ending, showing, now, self.report_at(now)).await?;
        if is_first {
            metrics::counter!(meters::LISTENINGS, "outcome" => outcome).increment(1);
            tracing::info!(listening = %id, outcome, "a listening ended");
            self.0.report_queued.notify_one();
        }
        Ok(is_first)
    }

    /// The client's view of a listening.
    pub(crate) fn view(&self, listening: &Listening) -> ListeningView {
        view(&self.0.judge, self.0.cx.config.listening.show_scores, self.0.cx.now(), listening)
    }

    /// When the client is to be told of what ends now.
    fn report_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.reporter.as_ref().is_some().then_some(now)
    }
}

/// Tells clients how listenings ended, and ends those that nobody else would, until the jobs stops.
pub(super) async fn work(jobs: Jobs) {
    loop {
        if let Err(error) = end_orphans(&jobs).await {
            meters::store_failed("listenings without a listener could not be ended", &error);
        }
        match report_due(&jobs).await {
            Ok(tried) if tried > 0 && !jobs.0.cx.tasks.is_stopping() => continue,
            Ok(_) => {}
            Err(error) => meters::store_failed("the reports' queue does not answer", &error),
        }
        tokio::select! {
            () = jobs.0.cx.tasks.stopping() => return,
            () = jobs.0.report_queued.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn end_orphans(jobs: &Jobs) -> Result<(), StoreError> {
    let now = jobs.0.cx.now();
    let alive_since = now.saturating_sub(LOST_AFTER).unwrap_or(now);
    let Orphans { expired, lost } = jobs.0.cx.store.end_orphans(alive_since, now, jobs.report_at(now)).await?;
    metrics::counter!(meters::LISTENINGS, "outcome" => "expired").increment(expired);
    metrics::counter!(meters::LISTENINGS, "outcome" => "failed").increment(lost);
    if lost > 0 {
        tracing::warn!(lost, "listenings were lost with the process that listened");
    }
    Ok(())
}

/// Tries what is due now; says how many it tried.
async fn report_due(jobs: &Jobs) -> Result<usize, StoreError> {
    if jobs.0.reporter.as_ref().is_none() {
        return Ok(0);
    }
    let due = jobs.0.cx.store.due_reports(jobs.0.cx.now(), AT_ONCE).await?;
    let count = due.len();
    let mut tries = JoinSet::new();
    for report in due {
        tries.spawn(tell(jobs.clone(), report));
    }
    while let Some(outcome) = tries.join_next().await {
        outcome.unwrap_or(Err(StoreError::Closed))?;
    }
    Ok(count)
}

async fn tell(jobs: Jobs, report: Report) -> Result<(), StoreError> {
    let Some(reporter) = jobs.0.reporter.as_ref() else { return Ok(()) };
    let id = &report.listening.id;
    let outcome = reporter.tell(&jobs.view(&report.listening), jobs.0.cx.now()).await;
    let now = jobs.0.cx.now();
    let code = match outcome {
        Ok(()) => {
            metrics::counter!(meters::REPORTS, "result" => "ok").increment(1);
            return jobs.0.cx.store.report_done(id, now).await;
        }
        Err(code) => code,
    };
    let is_old = report.listening.finished_at.is_some_and(|at| now.duration_since(at) >= GIVE_UP_AFTER);
    metrics::counter!(meters::REPORTS, "result" => if is_old { "given_up" } else { "failed" }).increment(1);
    tracing::warn!(listening = %id, code, tries = report.tries + 1, is_old, "a report could not be delivered");
    if is_old {
        return jobs.0.cx.store.report_given_up(&report, now).await;
    }
    jobs.0.cx.store.report_failed(id, next_try(report.tries, now)).await
}

/// What the client is told of a listening.
fn view(judge: &Judge, shows_scores: bool, now: Timestamp, listening: &Listening) -> ListeningView {
    let is_late = listening.status == ListeningStatus::Waiting && listening.expires_at <= now;
    let showing: Showing =
        listening.showing.clone().and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
    let threshold = judge.engine().threshold(listening.strictness);
    let Showing { llr, cosine, .. } = showing;
    let is_going_on = listening.status == ListeningStatus::Listening;
    ListeningView {
        id: listening.id.clone(),
        status: if is_late { ListeningStatus::Expired } else { listening.status }.code(),
        decision: listening.verdict.map(|verdict| verdict.code()),
        reason: listening.reason.clone(),
        likeness: llr.filter(|_| is_going_on).map(|llr| likeness(llr, threshold)),
        net_speech_ms: NetSpeech { customer: showing.customer_ms, agent: showing.agent_ms },
        scores: shows_scores.then_some(Scores { llr, cosine, threshold: Some(threshold) }),
        call: listening.call.clone(),
        reference: listening.reference.clone(),
        created_at: listening.made_at,
        expires_at: listening.expires_at,
        started_at: listening.opened_at,
        finished_at: listening.finished_at,
    }
}

fn likeness(llr: Llr, threshold: Llr) -> Likeness {
    if llr.0 >= threshold.0 + crate::engine::CLEARLY {
        Likeness::High
    } else if llr >= threshold {
        Likeness::Medium
    } else {
        Likeness::Low
    }
}
