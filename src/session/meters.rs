//! The names of what the session measures. No label ever holds a number, an id or anything a stranger chose.

use crate::store::StoreError;

/// Attempts by `verdict` and `reason`.
pub(super) const ATTEMPTS: &str = "callprint_attempts_total";
/// Calls that were answered and have not ended.
pub(super) const OPEN_CALLS: &str = "callprint_open_calls";
/// Takes between their recording's announcement and their outcome.
pub(super) const OPEN_TAKES: &str = "callprint_open_takes";
/// Takes that got no outcome, by the `code` of what failed.
pub(super) const LOST_TAKES: &str = "callprint_lost_takes_total";
/// Seconds until a recording was there.
pub(super) const FETCH_SECONDS: &str = "callprint_recording_fetch_seconds";
/// Seconds from the recording's bytes to the judgement, waiting for a free model included.
pub(super) const JUDGE_SECONDS: &str = "callprint_take_judge_seconds";
/// Recordings by `step` (fetched, deleted) and `result`.
pub(super) const RECORDINGS: &str = "callprint_recordings_total";
/// Steps the store could not take, by the `code` of what failed.
const STORE_ERRORS: &str = "callprint_store_errors_total";
/// Turns that ended in an apology, by the `code` of what failed.
pub(super) const APOLOGIES: &str = "callprint_apologies_total";

/// Counts and logs a step that the store could not take.
pub(super) fn store_failed(what: &str, error: &StoreError) {
    metrics::counter!(STORE_ERRORS, "code" => error.code()).increment(1);
    tracing::error!(code = error.code(), "{what}: {error}");
}
