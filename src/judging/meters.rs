//! Names of the metrics of the rooms above the engine. No label ever holds a number, an id or text of a stranger.

use crate::store::StoreError;
use crate::types::{Reason, Verdict};

/// Attempts by `verdict` and `reason`.
pub(crate) const ATTEMPTS: &str = "callprint_attempts_total";
/// Calls that were answered and have not ended.
pub(crate) const OPEN_CALLS: &str = "callprint_open_calls";
/// Takes between their recording's announcement and their outcome.
pub(crate) const OPEN_TAKES: &str = "callprint_open_takes";
/// Takes that got no outcome, by the `code` of what failed.
pub(crate) const LOST_TAKES: &str = "callprint_lost_takes_total";
/// Seconds until a recording was there.
pub(crate) const FETCH_SECONDS: &str = "callprint_recording_fetch_seconds";
/// Seconds from the recording's bytes to the judgement, waiting for a free model included.
pub(crate) const JUDGE_SECONDS: &str = "callprint_take_judge_seconds";
/// Recordings by `step` (fetched, deleted) and `result`.
pub(crate) const RECORDINGS: &str = "callprint_recordings_total";
/// Streams open now.
pub(crate) const OPEN_STREAMS: &str = "callprint_open_streams";
/// Frames that came in.
pub(crate) const STREAM_FRAMES: &str = "callprint_stream_frames_total";
/// Frames that were heard more than 100 ms late.
pub(crate) const STREAM_LATE_FRAMES: &str = "callprint_stream_late_frames_total";
/// Audio that never came, in milliseconds.
pub(crate) const STREAM_LOST_MS: &str = "callprint_stream_lost_audio_ms_total";
/// Frames that came twice, or after later ones.
pub(crate) const STREAM_DROPPED: &str = "callprint_stream_dropped_frames_total";
/// Messages that were no audio although they should be.
pub(crate) const STREAM_DAMAGED: &str = "callprint_stream_damaged_frames_total";
/// Streams that ended without a take, by `code`.
pub(crate) const STREAM_FAULTS: &str = "callprint_stream_faults_total";
/// Turns that were recorded because their stream brought no take.
pub(crate) const STREAM_FALLBACKS: &str = "callprint_stream_fallbacks_total";
/// Times the streams did not keep up, and new ones were turned away.
pub(crate) const STREAM_OVERLOADS: &str = "callprint_stream_overloads_total";
/// Chunks shown to the speech model, and inferences they took.
pub(crate) const STREAM_CHUNKS: &str = "callprint_stream_chunks_total";
pub(crate) const STREAM_BATCHES: &str = "callprint_stream_batches_total";
/// Prompts that a caller spoke over.
pub(crate) const BARGE_INS: &str = "callprint_stream_barge_ins_total";
/// Seconds from the end of the speech in a stream to its outcome.
pub(crate) const STREAM_VERDICT_SECONDS: &str = "callprint_stream_verdict_seconds";
/// Callers that the thresholds of this site rest on.
pub(crate) const SITE_CALLERS: &str = "callprint_site_callers";
/// The threshold of the voice at this site, as a log-likelihood ratio, by the `far` aimed at.
pub(crate) const SITE_THRESHOLD: &str = "callprint_site_threshold_llr";
/// Conversations being listened to.
pub(crate) const OPEN_LISTENINGS: &str = "callprint_open_listenings";
/// Listenings that ended, by `outcome`: accept, retry, reject, failed, expired.
pub(crate) const LISTENINGS: &str = "callprint_listenings_total";
/// Speech that was compared in them, and speech left out because the agent was louder, in milliseconds.
pub(crate) const LISTENING_SPEECH_MS: &str = "callprint_listening_speech_ms_total";
pub(crate) const LISTENING_LEFT_OUT_MS: &str = "callprint_listening_left_out_ms_total";
/// Reports to clients, by `result`: ok, failed, given up.
pub(crate) const REPORTS: &str = "callprint_listening_reports_total";
/// Events told to webhooks, by `result`: ok, failed, given up.
pub(crate) const DELIVERIES: &str = "callprint_webhook_deliveries_total";
/// Voiceprints made of uploads.
pub(crate) const UPLOAD_ENROLLMENTS: &str = "callprint_upload_enrollments_total";
/// Steps the store could not take, by the `code` of what failed.
const STORE_ERRORS: &str = "callprint_store_errors_total";
/// Turns that ended in an apology, by the `code` of what failed.
pub(crate) const APOLOGIES: &str = "callprint_apologies_total";

/// Counts and logs a step that the store could not take.
pub(crate) fn store_failed(what: &str, error: &StoreError) {
    metrics::counter!(STORE_ERRORS, "code" => error.code()).increment(1);
    tracing::error!(code = error.code(), "{what}: {error}");
}

/// Counts one attempt by how it ended.
pub(crate) fn count_attempt(verdict: &Verdict) {
    let reason = verdict.reason().map_or("none", Reason::code);
    metrics::counter!(ATTEMPTS, "verdict" => verdict.code(), "reason" => reason).increment(1);
}
