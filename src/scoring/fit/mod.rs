//! Fitting a calibration: weights by logistic regression, thresholds from the impostors' tail, both by speaker.
//!
//! Pure, and the same numbers for the same samples. What is fitted is a vector of features, whatever they are.

mod folds;
mod logistic;
mod tail;

pub use folds::{Fold, folds};
pub use logistic::{Sample, logistic};
pub use tail::{Tail, margin, tail_threshold};
use thiserror::Error;

/// The false-accept rates that a calibration has thresholds for.
pub const NOMINAL: [f64; 3] = [0.01, 0.001, 0.0001];

/// The least that a calibration is fitted on.
///
/// With fewer than 20 speakers 2 to 5 times as many pass as 0.1 % were to (a study of held-out sets), or margins so
/// wide that a third of the targets fail (`callprint eval --site`). 100 targets bound the standard error of a
/// false-reject rate of 5 % at 2 %. 380 impostors, those of 20 speakers against each other, leave four above the
/// threshold for 1 %; what is rarer is extrapolated.
pub const LEAST: Counts = Counts { speakers: 20, targets: 100, impostors: 380 };

/// How much there is to fit on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Different speakers.
    pub speakers: usize,
    /// Trials of the enrolled speaker.
    pub targets: usize,
    /// Trials of another speaker.
    pub impostors: usize,
}

/// Why nothing could be fitted.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum FitError {
    /// There is too little to fit on.
    #[error(
        "too little to calibrate on: {} speakers, {} targets and {} impostors were scored; at least {} speakers, {} \
        targets \
         and {} impostors are needed",
        .found.speakers, .found.targets, .found.impostors, LEAST.speakers, LEAST.targets, LEAST.impostors
    )]
    TooLittle {
        /// The counts found.
        found: Counts,
    },
    /// Samples differ in their number of features, or a feature is no number.
    #[error("a sample is not {expected} numbers")]
    Features {
        /// How many weights there are.
        expected: usize,
    },
    /// The best weights make a better likeness count less.
    #[error("these trials make likeness speak against the speaker: are the labels the wrong way round?")]
    Backwards,
}

impl FitError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLittle { .. } => "calibrate_too_little",
            Self::Features { .. } => "calibrate_features",
            Self::Backwards => "calibrate_backwards",
        }
    }
}

/// Refuses what is too little to fit on.
///
/// # Errors
/// [`FitError::TooLittle`] with what there is.
pub fn is_enough(found: Counts) -> Result<(), FitError> {
    let enough =
        found.speakers >= LEAST.speakers && found.targets >= LEAST.targets && found.impostors >= LEAST.impostors;
    if enough { Ok(()) } else { Err(FitError::TooLittle { found }) }
}

/// Counts speakers and trials.
pub fn count(samples: &[Sample]) -> Counts {
    let mut speakers: Vec<usize> = samples.iter().flat_map(|sample| [sample.model, sample.probe]).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let targets = samples.iter().filter(|sample| sample.is_target).count();
    Counts { speakers: speakers.len(), targets, impostors: samples.len() - targets }
}

/// The ratios of samples under weights, as trials of speakers.
pub fn scored(samples: &[Sample], weights: &[f64]) -> Vec<super::metrics::SpeakerTrial> {
    let trial = |sample: &Sample| super::metrics::SpeakerTrial {
        score: logistic::dot(&sample.features, weights) as f32,
        is_target: sample.is_target,
        model: sample.model,
        probe: sample.probe,
    };
    samples.iter().map(trial).collect()
}

/// Thresholds for the nominal rates with their margins, and whether each was extrapolated.
///
/// None without impostors.
pub fn thresholds(trials: &[super::metrics::SpeakerTrial], seed: u64) -> Option<[Tail; 3]> {
    let impostors: Vec<_> = trials.iter().filter(|trial| !trial.is_target).copied().collect();
    let mut scores: Vec<(f32, f64)> = impostors.iter().map(|trial| (trial.score, 1.0)).collect();
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |far: f64| {
        let tail = tail_threshold(&scores, far)?;
        Some(Tail { threshold: tail.threshold + margin(&impostors, far, seed), ..tail })
    };
    Some([at(NOMINAL[0])?, at(NOMINAL[1])?, at(NOMINAL[2])?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_is_refused_with_what_there_is_and_what_is_needed() {
        let refused = is_enough(Counts { speakers: 6, targets: 1_248, impostors: 6_240 }).unwrap_err();
        assert_eq!(refused.code(), "calibrate_too_little");
        let text = refused.to_string();
        assert!(text.contains("6 speakers, 1248 targets") && text.contains("at least 20 speakers, 100"), "{text}");
        assert_eq!(is_enough(LEAST), Ok(()));
    }
}
