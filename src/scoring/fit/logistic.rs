use super::FitError;
use crate::scoring::metrics::soft_plus;

/// Rounds of Newton's method; five or six do, halved steps may take some more.
const MAX_ROUNDS: usize = 50;
/// Steps shorter than this, in log-likelihood ratios, are rounding.
const LEAST_STEP: f64 = 1e-9;

/// One trial: what was measured, whose voices it compares and what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// As many as there are weights.
    pub features: Vec<f64>,
    /// Whether it is the enrolled speaker.
    pub is_target: bool,
    /// The enrolled speaker, as an index.
    pub model: usize,
    /// Who speaks.
    pub probe: usize,
}

/// The weights under which samples are the likeliest at even odds, drawn towards `prior`.
///
/// Both kinds weigh the same as a whole, so that the weighted sum is a log-likelihood ratio. `pull` is how strongly the
/// prior holds: what a shift of every ratio by one standard deviation costs, in nats a sample. It keeps weights finite
/// where kinds are apart, and at their prior where the data say nothing (all probes of one length).
///
/// # Errors
/// [`FitError::Features`] for samples of another size, [`FitError::TooLittle`] when a kind is missing.
pub fn logistic(samples: &[Sample], prior: &[f64], pull: f64) -> Result<Vec<f64>, FitError> {
    let expected = prior.len();
    if samples.iter().any(|s| s.features.len() != expected || s.features.iter().any(|value| !value.is_finite())) {
        return Err(FitError::Features { expected });
    }
    let found = super::count(samples);
    if found.targets == 0 || found.impostors == 0 {
        return Err(FitError::TooLittle { found });
    }
    let problem = Problem { samples, prior, holds: holds(samples, expected, pull), found };
    let mut weights = prior.to_vec();
    let mut cost = problem.cost(&weights);
    for _ in 0..MAX_ROUNDS {
        let step = problem.step(&weights);
        let (mut share, mut moved) = (1.0, false);
        while share > 1e-6 {
            let next: Vec<f64> = weights.iter().zip(&step).map(|(weight, step)| weight - share * step).collect();
            let next_cost = problem.cost(&next);
            if next_cost <= cost {
                (weights, cost, moved) = (next, next_cost, true);
                break;
            }
            share /= 2.0;
        }
        if !moved || step.iter().all(|step| step.abs() * share < LEAST_STEP) {
            break;
        }
    }
    Ok(weights)
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How strongly each weight is held: by what moving it does to the ratios.
fn holds(samples: &[Sample], width: usize, pull: f64) -> Vec<f64> {
    let count = samples.len() as f64;
    let hold = |at: usize| {
        let mean = samples.iter().map(|sample| sample.features[at]).sum::<f64>() / count;
        let variance = samples.iter().map(|sample| (sample.features[at] - mean).powi(2)).sum::<f64>() / count;
        // A constant, the offset's or of probes all alike, has no spread: moving its weight moves every ratio.
        pull * if variance < 1e-12 { mean.powi(2).max(1e-6) } else { variance }
    };
    (0..width).map(hold).collect()
}

struct Problem<'s> {
    samples: &'s [Sample],
    prior: &'s [f64],
    holds: Vec<f64>,
    found: super::Counts,
}

impl Problem<'_> {
    /// The share of the whole that a sample has, and the sign of what its ratio should be.
    fn share(&self, sample: &Sample) -> (f64, f64) {
        if sample.is_target {
            (0.5 / self.found.targets as f64, 1.0)
        } else {
            (0.5 / self.found.impostors as f64, -1.0)
        }
    }

    fn cost(&self, weights: &[f64]) -> f64 {
        let of = |sample: &Sample| {
            let (share, sign) = self.share(sample);
            share * soft_plus(-sign * dot(&sample.features, weights))
        };
        let held = weights.iter().zip(self.prior).zip(&self.holds).map(|((w, p), hold)| hold / 2.0 * (w - p).powi(2));
        self.samples.iter().map(of).sum::<f64>() + held.sum::<f64>()
    }

    /// Newton's step: the gradient, divided by the curvature.
    fn step(&self, weights: &[f64]) -> Vec<f64> {
        let width = weights.len();
        let mut gradient: Vec<f64> =
            weights.iter().zip(self.prior).zip(&self.holds).map(|((w, p), hold)| hold * (w - p)).collect();
        let mut curvature = vec![vec![0.0; width]; width];
        for (at, hold) in self.holds.iter().enumerate() {
            curvature[at][at] = *hold;
        }
        for sample in self.samples {
            let (share, sign) = self.share(sample);
            let wrong = 1.0 / (1.0 + (sign * dot(&sample.features, weights)).exp());
            let bend = share * wrong * (1.0 - wrong);
            for (row, value) in sample.features.iter().enumerate() {
                gradient[row] -= share * sign * wrong * value;
                for (column, other) in sample.features.iter().enumerate() {
                    curvature[row][column] += bend * value * other;
                }
            }
        }
        solve(curvature, gradient)
    }
}

/// Solves a small positive definite system by elimination.
fn solve(mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let width = right.len();
    for pivot in 0..width {
        for row in pivot + 1..width {
            let factor = rows[row][pivot] / rows[pivot][pivot];
            let above = rows[pivot].clone();
            for (value, above) in rows[row].iter_mut().zip(&above).skip(pivot) {
                *value -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..width).rev() {
        let known: f64 = (row + 1..width).map(|column| rows[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / rows[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn sample(x: f64, is_target: bool) -> Sample {
        Sample { features: vec![x, 1.0], is_target, model: 0, probe: usize::from(!is_target) }
    }

    /// `fixtures/vectors/make_metrics.py` found the weights with scipy's minimiser.
    #[test]
    fn weights_are_those_of_an_outside_minimiser() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../fixtures/vectors/metrics_golden.json")).unwrap();
        let fit = &golden["logistic"];
        let numbers = |value: &Value| value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
        let rows = fit["features"].as_array().unwrap().iter().map(numbers);
        let samples: Vec<Sample> = rows
            .zip(fit["is_target"].as_array().unwrap())
            .map(|(features, is)| Sample { features, is_target: is.as_i64() == Some(1), model: 0, probe: 0 })
            .collect();
        let found = logistic(&samples, &numbers(&fit["prior"]), fit["pull"].as_f64().unwrap()).unwrap();
        for (ours, wanted) in found.iter().zip(numbers(&fit["weights"])) {
            assert!((ours - wanted).abs() < 1e-4, "{found:?}");
        }
    }

    #[test]
    fn kinds_apart_keep_their_weights_finite_and_a_strong_prior_stays() {
        let samples: Vec<Sample> = (0..40).map(|at| sample(f64::from(at), at >= 20)).collect();
        let found = logistic(&samples, &[0.0, 0.0], 1e-3).unwrap();
        assert!(found.iter().all(|weight| weight.is_finite()) && found[0] > 0.0, "{found:?}");
        let held = logistic(&samples, &[3.0, -50.0], 1e6).unwrap();
        assert!((held[0] - 3.0).abs() < 1e-3 && (held[1] + 50.0).abs() < 1e-3, "{held:?}");
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        let code = |samples: &[Sample]| logistic(samples, &[0.0, 0.0], 0.1).unwrap_err().code();
        assert_eq!(code(&[sample(1.0, true)]), "calibrate_too_little");
        assert_eq!(code(&[sample(f64::NAN, true), sample(1.0, false)]), "calibrate_features");
    }
}
