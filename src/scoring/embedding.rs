use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ScoreError;
use crate::types::Cosine;

/// The speaker model (with its front end and back end) that made an embedding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ModelId(Arc<str>);

impl ModelId {
    /// The id as the manifest spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ModelId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for ModelId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A voice as a direction: unit length, projected, bound to its model.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    model: ModelId,
    values: Vec<f32>,
}

impl Embedding {
    /// Scales values to unit length.
    ///
    /// # Errors
    /// [`ScoreError::NoDirection`] when there is no direction to keep.
    pub fn unit(_model: ModelId, _values: Vec<f32>) -> Result<Self, ScoreError> {
        todo!()
    }

    /// The model that made it.
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The values; their squares sum to 1.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Cosine of the angle to another embedding.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when another model made it.
    pub fn cosine(&self, _other: &Self) -> Result<Cosine, ScoreError> {
        todo!()
    }
}

/// How well several takes agree: cosines over all pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The mean of the pairs.
    pub mean: Cosine,
    /// The lowest pair.
    pub min: Cosine,
}

/// Compares every pair of takes; a single take agrees with itself.
///
/// # Errors
/// [`ScoreError::NoTakes`] without takes, [`ScoreError::ModelMismatch`] when their models differ.
pub fn agreement(_takes: &[Embedding]) -> Result<Agreement, ScoreError> {
    todo!()
}
