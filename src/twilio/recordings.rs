use thiserror::Error;

use crate::config;
use crate::types::RecordingSid;

/// Why a recording could not be had, or deleted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RecordingError {
    /// The API base or the account's id is malformed.
    #[error("{setting} is malformed")]
    Misconfigured {
        /// The configuration key.
        setting: &'static str,
    },
    /// It did not become available within the time it may take.
    #[error("recording is not available after {waited_ms} ms")]
    NotReady {
        /// How long was waited.
        waited_ms: u64,
    },
    /// The provider does not take our credentials, or does not know the request.
    #[error("the provider refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// It is larger than any take.
    #[error("recording is larger than {max} bytes")]
    TooLarge {
        /// The cap, in bytes.
        max: usize,
    },
    /// What came is not a WAV file.
    #[error("what the provider sent is not a recording")]
    NotAudio,
    /// No usable answer: connection, TLS, time-out, redirect, or a fault at the provider.
    #[error("the provider cannot be reached")]
    Unreachable,
}

impl RecordingError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Misconfigured { .. } => "recording_misconfigured",
            Self::NotReady { .. } => "recording_not_ready",
            Self::Refused { .. } => "recording_refused",
            Self::TooLarge { .. } => "recording_too_large",
            Self::NotAudio => "recording_not_audio",
            Self::Unreachable => "provider_unreachable",
        }
    }
}

/// The provider's recordings: fetched once by id, then deleted.
pub struct Recordings {}

impl Recordings {
    /// Prepares a client for one account; `max_bytes` caps a recording.
    ///
    /// # Errors
    /// [`RecordingError::Misconfigured`] when no URL can be built from the configuration.
    pub fn new(_config: &config::Twilio, _max_bytes: usize) -> Result<Self, RecordingError> {
        todo!()
    }

    /// Fetches a recording, waiting until the provider has it.
    ///
    /// # Errors
    /// [`RecordingError`]
    pub async fn fetch(&self, _sid: &RecordingSid) -> Result<Vec<u8>, RecordingError> {
        todo!()
    }

    /// Deletes a recording; one that is gone already counts as deleted.
    ///
    /// # Errors
    /// [`RecordingError`]
    pub async fn delete(&self, _sid: &RecordingSid) -> Result<(), RecordingError> {
        todo!()
    }
}
