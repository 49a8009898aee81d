//! Error rates over scored trials.
//!
//! A trial is accepted when its score is at or above a threshold; an operating point is a threshold with its
//! false-accept rate (impostors accepted) and its false-reject rate (targets not accepted).

mod calibrated;
mod interval;
mod normal;
mod random;

pub use calibrated::{Bin, reliability};
pub use interval::{Interval, Intervals, SpeakerTrial, intervals, wilson};
pub use normal::probit;
pub(super) use random::Random;

use super::ScoreError;

/// How likely a caller is the claimed one, in the detection cost: NIST's choice for speaker recognition.
const TARGET_PRIOR: f64 = 0.01;

/// Scores of target and impostor trials, higher meaning more alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Trials {
    /// Ascending.
    targets: Vec<f32>,
    /// Ascending.
    impostors: Vec<f32>,
}

/// The error rates at one threshold, as fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The lowest score that is accepted.
    pub threshold: f32,
    /// Impostors accepted.
    pub far: f64,
    /// Targets not accepted.
    pub frr: f64,
}

impl Trials {
    /// Takes the scores of both kinds; a probe that could not be scored is −∞.
    ///
    /// # Errors
    /// [`ScoreError::Trials`] when a kind is empty or a score is not a number.
    pub fn new(mut targets: Vec<f32>, mut impostors: Vec<f32>) -> Result<Self, ScoreError> {
        for scores in [&mut targets, &mut impostors] {
            if scores.is_empty() || scores.iter().any(|score| score.is_nan()) {
                return Err(ScoreError::Trials);
            }
            scores.sort_unstable_by(f32::total_cmp);
        }
        Ok(Self { targets, impostors })
    }

    /// The equal-error rate, as a fraction.
    ///
    /// Where the line through neighbouring operating points crosses that of equal rates.
    pub fn eer(&self) -> f64 {
        equal_error_rate(self.points())
    }

    /// The targets' scores, rising.
    pub fn targets(&self) -> &[f32] {
        &self.targets
    }

    /// The impostors' scores, rising.
    pub fn impostors(&self) -> &[f32] {
        &self.impostors
    }

    /// Every operating point, by rising threshold: false accepts fall, false rejects rise.
    pub fn curve(&self) -> Vec<Point> {
        self.points().collect()
    }

    /// The error rates at a threshold of one's own.
    pub fn at(&self, threshold: f32) -> Point {
        let below = |scores: &[f32]| scores.partition_point(|&score| score < threshold) as f64 / scores.len() as f64;
        Point { threshold, far: 1.0 - below(&self.impostors), frr: below(&self.targets) }
    }

    /// The detection cost at a threshold, normalised as [`min_dcf`](Self::min_dcf) is.
    pub fn dcf(&self, threshold: f32) -> f64 {
        cost(self.at(threshold))
    }

    /// The lowest [`cllr`](Self::cllr) that any rising function of these scores reaches: what ranking alone is worth.
    ///
    /// By pooling adjacent violators. The difference to `cllr` is what calibration costs.
    pub fn min_cllr(&self) -> f64 {
        calibrated::min_cllr(&self.targets, &self.impostors)
    }

    /// The lowest false-reject rate at a false-accept rate of at most `far`, as fractions.
    ///
    /// Nothing is interpolated: the rate is one that a threshold has.
    pub fn frr_at_far(&self, far: f64) -> f64 {
        self.points().filter(|point| point.far <= far).map(|point| point.frr).fold(1.0, f64::min)
    }

    /// The lowest detection cost at a target prior of 0.01 and equal costs.
    ///
    /// Normalised: 1 is the cost of rejecting everybody.
    pub fn min_dcf(&self) -> f64 {
        self.points().map(cost).fold(f64::INFINITY, f64::min)
    }

    /// The cost of scores that are log-likelihood ratios (natural logarithm), in bits.
    ///
    /// 0 is perfect, 1 that of knowing nothing. A target at −∞ costs without bound: leave out what could not be scored.
    pub fn cllr(&self) -> f64 {
        let mean = |scores: &[f32], sign: f64| {
            scores.iter().map(|&llr| soft_plus(sign * f64::from(llr))).sum::<f64>() / scores.len() as f64
        };
        f64::midpoint(mean(&self.targets, -1.0), mean(&self.impostors, 1.0)) / std::f64::consts::LN_2
    }

