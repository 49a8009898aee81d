//! Why a listening cannot be had.

use thiserror::Error;

use crate::store::StoreError;
use crate::twiml::TwimlError;

/// Why a listening could not be had.
#[derive(Debug, Error)]
pub enum ListeningError {
    /// There is no listening of that id.
    #[error("there is no listening of that id")]
    Unknown,
    /// The request asks for a line that is not configured.
    #[error("there is no line of that name")]
    UnknownLine,
    /// A field is longer than it may be.
    #[error("{field} is longer than {most} characters")]
    TooLong {
        /// Which.
        field: &'static str,
        /// The most characters.
        most: usize,
    },
    /// There is no such caller, or they have no voiceprint.
    #[error("the caller has no voiceprint")]
    NotEnrolled,
    /// The caller does not want to be listened to.
    #[error("the caller has withdrawn consent")]
    OptedOut,
    /// The snippet cannot be written.
    #[error(transparent)]
    Twiml(#[from] TwimlError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListeningError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "not_found",
            Self::UnknownLine => "unknown_line",
            Self::TooLong { .. } => "too_long",
            Self::NotEnrolled => "not_enrolled",
            Self::OptedOut => "opted_out",
            Self::Twiml(_) | Self::Store(_) => "unavailable",
        }
    }
}
