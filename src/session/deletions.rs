use std::time::Duration;

use tokio::task::JoinSet;

use super::meters;
use super::service::Service;
use crate::store::{Deletion, StoreError};
use crate::types::Timestamp;

/// Recordings deleted at once: enough to keep up with the calls, few enough for the provider's rate limits.
const AT_ONCE: u32 = 8;
/// The first wait after a failed deletion, in seconds; it doubles with each try.
const FIRST_WAIT_S: i64 = 5;
/// The longest wait between two tries, in seconds: an outage of a day costs 24 tries.
const LONGEST_WAIT_S: i64 = 3600;
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

/// When to try again after this many failed tries before.
fn next_try(tries: u32, now: Timestamp) -> Timestamp {
    let wait_s = FIRST_WAIT_S.saturating_mul(1 << tries.min(20)).min(LONGEST_WAIT_S);
    now.saturating_add(jiff::SignedDuration::from_secs(wait_s)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (tries, wait_s) in [(0, 5), (1, 10), (5, 160), (9, 2560), (10, 3600), (4_000_000, 3600)] {
            assert_eq!(next_try(tries, now).as_second() - now.as_second(), wait_s, "after {tries} tries");
        }
    }
}
