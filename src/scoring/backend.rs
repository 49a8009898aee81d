use super::{Embedding, ModelId, ScoreError};

/// The fixed projection from a model's raw output to comparable embeddings.
#[derive(Clone, Debug)]
pub struct Backend {
    model: ModelId,
    centre: Vec<f32>,
    nuisance: Vec<Vec<f32>>,
}

impl Backend {
    /// Checks and keeps a centre `[n]` and orthonormal nuisance directions `[k][n]`.
    ///
    /// # Errors
    /// [`ScoreError::Dimension`] or [`ScoreError::NotOrthonormal`].
    pub fn new(model: ModelId, centre: Vec<f32>, nuisance: Vec<Vec<f32>>) -> Result<Self, ScoreError> {
        Ok(Self { model, centre, nuisance })
    }

    /// Values of an embedding.
    pub fn dimension(&self) -> usize {
        self.centre.len()
    }

    /// Projects a model's raw output.
    ///
    /// # Errors
    /// [`ScoreError::Dimension`] for another length, [`ScoreError::NoDirection`] for what has none.
    pub fn project(&self, _raw: &[f32]) -> Result<Embedding, ScoreError> {
        let _ = (&self.model, &self.nuisance);
        todo!()
    }
}
