//! Why a stream ended too early, and how its socket is closed for it.

use thiserror::Error;

use super::socket::{Close, Gone, Received};
use crate::audio::AudioError;
use crate::calls::CallError;
use crate::store::{StoreError, StreamRefusal};
use crate::types::media::FrameError;

/// Why a stream ended too early.
#[derive(Debug, Error)]
pub(crate) enum StreamError {
    /// It did not say what it is in time.
    #[error("no start in time")]
    NoStart,
    /// Audio, or a key, before the start.
    #[error("media before the start")]
    BeforeStart,
    /// A second start.
    #[error("a second start")]
    SecondStart,
    /// It brought no token.
    #[error("no token")]
    NoToken,
    /// Its token is not good for what it says it is.
    #[error("its token is refused: {}", .0.code())]
    Token(StreamRefusal),
    /// It is about another account.
    #[error("another account")]
    OtherAccount,
    /// It names no call.
    #[error("no call of ours")]
    NoCall,
    /// There is nothing to compare a conversation with.
    #[error("there is no voiceprint that can be read")]
    NoVoiceprint,
    /// A message is not one of the protocol.
    #[error(transparent)]
    Message(#[from] FrameError),
    /// Its audio cannot be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// A binary message.
    #[error("a binary message")]
    Binary,
    /// A message beyond every size.
    #[error("a message is too large")]
    TooLarge,
    /// More messages than a stream has.
    #[error("too many messages")]
    Flood,
    /// It stayed open for longer than a turn takes, without enough audio for one.
    #[error("no end in time")]
    TooSlow,
    /// The other end went away in the middle of a turn.
    #[error("the socket broke before the caller had finished")]
    Broken,
    /// The other end does not read what we send.
    #[error("the other end does not read")]
    Deaf,
    /// The speech model failed.
    #[error("the speech model failed")]
    Model,
    /// All slots are taken, or the streams that have one do not keep up.
    #[error("no slot for another stream")]
    Full,
    /// The server stops.
    #[error("the server stops")]
    Stopping,
    /// The call cannot be gone on with.
    #[error(transparent)]
    Session(#[from] CallError),
}

impl StreamError {
    /// The stable machine code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NoStart => "stream_no_start",
            Self::BeforeStart => "stream_before_start",
            Self::SecondStart => "stream_second_start",
            Self::NoToken => "stream_no_token",
            Self::Token(refusal) => refusal.code(),
            Self::OtherAccount => "stream_other_account",
            Self::NoCall => "stream_no_call",
            Self::NoVoiceprint => "stream_no_voiceprint",
            Self::Message(error) => error.code(),
            Self::Audio(error) => error.code(),
            Self::Binary => "stream_binary",
            Self::TooLarge => "stream_too_large",
            Self::Flood => "stream_flood",
            Self::TooSlow => "stream_too_slow",
            Self::Broken => "stream_broken",
            Self::Deaf => "stream_deaf",
            Self::Model => "stream_model",
            Self::Full => "stream_full",
            Self::Stopping => "stream_stopping",
            Self::Session(error) => error.code(),
        }
    }

    /// How the socket is closed for it. What was wrong with a token is for the log alone.
    pub(crate) const fn close(&self) -> Close {
        match self {
            Self::TooLarge | Self::Message(FrameError::TooLarge { .. }) => Close::TooLarge,
            Self::Full => Close::Busy,
            Self::Stopping => Close::GoingAway,
            Self::Model | Self::NoVoiceprint | Self::Session(_) => Close::Failed,
            // The other end may be gone and never hear it.
            _ => Close::Violation,
        }
    }
}

impl<M> Received<M> {
    /// The message that came; none where the protocol has dealt with it by itself.
    pub(crate) fn message(self) -> Result<Option<M>, StreamError> {
        match self {
            Self::Message(message) => Ok(Some(message)),
            Self::Control => Ok(None),
            Self::Binary => Err(StreamError::Binary),
            Self::TooLarge => Err(StreamError::TooLarge),
            Self::Gone => Err(StreamError::Broken),
        }
    }
}

impl From<Gone> for StreamError {
    fn from(Gone: Gone) -> Self {
        Self::Deaf
    }
}

impl From<StoreError> for StreamError {
    fn from(error: StoreError) -> Self {
        Self::Session(error.into())
    }
}
