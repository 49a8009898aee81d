use std::collections::BTreeSet;

use super::Sample;
use crate::scoring::metrics::Random;

/// Samples to fit on and samples to measure on, which share no speaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// Both voices of each are of speakers to fit on.
    pub fit: Vec<Sample>,
    /// Both voices of each are of the other speakers.
    pub measure: Vec<Sample>,
}

/// Splits speakers into `count` parts; each part is measured on once, with all the others fitted on.
///
/// Samples that compare a voice of one side with one of the other are in neither. The seed decides who is where.
pub fn folds(samples: &[Sample], count: usize, seed: u64) -> Vec<Fold> {
    let speakers: BTreeSet<usize> = samples.iter().flat_map(|sample| [sample.model, sample.probe]).collect();
    let mut speakers: Vec<usize> = speakers.into_iter().collect();
    Random::new(seed).shuffle(&mut speakers);
    let part = |at: usize| speakers.iter().skip(at).step_by(count.max(1)).copied().collect::<BTreeSet<usize>>();
    let both = |held: &BTreeSet<usize>, is_held: bool| {
        let is_in = |speaker: &usize| held.contains(speaker) == is_held;
        samples.iter().filter(|sample| is_in(&sample.model) && is_in(&sample.probe)).cloned().collect()
    };
    let fold = |at| {
        let held = part(at);
        Fold { fit: both(&held, false), measure: both(&held, true) }
    };
    (0..count).map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_on_both_sides_and_everybody_is_measured_once() {
        let pairs = (0..9).flat_map(|model| (0..9).map(move |probe| (model, probe)));
        let samples: Vec<Sample> =
            pairs.map(|(model, probe)| Sample { features: vec![], is_target: model == probe, model, probe }).collect();
        let found = folds(&samples, 3, 5);
        let speakers = |samples: &[Sample]| samples.iter().flat_map(|s| [s.model, s.probe]).collect::<BTreeSet<_>>();
        let mut measured = Vec::new();
        for fold in &found {
            assert!(speakers(&fold.fit).is_disjoint(&speakers(&fold.measure)));
            assert_eq!((fold.fit.len(), fold.measure.len()), (36, 9));
            measured.extend(speakers(&fold.measure));
        }
        measured.sort_unstable();
        assert_eq!(measured, (0..9).collect::<Vec<_>>());
        assert_eq!(found, folds(&samples, 3, 5));
    }
}