    /// The operating point of every distinct score as threshold, rising, and of one above them all.
    fn points(&self) -> impl Iterator<Item = Point> {
        let mut thresholds: Vec<f32> = self.targets.iter().chain(&self.impostors).copied().collect();
        thresholds.sort_unstable_by(f32::total_cmp);
        thresholds.dedup();
        let (mut rejected_targets, mut rejected_impostors) = (0, 0);
        let above_all = Point { threshold: f32::INFINITY, far: 0.0, frr: 1.0 };
        let points = thresholds.into_iter().map(move |threshold| {
            rejected_targets += self.targets[rejected_targets..].iter().take_while(|&&score| score < threshold).count();
            rejected_impostors +=
                self.impostors[rejected_impostors..].iter().take_while(|&&score| score < threshold).count();
            Point {
                threshold,
                far: (self.impostors.len() - rejected_impostors) as f64 / self.impostors.len() as f64,
                frr: rejected_targets as f64 / self.targets.len() as f64,
            }
        });
        points.chain(std::iter::once(above_all))
    }
}

/// Where the line through neighbouring operating points crosses that of equal rates.
fn equal_error_rate(points: impl Iterator<Item = Point>) -> f64 {
    let mut before = Point { threshold: f32::NEG_INFINITY, far: 1.0, frr: 0.0 };
    for point in points {
        if point.frr >= point.far {
            let (gap_before, gap) = (before.far - before.frr, point.frr - point.far);
            let share = gap_before / (gap_before + gap);
            return before.far + share * (point.far - before.far);
        }
        before = point;
    }
    before.far
}

/// The detection cost at equal costs, in shares of that of rejecting everybody.
fn cost(point: Point) -> f64 {
    (TARGET_PRIOR * point.frr + (1.0 - TARGET_PRIOR) * point.far) / TARGET_PRIOR
}

/// ln(1 + eˣ), without overflow.
pub(super) fn soft_plus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Scores of a golden case, those that failed at −∞ or left out.
    fn scores(values: &Value, keep_failed: bool) -> Vec<f32> {
        let score =
            |value: &Value| value.as_f64().map(|score| score as f32).or(keep_failed.then_some(f32::NEG_INFINITY));
        values.as_array().unwrap().iter().filter_map(score).collect()
    }

    /// `fixtures/vectors/make_metrics.py` made the numbers with scikit-learn and scipy.
    #[test]
    fn error_rates_are_those_of_the_outside_tools() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../fixtures/vectors/metrics_golden.json")).unwrap();
        for case in golden["cases"].as_array().unwrap() {
            let trials = |keep| Trials::new(scores(&case["targets"], keep), scores(&case["impostors"], keep)).unwrap();
            for (key, ours) in [
                ("eer", trials(true).eer()),
                ("frr_at_far_10pct", trials(true).frr_at_far(0.1)),
                ("frr_at_far_1pct", trials(true).frr_at_far(0.01)),
                ("frr_at_far_0_1pct", trials(true).frr_at_far(0.001)),
                ("min_dcf", trials(true).min_dcf()),
                ("cllr_of_the_scored", trials(false).cllr()),
                ("min_cllr_of_the_scored", trials(false).min_cllr()),
                ("dcf_at_ln_99", trials(true).dcf(99_f32.ln())),
                ("far_at_0", trials(true).at(0.0).far),
                ("frr_at_0", trials(true).at(0.0).frr),
            ] {
                let wanted = case[key].as_f64().unwrap();
                assert!((ours - wanted).abs() < 1e-6, "{} of {}: {ours}, not {wanted}", key, case["name"]);
            }
        }
    }

    #[test]
    fn a_failed_probe_is_a_false_reject_at_every_threshold() {
        let trials = Trials::new(vec![5.0, 6.0, 7.0, f32::NEG_INFINITY], vec![-5.0, -6.0]).unwrap();
        assert!((trials.frr_at_far(0.5) - 0.25).abs() < 1e-9);
        assert!(trials.cllr().is_infinite());
    }

    #[test]
    fn rates_of_nothing_or_of_no_numbers_are_refused() {
        for (targets, impostors) in [(vec![], vec![1.0]), (vec![1.0], vec![]), (vec![f32::NAN], vec![1.0])] {
            assert_eq!(Trials::new(targets, impostors), Err(ScoreError::Trials));
        }
    }
}
