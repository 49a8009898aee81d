//! Why a request of a program written for `VoiceIt` failed; `http` says it in `VoiceIt`'s codes.

use thiserror::Error;

use crate::clients::client::ClientError;
use crate::clients::uploads::UploadError;
use crate::judging::Fault;
use crate::store::StoreError;

/// Why a request of a program written for `VoiceIt` failed.
#[derive(Debug, Error)]
pub enum VoiceItError {
    /// The key and token are worth nothing, or allow too little.
    #[error("the API key and token are not valid here, or lack a scope: enroll, verify and admin are needed")]
    Account,
    /// There is no such user.
    #[error("there is no such user")]
    UserUnknown,
    /// There is no such thing.
    #[error("there is no such {0}")]
    Absent(&'static str),
    /// A field is missing.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// No line has a phrase in that language.
    #[error("no line here has a phrase in that language")]
    NoPhrases,
    /// The phrase is none of those that lines have.
    #[error("the phrase is none of those that are spoken here: see GET /phrases/{{contentLanguage}}")]
    OtherPhrase,
    /// The user has no enrollments.
    #[error("the user has fewer than three enrollments")]
    NotEnrolled,
    /// The user has too few enrollments of that phrase.
    #[error("the user has fewer than three enrollments of that phrase")]
    NotOfPhrase,
    /// Something else was said than before.
    #[error("something else was said than in the enrollments before")]
    OtherWords,
    /// It is another voice than before.
    #[error("the voice is not like those of the enrollments before")]
    OtherVoice,
    /// The group has more users than can be told apart.
    #[error("the group has more than {0} users: nobody is told from so many by voice alone")]
    GroupTooLarge(usize),
    /// The file behind a URL could not be had.
    #[error("the file could not be fetched: {0}")]
    Url(String),
    /// It is not served here.
    #[error("{0} is not served here")]
    Unsupported(&'static str),
    /// The audio, or what was heard of it.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ClientError> for VoiceItError {
    fn from(error: ClientError) -> Self {
        Self::Upload(error.into())
    }
}

impl From<Fault> for VoiceItError {
    fn from(fault: Fault) -> Self {
        Self::Upload(fault.into())
    }
}
