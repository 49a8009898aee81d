use super::{Comparison, Distance, Fit};
use crate::types::{Llr, Strictness};

/// The lowest log-likelihood ratios that are accepted, for each rate of false accepts aimed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// For 1 %.
    pub llr_at_far_1pct: f32,
    /// For 0.1 %.
    pub llr_at_far_0_1pct: f32,
    /// For 0.01 %.
    pub llr_at_far_0_01pct: f32,
}

impl Thresholds {
    /// The threshold of a strictness.
    pub const fn at(&self, strictness: Strictness) -> Llr {
        Llr(match strictness {
            Strictness::Far1Pct => self.llr_at_far_1pct,
            Strictness::Far01Pct => self.llr_at_far_0_1pct,
            Strictness::Far001Pct => self.llr_at_far_0_01pct,
        })
    }
}

/// How a comparison with enrolled takes becomes a log-likelihood ratio: the same phrase against another.
///
/// `llr = distance · (distance to the takes) + spread · (distance between the takes) + offset`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhraseCalibration {
    /// Weight of the distance, below zero.
    pub distance: f32,
    /// Weight of the takes' own distance: who says it differently each time may do so once more.
    pub spread: f32,
    /// The constant term.
    pub offset: f32,
    /// Takes of an enrollment that are further apart do not say the same.
    pub max_take_distance: Distance,
    /// Where the thresholds lie.
    pub thresholds: Thresholds,
}

impl PhraseCalibration {
    /// The log-likelihood ratio of a comparison.
    ///
    /// A spread counts no further than takes of one enrollment may be apart.
    pub fn llr(&self, comparison: Comparison) -> Llr {
        let spread = comparison.spread.0.clamp(0.0, self.max_take_distance.0);
        Llr(self.distance * comparison.distance.0 + self.spread * spread + self.offset)
    }
}

/// A part that fits less counts as this: by then it is surely another one, or drowned.
///
/// Random other strings are told apart with an equal error rate of 0.2 %, without it 0.3 %; one changed digit with 4.2
/// % either way (`digits`, tel and var).
const LEAST: f32 = -5.0;

/// How the fit of a challenge becomes a log-likelihood ratio: what was asked for against something else.
///
/// `llr = mean · (mean fit) + least · (least fit of a part) + offset`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChallengeCalibration {
    /// Weight of the mean.
    pub mean: f32,
    /// Weight of the part that fits least.
    pub least: f32,
    /// The constant term.
    pub offset: f32,
    /// Where the thresholds lie.
    pub thresholds: Thresholds,
}

impl ChallengeCalibration {
    /// The log-likelihood ratio of a fit.
    pub fn llr(&self, fit: Fit) -> Llr {
        Llr(self.mean * fit.mean + self.least * fit.least.max(LEAST) + self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { llr_at_far_1pct: 1.0, llr_at_far_0_1pct: 2.0, llr_at_far_0_01pct: 3.0 };

    #[test]
    fn ratios_are_the_weighted_sums() {
        let phrase = PhraseCalibration {
            distance: -20.0,
            spread: 8.0,
            offset: 9.0,
            max_take_distance: Distance(0.5),
            thresholds: THRESHOLDS,
        };
        let llr =
            |distance, spread| phrase.llr(Comparison { distance: Distance(distance), spread: Distance(spread) }).0;
        assert!((llr(0.3, 0.25) - 5.0).abs() < 1e-5);
        assert!((llr(0.3, 0.9) - llr(0.3, 0.5)).abs() < 1e-6);
        let challenge = ChallengeCalibration { mean: 2.0, least: 0.5, offset: 3.0, thresholds: THRESHOLDS };
        assert!((challenge.llr(Fit { mean: -1.0, least: -4.0 }).0 + 1.0).abs() < 1e-6);
        assert!((challenge.llr(Fit { mean: -1.0, least: -50.0 }).0 + 1.5).abs() < 1e-6);
        assert_eq!(challenge.thresholds.at(Strictness::Far01Pct), Llr(2.0));
    }
}
