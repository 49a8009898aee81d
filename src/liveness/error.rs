use thiserror::Error;

use crate::types::bytes::BadBytes;

/// Why a fingerprint cannot be had.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LivenessError {
    /// Stored bytes are no fingerprint of this version.
    #[error("stored fingerprint cannot be read: {0}")]
    Format(#[from] BadBytes),
}

impl LivenessError {
    /// The stable machine code, `snake_case`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Format(_) => "fingerprint_format",
        }
    }
}
