use std::time::Duration;

use tokio::task::JoinSet;

use super::Jobs;
use super::backoff::next_try;
use crate::judging::meters;
use crate::store::{Deletion, StoreError};

/// Recordings deleted at once: enough to keep up with the calls, few enough for the provider's rate limits.
const AT_ONCE: u32 = 8;
/// How often the queue is looked at without being told, for tries that were put off.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Deletes recordings at the provider as they become due, until the service stops.
pub(super) async fn work(jobs: Jobs) {
    loop {
        match delete_due(&jobs).await {
            Ok(tried) if tried > 0 && !jobs.0.cx.tasks.is_stopping() => continue,
            Ok(_) => {}
            Err(error) => meters::store_failed("the deletion queue does not answer", &error),
        }
        tokio::select! {
            () = jobs.0.cx.tasks.stopping() => return,
            () = jobs.0.deletion_queued.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Tries what is due now; says how many it tried.
async fn delete_due(jobs: &Jobs) -> Result<usize, StoreError> {
    let due = jobs.0.cx.store.due_deletions(jobs.0.cx.now(), AT_ONCE).await?;
    let count = due.len();
    let mut tries = JoinSet::new();
    for deletion in due {
        tries.spawn(delete(jobs.clone(), deletion));
    }
    while let Some(outcome) = tries.join_next().await {
        outcome.unwrap_or(Err(StoreError::Closed))?;
    }
    Ok(count)
}

async fn delete(jobs: Jobs, deletion: Deletion) -> Result<(), StoreError> {
    let outcome = jobs.0.recordings.delete(&deletion.recording).await;
    let result = if outcome.is_ok() { "ok" } else { "failed" };
    metrics::counter!(meters::RECORDINGS, "step" => "deleted", "result" => result).increment(1);
    match outcome {
        Ok(()) => jobs.0.cx.store.deletion_done(&deletion.recording, jobs.0.cx.now()).await,
        Err(error) => {
            tracing::warn!(
                code = error.code(),
                tries = deletion.tries + 1,
                "a recording could not be deleted yet: {error}"
            );
            jobs.0.cx.store.deletion_failed(&deletion.recording, next_try(deletion.tries, jobs.0.cx.now())).await
        }
    }
}
