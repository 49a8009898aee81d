//! Why a turn of a call could not be answered.

use thiserror::Error;

use super::TokenError;
use crate::dialog::StateError;
use crate::store::StoreError;
use crate::twilio::RecordingError;
use crate::twiml::TwimlError;

/// Why a turn could not be answered. Whatever it is, the caller hears an apology and is not authenticated.
#[derive(Debug, Error)]
pub enum CallError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The reply could not be put into words.
    #[error(transparent)]
    Twiml(#[from] TwimlError),
    /// The signed result could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The call's state cannot be read, and it could not be ended either.
    #[error(transparent)]
    State(#[from] StateError),
    /// A take's stored outcome cannot be read.
    #[error("a take's outcome is not readable: {0}")]
    Outcome(#[from] serde_json::Error),
    /// The provider's API is misconfigured.
    #[error(transparent)]
    Recordings(#[from] RecordingError),
    /// A turn of a call that never came in here.
    #[error("no such call")]
    UnknownCall,
    /// The call's line is no longer configured.
    #[error("the call's line is no longer configured")]
    NoLine,
    /// The system gives no thread to hear streams on.
    #[error("no thread to hear streams on: {0}")]
    NoThread(std::io::Error),
    /// Reports cannot be sent.
    #[error("reports cannot be sent: {0}")]
    Reports(#[from] reqwest::Error),
    /// The turn took longer than the provider waits.
    #[error("the turn took too long")]
    TooSlow,
}

impl CallError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Twiml(error) => error.code(),
            Self::Token(TokenError::NoSecret) => "token_no_secret",
            Self::Token(TokenError::Sign(_)) => "token_sign",
            Self::State(error) => error.code(),
            Self::Outcome(_) => "outcome_malformed",
            Self::Recordings(error) => error.code(),
            Self::UnknownCall => "unknown_call",
            Self::NoLine => "no_line",
            Self::NoThread(_) => "no_thread",
            Self::Reports(_) => "reports",
            Self::TooSlow => "too_slow",
        }
    }
}
