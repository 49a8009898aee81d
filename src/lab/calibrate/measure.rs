//! Scores of all trials of a set, to calibrate by.

use super::Material;
use crate::engine::{Engine, Voice};
use crate::lab::lists::SetArg;
use crate::lab::speakers::Roll;
use crate::lab::{listen, voices};
use crate::scoring::fit::{self, Sample};
use crate::scoring::{Calibration, ScoreError, Voiceprint};

/// Listens to all sets and measures every trial that has a score.
///
/// # Errors
/// A list or recording that cannot be read, or a model that fails.
pub(super) fn listen(engine: &Engine, sets: &[SetArg], threads: usize) -> anyhow::Result<Material> {
    let (mut samples, mut roll) = (Vec::new(), Roll::default());
    for set in sets {
        let lists = set.read()?;
        let speakers = roll.enter(&lists);
        let heard = listen::listen(engine, &lists.recordings, threads)?;
        let voices = voices::enroll(engine, &lists, |take| &heard[take]);
        for trial in &lists.trials {
            let voice = heard[trial.probe].take.as_ref().ok().and_then(|take| take.voice.as_ref().ok());
            let (Some(voiceprint), Some(voice)) = (&voices.voiceprints[trial.enrollment], voice) else { continue };
            samples.push(Sample {
                features: features(engine, voiceprint, voice)?,
                is_target: trial.is_target,
                model: speakers.of_enrollment[trial.enrollment],
                probe: speakers.of_recording[trial.probe],
            });
        }
    }
    let counts = fit::count(&samples);
    let prior = engine.calibration().weights().map(f64::from).into();
    Ok(Material { samples, counts, source: source(sets), prior })
}

/// The values that the weights multiply, in the order of [`Calibration::FEATURES`].
fn features(engine: &Engine, voiceprint: &Voiceprint, voice: &Voice) -> Result<Vec<f64>, ScoreError> {
    let (cosine, _) = engine.score(voiceprint, voice)?;
    let heard_s = voice.heard_ms as f32 / 1000.0;
    Ok(Calibration::features(cosine, heard_s, voiceprint.agreement().mean).map(f64::from).into())
}

fn source(sets: &[SetArg]) -> String {
    let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).filter(|name| !name.is_empty()).collect();
    if names.is_empty() { "lists".to_owned() } else { format!("lists: {}", names.join(", ")) }
}
