use ort::session::Session;
use ort::value::TensorRef;

use super::ModelError;
use super::contract::{Expected, check_entry};
use super::manifest::{ElementType, Entry};
use super::pool::Pool;
use super::session::Opener;
use crate::features::Features;

const INPUTS: [Expected<'static>; 1] = [("feats", ElementType::F32, &[Some(1), None, Some(Features::BINS)])];

/// The speaker model: features in, one raw embedding out.
#[derive(Debug)]
pub(super) struct SpeakerModel {
    id: String,
    dimension: usize,
    sessions: Pool<Session>,
}

impl SpeakerModel {
    /// `dimension` is the length of the embeddings that the back end projects.
    pub(super) fn load(entry: &Entry, dimension: usize, opener: &Opener) -> Result<Self, ModelError> {
        let embedding = [Some(1), Some(dimension)];
        check_entry(entry, &INPUTS, &[("embedding", ElementType::F32, &embedding)])?;
        Ok(Self { id: entry.id.clone(), dimension, sessions: opener.open(entry)? })
    }

    /// The raw embedding `[dimension]` of at least one frame; every value is finite.
    pub(super) fn embed(&self, features: &Features) -> Result<Vec<f32>, ModelError> {
        if features.frames() == 0 {
            return Err(self.failed("there is no frame to embed".to_owned()));
        }
        let mut session = self.sessions.borrow();
        let embedding = run(&mut session, features).map_err(|error| self.failed(error.to_string()))?;
        if embedding.len() != self.dimension || embedding.iter().any(|value| !value.is_finite()) {
            return Err(self.failed(format!("its output is not {} finite values", self.dimension)));
        }
        Ok(embedding)
    }

    fn failed(&self, problem: String) -> ModelError {
        ModelError::Inference { model: self.id.clone(), problem }
    }
}

fn run(session: &mut Session, features: &Features) -> ort::Result<Vec<f32>> {
    let shape = [1, features.frames(), Features::BINS];
    let outputs = session.run(ort::inputs!["feats" => TensorRef::from_array_view((shape, features.values()))?])?;
    let (_, embedding) = outputs["embedding"].try_extract_tensor::<f32>()?;
    Ok(embedding.to_vec())
}
