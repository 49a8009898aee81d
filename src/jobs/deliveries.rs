//! Posting events to webhooks; a job of the queue.

use super::Jobs;
use super::backoff::{Next, Tried};
use crate::judging::meters;
use crate::store::{Job, StoreError};

/// Tries to post an event to a webhook; nothing when the webhook was deleted meanwhile.
pub(super) async fn deliver(jobs: &Jobs, webhook: &str, body: &str) -> Result<Option<Tried>, StoreError> {
    let (url, secret) = match jobs.0.cx.store.webhook_receiver(webhook).await {
        Ok(Some(receiver)) => receiver,
        Ok(None) => return Ok(None),
        // A try that failed: it is put off, and given up after a day, like any other.
        Err(error @ StoreError::Sealed) => {
            return Ok(Some(Tried { is_done: false, status: error.code().to_owned() }));
        }
        Err(error) => return Err(error),
    };
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
