use serde::Deserialize;

use super::backend_file::BackendFile;
use crate::phrase::{ChallengeCalibration, Distance, PhraseCalibration, Thresholds};

/// The parts around a phrase encoder: the projection of its frames, and the calibration of distances.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhrasePart {
    /// The file with the centre and directions.
    pub space: BackendFile,
    /// The calibration of distances between takes.
    pub calibration: PhraseScale,
}

/// The parts around a phrase decoder: its tokens, and the calibration of a challenge's fit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextPart {
    /// The file with the tokens.
    pub tokens: String,
    /// Its hash, in lower-case hex.
    pub sha256: String,
    /// The calibration of a challenge's fit.
    pub calibration: ChallengeScale,
}

/// The keys of [`PhraseCalibration`], and where its numbers come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are those of `phrase::PhraseCalibration`, which says what they are")]
pub struct PhraseScale {
    pub distance: f32,
    pub spread: f32,
    pub offset: f32,
    pub max_take_distance: f32,
    pub llr_at_far_1pct: f32,
    pub llr_at_far_0_1pct: f32,
    pub llr_at_far_0_01pct: f32,
    pub fitted_on: String,
}

/// The keys of [`ChallengeCalibration`], and where its numbers come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are those of `phrase::ChallengeCalibration`, which says what they are")]
pub struct ChallengeScale {
    pub mean: f32,
    pub least: f32,
    pub offset: f32,
    pub llr_at_far_1pct: f32,
    pub llr_at_far_0_1pct: f32,
    pub llr_at_far_0_01pct: f32,
    pub fitted_on: String,
}

impl PhrasePart {
    pub(super) fn check(&self) -> Result<(), String> {
        let scale = &self.calibration;
        check([scale.distance, scale.spread, scale.offset, scale.max_take_distance], &self.calibration().thresholds)?;
        if scale.distance < 0.0 && scale.max_take_distance > 0.0 { Ok(()) } else { Err(SIGNS.to_owned()) }
    }

    pub(super) fn calibration(&self) -> PhraseCalibration {
        let scale = &self.calibration;
        PhraseCalibration {
            distance: scale.distance,
            spread: scale.spread,
            offset: scale.offset,
            max_take_distance: Distance(scale.max_take_distance),
            thresholds: Thresholds {
                llr_at_far_1pct: scale.llr_at_far_1pct,
                llr_at_far_0_1pct: scale.llr_at_far_0_1pct,
                llr_at_far_0_01pct: scale.llr_at_far_0_01pct,
            },
        }
    }
}

impl TextPart {
    pub(super) fn check(&self) -> Result<(), String> {
        let scale = &self.calibration;
        check([scale.mean, scale.least, scale.offset, 0.0], &self.calibration().thresholds)?;
        if scale.mean > 0.0 && scale.least >= 0.0 { Ok(()) } else { Err(SIGNS.to_owned()) }
    }

    pub(super) fn calibration(&self) -> ChallengeCalibration {
        let scale = &self.calibration;
        ChallengeCalibration {
            mean: scale.mean,
            least: scale.least,
            offset: scale.offset,
            thresholds: Thresholds {
                llr_at_far_1pct: scale.llr_at_far_1pct,
                llr_at_far_0_1pct: scale.llr_at_far_0_1pct,
                llr_at_far_0_01pct: scale.llr_at_far_0_01pct,
            },
        }
    }
}

const SIGNS: &str = "what is more alike must score higher";

fn check(weights: [f32; 4], thresholds: &Thresholds) -> Result<(), String> {
    let thresholds = [thresholds.llr_at_far_1pct, thresholds.llr_at_far_0_1pct, thresholds.llr_at_far_0_01pct];
    if !thresholds.iter().chain(&weights).all(|value| value.is_finite()) {
        return Err("the calibration has values that are not numbers".to_owned());
    }
    if thresholds.is_sorted_by(|lower, higher| lower < higher) {
        Ok(())
    } else {
        Err("a stricter threshold must be higher".to_owned())
    }
}
