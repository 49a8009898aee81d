//! Verdicts, and the measurements behind them.

use serde::Serialize;
use utoipa::ToSchema;

/// An attempt, as a client sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerifyView {
    /// `accept`, `retry`, `reject` or `cooldown`.
    pub decision: &'static str,
    /// 0 to 1. A key without the scope `scores` is told one of five steps, so that an attacker cannot climb by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// Why it is no accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// How good each signal is; told with an accept, and in full detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<SignalTiers>,
    /// How far the voiceprint has followed its user's voice, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_progress: Option<f32>,
    /// After a cooldown: when to try again, in milliseconds.
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The measurements behind the verdict, with `?detail=full`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// How good each signal is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SignalTiers {
    /// Who is speaking: `low`, `medium` or `high`.
    pub voice: &'static str,
    /// The words that were said.
    pub phrase: &'static str,
    /// Whether it is live: heard before, or made by a machine.
    pub liveness: &'static str,
}

/// The measurements behind a verdict.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Detail {
    /// The attempt's id.
    pub attempt: String,
    /// `passphrase` or `challenge`.
    pub asked: &'static str,
    /// The scores' calibration, and the error rate aimed at.
    pub calibration: CalibrationView,
    /// The labels of liveness.
    pub spoof: SpoofView,
    /// Log-likelihood ratios that are accepted from on.
    pub thresholds: ScoreView,
    /// Log-likelihood ratios that were measured.
    pub scores: ScoreView,
    /// All signals in one number: accepted from 0 on.
    pub fused: Option<f32>,
    /// The quality of the recording.
    pub quality: Option<QualityView>,
    /// Whether and how often it may be tried again.
    pub retries: RetriesView,
    /// Sentences on how the outcome could have been another.
    pub insights: Vec<String>,
}

/// The scores' calibration.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalibrationView {
    /// Where it comes from.
    pub source: String,
    /// The models that make a voice.
    pub model: String,
    /// The false-accept rate aimed at.
    pub strictness: String,
    /// Whether the threshold is this site's own.
    pub is_of_site: bool,
}

/// The labels of liveness.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SpoofView {
    /// `fresh`, `suspected` or `not_measured`.
    pub replay: &'static str,
    /// `human`, `suspected` or `not_measured`.
    pub synthetic: &'static str,
}

/// A log-likelihood ratio for each signal.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct ScoreView {
    /// Who is speaking.
    pub voice: Option<f32>,
    /// The words that were said.
    pub phrase: Option<f32>,
    /// Whether it was not heard before.
    pub replay: Option<f32>,
    /// Whether a person speaks.
    pub synthetic: Option<f32>,
}

/// The quality of a recording.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct QualityView {
    /// Speech without its pauses, in milliseconds.
    pub net_speech_ms: u32,
    /// Power of the speech relative to full scale, in dB.
    pub level_dbfs: f32,
    /// Power of the speech over that of the noise, in dB.
    pub snr_db: f32,
    /// Share of the speech that is cut off at full scale.
    pub clipped_fraction: f32,
}

/// Whether it may be tried again.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct RetriesView {
    /// Whether another take could do.
    pub suggested: bool,
    /// Mismatches within the window before a cooldown.
    pub allowed: u32,
    /// The window, in seconds.
    pub window_s: u64,
}
