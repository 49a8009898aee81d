//! Deleting recordings at the provider; a job of the queue.

use super::Jobs;
use super::backoff::Tried;
use crate::judging::meters;
use crate::store::Job;
use crate::types::RecordingSid;

/// Tries to delete a recording; one that is gone already counts as deleted.
pub(super) async fn delete(jobs: &Jobs, job: &Job, recording: &RecordingSid) -> Tried {
    let outcome = jobs.0.recordings.delete(recording).await;
    let result = if outcome.is_ok() { "ok" } else { "failed" };
    metrics::counter!(meters::RECORDINGS, "step" => "deleted", "result" => result).increment(1);
    if let Err(error) = &outcome {
        let (code, tries) = (error.code(), job.tries + 1);
        tracing::warn!(code, tries, "a recording could not be deleted yet: {error}");
    }
    Tried { is_done: outcome.is_ok(), status: result.to_owned() }
}
