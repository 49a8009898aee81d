//! How listenings end: by their stream, by their client, or because nothing else ended them.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;

use super::{Jobs, report};
use crate::engine::Showing;
use crate::judging::{Judge, meters};
use crate::store::{Ending, Listening, ListeningStatus, Orphans, ReportBody, StoreError};
use crate::types::{ListeningId, Llr, Timestamp};
use crate::wire::{Likeness, ListeningView, NetSpeech, Scores};

/// A listening without a heartbeat for this long is lost. Heartbeats come every 2 s.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl Jobs {
    /// Ends a listening and has the client told. Whether it was not over before.
    pub(crate) async fn end_listening(
        &self,
        id: &ListeningId,
        ending: Ending,
        showing: Option<Value>,
    ) -> Result<bool, StoreError> {
        let outcome = match &ending {
            Ending::Verdict(verdict) => verdict.code(),
            Ending::Failed(_) => "failed",
            Ending::Expired => "expired",
        };
        let is_first = self.0.cx.store.end_listening(id, ending, showing, self.0.cx.now(), self.report_body()).await?;
        if is_first {
            metrics::counter!(meters::LISTENINGS, "outcome" => outcome).increment(1);
            tracing::info!(listening = %id, outcome, "a listening ended");
            self.wake();
        }
        Ok(is_first)
    }

    /// The client's view of a listening.
    pub(crate) fn view(&self, listening: &Listening) -> ListeningView {
        view(&self.0.judge, self.0.cx.config.listening.show_scores, self.0.cx.now(), listening)
    }

    /// Makes the report of a listening that ends; none where the configuration names no address.
    pub(super) fn report_body(&self) -> Option<ReportBody> {
        self.0.reporter.as_ref()?;
        let jobs = self.clone();
        Some(Arc::new(move |listening| report::body(&jobs.view(listening))))
    }
}

/// Ends listenings whose stream never came, and those whose process is gone.
pub(super) async fn end_orphans(jobs: Jobs) {
    let now = jobs.0.cx.now();
    let alive_since = now.saturating_sub(LOST_AFTER).unwrap_or(now);
    match jobs.0.cx.store.end_orphans(alive_since, now, jobs.report_body()).await {
        Ok(Orphans { expired, lost }) => {
            metrics::counter!(meters::LISTENINGS, "outcome" => "expired").increment(expired);
            metrics::counter!(meters::LISTENINGS, "outcome" => "failed").increment(lost);
            if lost > 0 {
                tracing::warn!(lost, "listenings were lost with the process that listened");
            }
            if expired + lost > 0 {
                jobs.wake();
            }
        }
        Err(error) => meters::store_failed("listenings without a listener could not be ended", &error),
    }
}

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
