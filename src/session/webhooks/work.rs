//! Posting events to webhooks; a job of the queue.

use crate::session::backoff::{Next, Tried};
use crate::session::meters;
use crate::session::service::Service;
use crate::store::{Job, StoreError};

/// Tries to post an event to a webhook; nothing when the webhook was deleted meanwhile.
pub(in crate::session) async fn deliver(
    service: &Service,
    webhook: &str,
    body: &str,
) -> Result<Option<Tried>, StoreError> {
    let Some((url, secret)) = service.store().webhook_receiver(webhook).await? else { return Ok(None) };
    Ok(Some(service.courier().take(&url, &secret, body, service.now()).await))
}

/// Counts a try, and logs one that failed.
pub(in crate::session) fn note(webhook: &str, job: &Job, tried: &Tried, next: Next) {
    let result = next.result();
    metrics::counter!(meters::DELIVERIES, "result" => result).increment(1);
    if !tried.is_done {
        tracing::warn!(webhook, code = tried.status, tries = job.tries + 1, result, "a webhook could not be told");
    }
}
