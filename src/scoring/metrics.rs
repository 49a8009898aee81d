//! Error rates over scored trials.

use super::ScoreError;

/// Scores of target and impostor trials, higher meaning more alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Trials {
    targets: Vec<f32>,
    impostors: Vec<f32>,
}

impl Trials {
    /// Takes the scores of both kinds; a probe that could not be scored is −∞.
    ///
    /// # Errors
    /// [`ScoreError::Trials`] when a kind is empty or a score is not a number.
    pub fn new(targets: Vec<f32>, impostors: Vec<f32>) -> Result<Self, ScoreError> {
        Ok(Self { targets, impostors })
    }

    /// The equal-error rate, as a fraction.
    pub fn eer(&self) -> f64 {
        let _ = (&self.targets, &self.impostors);
        todo!()
    }

    /// The lowest false-reject rate at a false-accept rate of at most `far`, as fractions.
    pub fn frr_at_far(&self, _far: f64) -> f64 {
        todo!()
    }

    /// The lowest detection cost, normalised, at a target prior of 0.01 and equal costs.
    pub fn min_dcf(&self) -> f64 {
        todo!()
    }

    /// The cost of log-likelihood ratios (natural logarithm), in bits.
    pub fn cllr(&self) -> f64 {
        todo!()
    }
}
