use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinSet;

use super::Jobs;
use super::backoff::next_try;
use crate::judging::meters;
use crate::store::{DueDelivery, StoreError};
use crate::types::Timestamp;

/// Deliveries at once.
const AT_ONCE: u32 = 16;
/// How often the queue is looked at: what happens is written by calls, by requests and by other processes alike. An empty
/// look is one step in an index.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Whoever has not finished a delivery by then has died with it: three times as long as one may take.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// What could not be told for so long is of no use to anybody.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Tells webhooks what happened, until the service stops.
pub(super) async fn work(jobs: Jobs) {
    loop {
        match tell_due(&jobs).await {
            Ok(tried) if tried > 0 && !jobs.0.cx.tasks.is_stopping() => continue,
            Ok(_) => {}
            Err(error) => meters::store_failed("the webhooks' queue does not answer", &error),
        }
        tokio::select! {
            () = jobs.0.cx.tasks.stopping() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Tries what is due now; says how many it tried.
async fn tell_due(jobs: &Jobs) -> Result<usize, StoreError> {
    let now = jobs.0.cx.now();
    let lease = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
    let due = jobs.0.cx.store.claim_deliveries(now, lease, AT_ONCE).await?;
    let count = due.len();
    let mut tries = JoinSet::new();
    for delivery in due {
        tries.spawn(tell(jobs.clone(), delivery));
    }
    while let Some(outcome) = tries.join_next().await {
        outcome.unwrap_or(Err(StoreError::Closed))?;
    }
    Ok(count)
}

async fn tell(jobs: Jobs, delivery: DueDelivery) -> Result<(), StoreError> {
    let DueDelivery { id, webhook, url, body, made_at, tries } = delivery;
    let Some(secret) = jobs.0.cx.store.webhook_secret(&webhook).await? else { return Ok(()) };
    let outcome = jobs.0.courier.take(&url, &secret, body, jobs.0.cx.now()).await;
    let now = jobs.0.cx.now();
    let (result, status, delivered_at, next_at) = match outcome {
        Ok(status) => ("ok", status, Some(now), None),
        Err(status) if now.duration_since(made_at) >= GIVE_UP_AFTER => ("given_up", status, None, None),
        Err(status) => ("failed", status, None, Some(next_try(tries, now))),
    };
    metrics::counter!(meters::DELIVERIES, "result" => result).increment(1);
    if delivered_at.is_none() {
        tracing::warn!(webhook, code = status, tries = tries + 1, result, "a webhook could not be told");
    }
    jobs.0.cx.store.finish_delivery(id, status, delivered_at, next_at).await
}
