use serde::{Deserialize, Serialize};

use crate::types::{Cosine, Llr, Strictness};

/// The lengths that the weights were fitted on, in seconds: nothing is extrapolated.
///
/// A probe of 20 s would else lose six units for its length. One of 0.5 s would gain three; without them 0.14 % of the
/// impostors pass at the threshold meant for 0.1 %, with them 0.33 % (`sentences`, `var`, probes of 1 to 5 s).
const FITTED_FROM_S: f32 = 1.0;
const FITTED_TO_S: f32 = 5.0;

/// How a cosine becomes a log-likelihood ratio, and where the thresholds lie.
///
/// `llr = (score + score_by_ln_s · ln T) · cosine + ln_net_speech_s · ln T + take_agreement · (mean cosine of the
/// takes) + offset`, where T is the net speech in seconds. The more was heard, the more a cosine says: without that
/// weight, ratios fitted on two of the sets `digits`, `sentences` and `crowd` cost up to 2.3 times as much on the
/// third.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Weight of the cosine.
    pub score: f32,
    /// Growth of the cosine's weight with the natural logarithm of the probe's net speech in seconds.
    #[serde(default)]
    pub score_by_ln_s: f32,
    /// Weight of the natural logarithm of the probe's net speech in seconds.
    pub ln_net_speech_s: f32,
    /// Weight of the takes' mean pairwise cosine.
    pub take_agreement: f32,
    /// The constant term.
    pub offset: f32,
    /// The threshold that aims at a false-accept rate of 1 %.
    pub llr_at_far_1pct: f32,
    /// The threshold that aims at a false-accept rate of 0.1 %.
    pub llr_at_far_0_1pct: f32,
    /// The threshold that aims at a false-accept rate of 0.01 %.
    pub llr_at_far_0_01pct: f32,
}

impl Calibration {
    /// Names of the weighed values, in the order of [`features`](Self::features) and [`weights`](Self::weights).
    pub const FEATURES: [&str; 5] = ["score", "score_by_ln_s", "ln_net_speech_s", "take_agreement", "offset"];

    /// The values that the weights multiply; the last is the offset's constant.
    pub fn features(cosine: Cosine, net_speech_s: f32, take_agreement: Cosine) -> [f32; 5] {
        let ln_s = net_speech_s.clamp(FITTED_FROM_S, FITTED_TO_S).ln();
        [cosine.0, cosine.0 * ln_s, ln_s, take_agreement.0, 1.0]
    }

    /// The weights as a vector, to be fitted.
    pub const fn weights(&self) -> [f32; 5] {
        [self.score, self.score_by_ln_s, self.ln_net_speech_s, self.take_agreement, self.offset]
    }

    /// The same with other weights.
    #[must_use]
    pub const fn with_weights(self, weights: [f32; 5]) -> Self {
        let [score, score_by_ln_s, ln_net_speech_s, take_agreement, offset] = weights;
        Self { score, score_by_ln_s, ln_net_speech_s, take_agreement, offset, ..self }
    }

    /// The same with other thresholds, for false-accept rates of 1 %, 0.1 % and 0.01 %.
    #[must_use]
    pub const fn with_thresholds(self, thresholds: [f32; 3]) -> Self {
        let [one, tenth, hundredth] = thresholds;
        Self { llr_at_far_1pct: one, llr_at_far_0_1pct: tenth, llr_at_far_0_01pct: hundredth, ..self }
    }

    /// The thresholds for false-accept rates of 1 %, 0.1 % and 0.01 %.
    pub const fn thresholds(&self) -> [f32; 3] {
        [self.llr_at_far_1pct, self.llr_at_far_0_1pct, self.llr_at_far_0_01pct]
    }

    /// The log-likelihood ratio of a probe's cosine.
    pub fn llr(&self, cosine: Cosine, net_speech_s: f32, take_agreement: Cosine) -> Llr {
        let features = Self::features(cosine, net_speech_s, take_agreement);
        Llr(features.iter().zip(self.weights()).map(|(feature, weight)| feature * weight).sum())
    }

    /// Whether a higher cosine gives a higher ratio, however much was heard.
    pub fn rises_with_likeness(&self) -> bool {
        let slope = |seconds: f32| self.score + self.score_by_ln_s * seconds.ln();
        slope(FITTED_FROM_S) > 0.0 && slope(FITTED_TO_S) > 0.0
    }

    /// The lowest log-likelihood ratio that is accepted.
    pub const fn threshold(&self, strictness: Strictness) -> Llr {
        Llr(match strictness {
            Strictness::Far1Pct => self.llr_at_far_1pct,
            Strictness::Far01Pct => self.llr_at_far_0_1pct,
            Strictness::Far001Pct => self.llr_at_far_0_01pct,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights published with the back end.
    const PUBLISHED: Calibration = Calibration {
        score: 29.55,
        score_by_ln_s: 0.0,
        ln_net_speech_s: -4.20,
        take_agreement: -8.87,
        offset: -3.77,
        llr_at_far_1pct: 0.0,
        llr_at_far_0_1pct: 2.4,
        llr_at_far_0_01pct: 5.0,
    };

    fn llr(cosine: f32, net_speech_s: f32, take_agreement: f32) -> f32 {
        PUBLISHED.llr(Cosine(cosine), net_speech_s, Cosine(take_agreement)).0
    }

    #[test]
    fn the_ratio_is_the_weighted_sum() {
        // 29.55 · 0.7 − 4.2 · ln 2.5 − 8.87 · 0.75 − 3.77, by hand.
        assert!((llr(0.7, 2.5, 0.75) - 6.4141).abs() < 1e-3);
    }

    #[test]
    fn a_cosine_says_more_the_more_was_heard() {
        let steeper = Calibration { score_by_ln_s: 10.0, ..PUBLISHED };
        // 29.55 + 10 · ln 2.5 for the cosine of 0.7, by hand.
        assert!((steeper.llr(Cosine(0.7), 2.5, Cosine(0.75)).0 - 12.8282).abs() < 1e-3);
        assert!(steeper.rises_with_likeness());
        assert!(!Calibration { score_by_ln_s: -19.0, ..PUBLISHED }.rises_with_likeness());
    }

    #[test]
    fn lengths_beyond_the_fitted_range_count_as_its_ends() {
        assert_eq!(llr(0.7, 0.1, 0.7).total_cmp(&llr(0.7, FITTED_FROM_S, 0.7)), std::cmp::Ordering::Equal);
        assert_eq!(llr(0.7, 60.0, 0.7).total_cmp(&llr(0.7, FITTED_TO_S, 0.7)), std::cmp::Ordering::Equal);
    }

    #[test]
    fn a_stricter_line_asks_for_more() {
        let thresholds =
            [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct].map(|s| PUBLISHED.threshold(s));
        assert!(thresholds.is_sorted() && thresholds[0] < thresholds[2]);
    }
}
