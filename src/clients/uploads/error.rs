//! Why an upload failed.

use thiserror::Error;

use super::ChallengeError;
use crate::audio::AudioError;
use crate::calls::TokenError;
use crate::clients::client::ClientError;
use crate::judging::Fault;
use crate::store::StoreError;
use crate::types::Reason;

/// Why an upload, a session or a token failed. No user is authenticated then.
#[derive(Debug, Error)]
pub enum UploadError {
    /// The tenant has no user of that id with a voiceprint.
    #[error("User must enroll before verification")]
    ProfileNotFound,
    /// The user has a voiceprint, and nothing was shown that allows another.
    #[error("the user is enrolled; to enroll anew send a `code` made for them by POST /v1/codes")]
    AlreadyEnrolled,
    /// The enrollment code is wrong, used, expired or another user's.
    #[error("the enrollment code is not valid")]
    BadCode,
    /// The user never agreed to a voiceprint.
    #[error("the user has not consented to a voiceprint")]
    NoConsent,
    /// The user has withdrawn consent.
    #[error("the user has opted out")]
    OptedOut,
    /// The take is not good enough.
    #[error("{}", advice(*.0))]
    Take(Reason),
    /// The audio cannot be used.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// More uploads at once than can be heard.
    #[error("more is said at once than can be heard; try again")]
    Busy,
    /// There is no such session of this user.
    #[error("there is no such session of this user")]
    SessionUnknown,
    /// The session was answered before.
    #[error("the session was answered before; start another one")]
    SessionUsed,
    /// The session's time is over.
    #[error("the session has expired; start another one")]
    SessionExpired,
    /// The challenge asks for nothing any more.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// The client may not act for that user.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A token could not be signed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Something on our side failed while the voice was judged.
    #[error("the voice could not be judged: {0}")]
    Judging(Fault),
}

impl UploadError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ProfileNotFound => "profile_not_found",
            Self::AlreadyEnrolled => "already_enrolled",
            Self::BadCode => "code_invalid",
            Self::NoConsent => "no_consent",
            Self::OptedOut => "opted_out",
            Self::Take(reason) => reason.code(),
            Self::Audio(error) => error.code(),
            Self::Busy => "overloaded",
            Self::SessionUnknown => "session_not_found",
            Self::SessionUsed => "session_used",
            Self::SessionExpired => "session_expired",
            Self::Challenge(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Token(_) | Self::Judging(_) => "unavailable",
        }
    }
}

impl From<Fault> for UploadError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Audio(error) => Self::Audio(error),
            Fault::Store(error) => Self::Store(error),
            fault => Self::Judging(fault),
        }
    }
}

/// Advice for the user; it says nothing that would help a voice that does not match.
pub(in crate::clients) const fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::NoSpeech => "no speech was heard",
        Reason::TooShort => "too little was said: say the whole sentence",
        Reason::TooQuiet => "too quiet: speak up, or come closer to the microphone",
        Reason::TooLoud => "too loud: move away from the microphone",
        Reason::TooNoisy => "too noisy: find a quieter place",
        Reason::Clipped => "the recording is cut off at its peaks: lower the input level",
        Reason::PhraseMismatch => "something else was said than was asked for",
        Reason::TakesDiffer => "the takes are not alike: begin again, with the same sentence and the same voice",
        Reason::VoiceMismatch => "the voice does not match",
        Reason::ReplaySuspected => "this was heard before: say it again instead",
        Reason::SyntheticSuspected => "the voice appears to be made by a machine",
        Reason::ChallengeExpired => "the answer came too late",
        Reason::LockedOut => "too many failures",
        Reason::OptedOut => "the user has opted out",
        Reason::NotEnrolled => "the user is not enrolled",
        Reason::Unavailable => "the voice could not be judged: try again",
    }
}
