use std::path::Path;

use serde::Deserialize;

use super::manifest::{self, Entry, FrontEnd};
use super::{ModelError, files};
use crate::features::{self, Features};
use crate::scoring::{Backend, Calibration, ModelId};
use crate::types::{Clip8k, Cosine};

/// The parts around a speaker model: everything between a raw embedding and a decision.
#[derive(Clone, Debug)]
pub struct SpeakerSpec {
    /// The model's id; embeddings and voiceprints carry it.
    pub id: ModelId,
    /// From raw embeddings to comparable ones.
    pub backend: Backend,
    /// From likeness to log-likelihood ratios, and the thresholds.
    pub calibration: Calibration,
    /// The lowest cosine between two takes of one enrollment.
    pub least_agreement: Cosine,
}

/// The file with a back end's numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackendNumbers {
    #[serde(rename = "about")]
    _about: String,
    centre: Vec<f32>,
    nuisance: Vec<Vec<f32>>,
}

impl SpeakerSpec {
    /// Reads what surrounds a speaker model, and holds its front end to the one this build computes.
    ///
    /// # Errors
    /// [`ModelError`] of the back end's file, or [`ModelError::Contract`].
    pub(super) fn read(entry: &Entry, folder: &Path) -> Result<Self, ModelError> {
        let id = ModelId::from(entry.id.as_str());
        let (backend, calibration) = read_backend(entry, &id, folder)?;
        let least_agreement = Cosine(calibration.min_take_agreement);
        Ok(Self { id, backend, calibration: calibration.scale, least_agreement })
    }
}

/// Reads the projection of a model's embeddings, and finds what their scores mean.
///
/// # Errors
/// As [`SpeakerSpec::read`].
pub(super) fn read_backend<'e>(
    entry: &'e Entry,
    id: &ModelId,
    folder: &Path,
) -> Result<(Backend, &'e manifest::Calibration), ModelError> {
    let (Some(front_end), Some(backend), Some(calibration)) = (&entry.front_end, &entry.backend, &entry.calibration)
    else {
        return Err(entry.contract("it has no front end, back end or calibration"));
    };
    check_front_end(entry, front_end)?;
    let path = folder.join(&backend.file);
    let bytes = files::read_checked(&path, &backend.sha256)?;
    let refuse = |problem: String| ModelError::Manifest { path: path.clone(), problem };
    let numbers: BackendNumbers = serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
    let backend = Backend::new(id.clone(), numbers.centre, numbers.nuisance);
    Ok((backend.map_err(|error| refuse(error.to_string()))?, calibration))
}

fn check_front_end(entry: &Entry, described: &FrontEnd) -> Result<(), ModelError> {
    let computed = FrontEnd {
        frame_ms: features::FRAME_MS,
        shift_ms: features::SHIFT_MS,
        preemphasis: features::PREEMPHASIS,
        window: features::WINDOW.to_owned(),
        mel_bins: Features::BINS,
        mel_low_hz: features::MEL_LOW_HZ,
        mel_high_hz: features::MEL_HIGH_HZ,
        bins_used: features::BINS_USED,
        floor_ratio: features::FLOOR_RATIO,
    };
    if *described != computed {
        return Err(entry.contract(format!("it needs the front end {described:?}, this build computes {computed:?}")));
    }
    if entry.sample_rate_hz != Clip8k::RATE_HZ {
        let rate = entry.sample_rate_hz;
        return Err(entry.contract(format!("it hears {rate} Hz, this build feeds {} Hz", Clip8k::RATE_HZ)));
    }
    Ok(())
}
