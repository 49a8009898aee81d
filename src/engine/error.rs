use thiserror::Error;

use crate::audio::AudioError;
use crate::models::ModelError;
use crate::phrase::PhraseError;
use crate::scoring::ScoreError;

/// Why a take could not be examined. Never the speaker's fault, and never a pass.
#[derive(Debug, Error)]
pub enum EngineError {
    /// A model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A model's output cannot be used.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The sound cannot be brought to a model's rate.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The words cannot be compared.
    #[error(transparent)]
    Phrase(#[from] PhraseError),
}

impl EngineError {
    /// The stable machine code, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Model(error) => error.code(),
            Self::Score(error) => error.code(),
            Self::Audio(error) => error.code(),
            Self::Phrase(error) => error.code(),
        }
    }
}
