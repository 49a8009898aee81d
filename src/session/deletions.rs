use std::time::Duration;

use tokio::task::JoinSet;

use super::backoff::next_try;
use super::meters;
use super::service::Service;
use crate::store::{Deletion, StoreError};

/// Recordings deleted at once: enough to keep up with the calls, few enough for the provider's rate limits.
const AT_ONCE: u32 = 8;
/// How often the queue is looked at without being told, for tries that were put off.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Deletes recordings at the provider as they become due, until the service stops.
pub(super) async fn work(service: Service) {
    loop {
        match delete_due(&service).await {
            Ok(tried) if tried > 0 && !service.is_stopping() => continue,
            Ok(_) => {}
            Err(error) => meters::store_failed("the deletion queue does not answer", &error),
        }
        tokio::select! {
            () = service.stopping() => return,
            () = service.deletion_queued() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Tries what is due now; says how many it tried.
async fn delete_due(service: &Service) -> Result<usize, StoreError> {
    let due = service.store().due_deletions(service.now(), AT_ONCE).await?;
    let count = due.len();
    let mut tries = JoinSet::new();
    for deletion in due {
        tries.spawn(delete(service.clone(), deletion));
    }
    while let Some(outcome) = tries.join_next().await {
        outcome.unwrap_or(Err(StoreError::Closed))?;
    }
    Ok(count)
}

async fn delete(service: Service, deletion: Deletion) -> Result<(), StoreError> {
    let outcome = service.recordings().delete(&deletion.recording).await;
    let result = if outcome.is_ok() { "ok" } else { "failed" };
    metrics::counter!(meters::RECORDINGS, "step" => "deleted", "result" => result).increment(1);
    match outcome {
        Ok(()) => service.store().deletion_done(&deletion.recording, service.now()).await,
        Err(error) => {
            tracing::warn!(
                code = error.code(),
                tries = deletion.tries + 1,
                "a recording could not be deleted yet: {error}"
            );
            service.store().deletion_failed(&deletion.recording, next_try(deletion.tries, service.now())).await
        }
    }
}
