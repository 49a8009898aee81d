//! Posting events to webhooks; a job of the queue.

use super::Jobs;
use super::backoff::{Next, Tried};
use crate::judging::meters;
use crate::store::{Job, StoreError};

/// Tries to post an event to a webhook; nothing when the webhook was deleted meanwhile.
pub(super) async fn deliver(jobs: &Jobs, webhook: &str, body: &str) -> Result<Option<Tried>, StoreError> {
    let Some((url, secret)) = jobs.0.cx.store.webhook_receiver(webhook).await? else { return Ok(None) };
    Ok(Some(jobs.0.courier.take(&url, &secret, body, jobs.0.cx.now()).await))
}

/// Counts a try, and logs one that failed.
pub(super) fn note(webhook: &str, job: &Job, tried: &Tried, next: Next) {
    let result = next.result();
    metrics::counter!(meters::DELIVERIES, "result" => result).increment(1);
    if !tried.is_done {
        tracing::warn!(webhook, code = tried.status, tries = job.tries + 1, result, "a webhook could not be told");
    }
}
