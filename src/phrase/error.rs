use thiserror::Error;

use crate::types::bytes::BadBytes;

/// Why what was said could not be compared.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PhraseError {
    /// Frames of two models, or of one model under two projections.
    #[error("frames of {left} and {right} cannot be compared")]
    Mismatch {
        /// The model and projection of the one.
        left: String,
        /// The model and projection of the other.
        right: String,
    },
    /// A model's output has no use as frames: none, too many, or values that are not numbers.
    #[error("the phrase model's output cannot be used: {0}")]
    Output(&'static str),
    /// There is no enrolled take to compare with.
    #[error("there is no take of the phrase")]
    NoTakes,
    /// Stored bytes are no frames, no challenge or no tokens of this version.
    #[error("{0} cannot be read: {1}")]
    Format(&'static str, BadBytes),
    /// A text holds something that the tokens cannot spell.
    #[error("the text cannot be spelled in the model's tokens")]
    Unspellable,
}

impl PhraseError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Mismatch { .. } => "phrase_model_mismatch",
            Self::Output(_) => "phrase_output",
            Self::NoTakes => "phrase_no_takes",
            Self::Format(..) => "phrase_format",
            Self::Unspellable => "phrase_unspellable",
        }
    }
}
