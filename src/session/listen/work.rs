//! How listenings end: by their stream, by their client, or because nothing else ended them.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;

use super::report;
use crate::session::meters;
use crate::session::service::Service;
use crate::store::{Ending, Orphans, ReportBody, StoreError};
use crate::types::ListeningId;

/// A listening without a heartbeat for this long is lost. Heartbeats come every 2 s.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl Service {
    /// Ends a listening and has the client told. Whether it was not over before.
    pub(super) async fn end_listening(
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
        let is_first = self.store().end_listening(id, ending, showing, self.now(), self.report_body()).await?;
        if is_first {
            metrics::counter!(meters::LISTENINGS, "outcome" => outcome).increment(1);
            tracing::info!(listening = %id, outcome, "a listening ended");
            self.wake_jobs();
        }
        Ok(is_first)
    }

    /// Makes the report of a listening that ends; none where the configuration names no address.
    pub(in crate::session) fn report_body(&self) -> Option<ReportBody> {
        self.reporter()?;
        let service = self.clone();
        Some(Arc::new(move |listening| report::body(&service.view(listening))))
    }
}

/// Ends listenings whose stream never came, and those whose process is gone.
pub(in crate::session) async fn end_orphans(service: Service) {
    let now = service.now();
    let alive_since = now.saturating_sub(LOST_AFTER).unwrap_or(now);
    match service.store().end_orphans(alive_since, now, service.report_body()).await {
        Ok(Orphans { expired, lost }) => {
            metrics::counter!(meters::LISTENINGS, "outcome" => "expired").increment(expired);
            metrics::counter!(meters::LISTENINGS, "outcome" => "failed").increment(lost);
            if lost > 0 {
                tracing::warn!(lost, "listenings were lost with the process that listened");
            }
            if expired + lost > 0 {
                service.wake_jobs();
            }
        }
        Err(error) => meters::store_failed("listenings without a listener could not be ended", &error),
    }
}
