use serde::{Deserialize, Serialize};

use super::Speech;
use crate::types::{Clip8k, Reason};

/// What a take's recording is like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Speech without its pauses, in milliseconds.
    pub net_speech_ms: u32,
    /// Power of the speech relative to a full-scale square wave, in dB.
    pub level_dbfs: f32,
    /// The largest sample relative to full scale, in dB.
    pub peak_dbfs: f32,
    /// Share of the speech samples that are cut off.
    pub clipped_fraction: f32,
    /// Power of the speech over the power of the rest, in dB.
    pub snr_db: f32,
}

/// What a take must reach to be scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityLimits {
    /// Less net speech than this is none, in milliseconds.
    pub no_speech_ms: u32,
    /// Less net speech than this is too short, in milliseconds.
    pub min_speech_ms: u32,
    /// Below this speech level a take is too quiet, in dBFS.
    pub min_level_dbfs: f32,
    /// Above this speech level a take is too loud, in dBFS.
    pub max_level_dbfs: f32,
    /// Above this share of cut-off samples a take is clipped.
    pub max_clipped_fraction: f32,
    /// Below this signal-to-noise ratio a take is too noisy, in dB.
    pub min_snr_db: f32,
}

impl QualityLimits {
    /// For a probe.
    pub const VERIFY: Self = Self {
        no_speech_ms: 200,
        min_speech_ms: 500,
        min_level_dbfs: -45.0,
        max_level_dbfs: -6.0,
        max_clipped_fraction: 0.02,
        min_snr_db: 5.0,
    };

    /// For an enrollment take, which every later call is compared with.
    pub const ENROLL: Self = Self { min_speech_ms: 1000, ..Self::VERIFY };
}

impl Quality {
    /// The fault to tell the caller about, if there is one.
    pub fn fault(&self, _limits: &QualityLimits) -> Option<Reason> {
        todo!()
    }
}

/// Measures a take.
pub fn quality(_clip: &Clip8k, _speech: &Speech) -> Quality {
    todo!()
}
