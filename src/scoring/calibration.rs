use serde::{Deserialize, Serialize};

use crate::types::{Cosine, Llr, Strictness};

/// How a cosine becomes a log-likelihood ratio, and where the thresholds lie.
///
/// `llr = score · cosine + ln_net_speech_s · ln(net speech in s) + take_agreement · (mean cosine of the takes) + offset`
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Weight of the cosine.
    pub score: f32,
    /// Weight of the natural logarithm of the probe's net speech in seconds.
    pub ln_net_speech_s: f32,
    /// Weight of the takes' mean pairwise cosine.
    pub take_agreement: f32,
    /// What is added.
    pub offset: f32,
    /// The threshold that aims at a false-accept rate of 1 %.
    pub llr_at_far_1pct: f32,
    /// The threshold that aims at a false-accept rate of 0.1 %.
    pub llr_at_far_0_1pct: f32,
    /// The threshold that aims at a false-accept rate of 0.01 %.
    pub llr_at_far_0_01pct: f32,
}

impl Calibration {
    /// The log-likelihood ratio of a probe's cosine.
    pub fn llr(&self, _cosine: Cosine, _net_speech_s: f32, _take_agreement: Cosine) -> Llr {
        todo!()
    }

    /// The lowest log-likelihood ratio that is accepted.
    pub const fn threshold(&self, _strictness: Strictness) -> Llr {
        todo!()
    }
}
