//! Error rates by speaker.

use serde::Serialize;

use crate::lab::speakers::Roll;
use crate::scoring::metrics::SpeakerTrial;

/// How one speaker fared, on both sides; rates are fractions at one threshold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct SpeakerRow {
    pub(super) speaker: String,
    /// Trials of the speaker's own.
    pub(super) targets: usize,
    /// Of these, rejected.
    pub(super) frr: f64,
    /// Trials of others against the speaker's voiceprints.
    pub(super) impostors_against: usize,
    /// Of these, accepted: high for a lamb, who is easily imitated.
    pub(super) far_against: f64,
    /// Trials of the speaker against others' voiceprints.
    pub(super) impostors_by: usize,
    /// Of these, accepted: high for a wolf, who easily imitates.
    pub(super) far_by: f64,
    /// Mean score of the speaker's own trials that have one.
    pub(super) mean_target: Option<f64>,
    /// Mean score of the others against the speaker.
    pub(super) mean_impostor: Option<f64>,
}

/// One row a speaker, the worst first: by false rejects, then by false accepts on either side, then by how close it
/// was.
pub(super) fn table(trials: &[SpeakerTrial], roll: &Roll, threshold: f32) -> Vec<SpeakerRow> {
    let mut speakers: Vec<usize> = trials.iter().flat_map(|trial| [trial.model, trial.probe]).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let mut rows: Vec<SpeakerRow> =
        speakers.into_iter().map(|one| row(trials, roll.name(one), one, threshold)).collect();
    let badness = |row: &SpeakerRow| (row.frr, row.far_against + row.far_by, -row.mean_target.unwrap_or_default());
    rows.sort_by(|a, b| {
        let (a, b) = (badness(a), badness(b));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(b.2.total_cmp(&a.2))
    });
    rows
}

fn row(trials: &[SpeakerTrial], name: &str, one: usize, threshold: f32) -> SpeakerRow {
    let of = |wanted: fn(&SpeakerTrial, usize) -> bool| {
        let scores: Vec<f32> = trials.iter().filter(|trial| wanted(trial, one)).map(|trial| trial.score).collect();
        let accepted = scores.iter().filter(|&&score| score >= threshold).count();
        let rate = if scores.is_empty() { 0.0 } else { accepted as f64 / scores.len() as f64 };
        let finite: Vec<f64> = scores.iter().filter(|score| score.is_finite()).map(|&score| f64::from(score)).collect();
        let mean = (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64);
        (scores.len(), rate, mean)
    };
    let (targets, accepted, mean_target) = of(|trial, one| trial.is_target && trial.model == one);
    let (impostors_against, far_against, mean_impostor) = of(|trial, one| !trial.is_target && trial.model == one);
    let (impostors_by, far_by, _) = of(|trial, one| !trial.is_target && trial.probe == one);
    SpeakerRow {
        speaker: name.to_owned(),
        targets,
        frr: if targets == 0 { 0.0 } else { 1.0 - accepted },
        impostors_against,
        far_against,
        impostors_by,
        far_by,
        mean_target,
        mean_impostor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambs_are_imitated_wolves_imitate_and_the_worst_come_first() {
        let mut roll = Roll::default();
        let [goat, lamb, wolf] = ["goat", "lamb", "wolf"].map(|name| roll.index(name));
        let trial = |model, probe, score| SpeakerTrial { score, is_target: model == probe, model, probe };
        let trials = [
            trial(goat, goat, -1.0),
            trial(goat, goat, 3.0),
            trial(lamb, lamb, 6.0),
            trial(wolf, wolf, 7.0),
            trial(lamb, wolf, 2.0),
            trial(lamb, goat, f32::NEG_INFINITY),
            trial(goat, lamb, -5.0),
        ];
        let rows = table(&trials, &roll, 1.0);
        assert_eq!(rows.iter().map(|row| row.speaker.as_str()).collect::<Vec<_>>(), ["goat", "wolf", "lamb"]);
        assert_eq!((rows[0].targets, rows[0].frr, rows[0].mean_target), (2, 0.5, Some(1.0)));
        assert_eq!((rows[1].far_by, rows[1].impostors_by, rows[1].mean_impostor), (1.0, 1, None));
        assert_eq!((rows[2].far_against, rows[2].impostors_against, rows[2].mean_impostor), (0.5, 2, Some(2.0)));
    }
}
