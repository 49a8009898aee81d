//! Why a take could not be judged. Each room turns it into its own error; a caller is never authenticated by one.

use thiserror::Error;

use crate::audio::AudioError;
use crate::engine::{EngineError, EnrolledError};
use crate::liveness::LivenessError;
use crate::phrase::PhraseError;
use crate::scoring::ScoreError;
use crate::store::StoreError;
use crate::twilio::RecordingError;

/// Why a take could not be judged.
#[derive(Debug, Error)]
pub enum Fault {
    /// The provider's recording could not be fetched.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The audio cannot be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// A model failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Two voices could not be compared.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A kept voiceprint or take cannot be read.
    #[error(transparent)]
    Enrolled(#[from] EnrolledError),
    /// A kept fingerprint cannot be read.
    #[error(transparent)]
    Fingerprint(#[from] LivenessError),
    /// A kept challenge cannot be read.
    #[error("a challenge cannot be read: {0}")]
    Challenge(PhraseError),
    /// A kept outcome cannot be read.
    #[error("an outcome cannot be read: {0}")]
    Outcome(serde_json::Error),
    /// Takes that agree make no voiceprint.
    #[error("no voiceprint can be made of these takes")]
    Voiceprint,
    /// A thread of the compute pool panicked.
    #[error("the models failed badly")]
    Panicked,
    /// The server stops.
    #[error("the server stops")]
    Stopping,
    /// The call went on without the take.
    #[error("the call went on without it")]
    Unwanted,
}

impl Fault {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Recording(error) => error.code(),
            Self::Audio(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Score(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Enrolled(error) => error.code(),
            Self::Fingerprint(error) => error.code(),
            Self::Challenge(error) => error.code(),
            Self::Outcome(_) => "outcome_malformed",
            Self::Voiceprint => "voiceprint",
            Self::Panicked => "panicked",
            Self::Stopping => "stopping",
            Self::Unwanted => "unwanted",
        }
    }
}
