use thiserror::Error;

use super::ModelId;
use crate::types::bytes::BadBytes;

/// Why nothing could be scored.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ScoreError {
    /// Two embeddings come from different models.
    #[error("embeddings of models {left} and {right} cannot be compared")]
    ModelMismatch {
        /// One model.
        left: ModelId,
        /// The other.
        right: ModelId,
    },
    /// An embedding has another number of values than its model's.
    #[error("an embedding has {found} values, not {expected}")]
    Dimension {
        /// The model's number of values.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// An embedding has no direction: a zero or a value that is not finite.
    #[error("an embedding has no direction")]
    NoDirection,
    /// The directions to remove are not orthonormal.
    #[error("the nuisance directions are not orthonormal")]
    NotOrthonormal,
    /// There is no take to make a voiceprint of.
    #[error("there is no take")]
    NoTakes,
    /// Stored bytes are no voiceprint of this version.
    #[error("stored voiceprint cannot be read: {0}")]
    Format(#[from] BadBytes),
    /// There are no target or no impostor trials, or a score is not a number.
    #[error("error rates need target and impostor scores that are numbers")]
    Trials,
}

impl ScoreError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ModelMismatch { .. } => "score_model_mismatch",
            Self::Dimension { .. } => "score_dimension",
            Self::NoDirection => "score_no_direction",
            Self::NotOrthonormal => "score_not_orthonormal",
            Self::NoTakes => "score_no_takes",
            Self::Format(_) => "score_format",
            Self::Trials => "score_trials",
        }
    }
}
