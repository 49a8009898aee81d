use std::path::Path;

use ort::session::Session;
use ort::value::TensorRef;

use super::contract::{Expected, check_entry};
use super::manifest::{ElementType, Entry, PLUS};
use super::pool::Pool;
use super::session::Opener;
use super::spec::read_backend;
use super::{ModelError, SpeakerSpec};
use crate::features::Features;
use crate::scoring::{Backend, Calibration, ModelId};
use crate::types::Cosine;

const INPUTS: [Expected<'static>; 2] = [
    ("fbank", ElementType::F32, &[Some(1), None, Some(Features::BINS)]),
    ("weights", ElementType::F32, &[Some(1), None]),
];

/// The parts around a second model: its weight beside the speaker model, and the calibration of both together.
#[derive(Clone, Debug)]
pub struct SecondModelSpec {
    /// The ids of both models, joined; embeddings and voiceprints of both carry it.
    pub id: ModelId,
    /// From its raw embeddings to comparable ones.
    pub backend: Backend,
    /// The weight of its likeness; see [`Embedding::joined`](crate::scoring::Embedding::joined).
    pub share: f32,
    /// From the likeness by both to log-likelihood ratios, and the thresholds.
    pub calibration: Calibration,
    /// The lowest cosine by both between two takes of one enrollment.
    pub least_agreement: Cosine,
}

impl SecondModelSpec {
    /// Reads what surrounds a second model beside a speaker model.
    ///
    /// # Errors
    /// As [`SpeakerSpec::read`].
    pub(super) fn read(entry: &Entry, speaker: &SpeakerSpec, folder: &Path) -> Result<Self, ModelError> {
        let Some(beside) = &entry.beside else { return Err(entry.contract("it is beside no speaker model")) };
        let (backend, calibration) = read_backend(entry, &ModelId::from(entry.id.as_str()), folder)?;
        Ok(Self {
            id: ModelId::from(format!("{}{PLUS}{}", speaker.id, entry.id)),
            backend,
            share: beside.share,
            calibration: calibration.scale,
            least_agreement: Cosine(calibration.min_take_agreement),
        })
    }
}

/// The second model: the speaker model's features in, one raw embedding out.
#[derive(Debug)]
pub(super) struct SecondModel {
    pub(super) spec: SecondModelSpec,
    id: String,
    sessions: Pool<Session>,
}

impl SecondModel {
    pub(super) fn load(entry: &Entry, spec: SecondModelSpec, opener: &Opener) -> Result<Self, ModelError> {
        let embedding = [Some(1), Some(spec.backend.dimension())];
        check_entry(entry, &INPUTS, &[("embedding", ElementType::F32, &embedding)])?;
        Ok(Self { spec, id: entry.id.clone(), sessions: opener.open(entry)? })
    }

    /// The raw embedding of at least one frame; every value is finite.
    pub(super) fn embed(&self, features: &Features) -> Result<Vec<f32>, ModelError> {
        if features.frames() == 0 {
            return Err(self.failed("there is no frame to embed".to_owned()));
        }
        let mut session = self.sessions.borrow();
        let embedding = run(&mut session, features).map_err(|error| self.failed(error.to_string()))?;
        let values = self.spec.backend.dimension();
        if embedding.len() != values || embedding.iter().any(|value| !value.is_finite()) {
            return Err(self.failed(format!("its output is not {values} finite values")));
        }
        Ok(embedding)
    }

    fn failed(&self, problem: String) -> ModelError {
        ModelError::Inference { model: self.id.clone(), problem }
    }
}

/// Every frame counts the same: leaving out the pauses was measured, and is no better.
fn run(session: &mut Session, features: &Features) -> ort::Result<Vec<f32>> {
    let frames = features.frames();
    let weights = vec![1.0_f32; frames];
    let outputs = session.run(ort::inputs![
        "fbank" => TensorRef::from_array_view(([1, frames, Features::BINS], features.values()))?,
        "weights" => TensorRef::from_array_view(([1, frames], &weights[..]))?,
    ])?;
    let (_, embedding) = outputs["embedding"].try_extract_tensor::<f32>()?;
    Ok(embedding.to_vec())
}
