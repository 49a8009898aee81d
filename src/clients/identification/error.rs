//! Why an identification, or a change of the watch-list, failed.

use thiserror::Error;

use crate::clients::admin::AdminError;
use crate::clients::client::ClientError;
use crate::clients::uploads::UploadError;
use crate::judging::Fault;
use crate::store::{MOST_WATCHED, StoreError};
use crate::types::{OutOfRange, Reason};

/// Why an identification, or a change of the watch-list, failed.
#[derive(Debug, Error)]
pub enum IdentificationError {
    /// A number out of its range.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// A label that cannot be shown.
    #[error("label must have 1 to 200 characters, none of them a control character")]
    Label,
    /// The tenant's list has no such voice.
    #[error("there is no such voice on the watch-list")]
    UnknownWatch,
    /// The tenant's list is full.
    #[error("the watch-list has {MOST_WATCHED} voices, which is the most")]
    WatchListFull,
    /// The audio, or the judging of it.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// A caller could not be looked up.
    #[error(transparent)]
    Caller(#[from] AdminError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl IdentificationError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutOfRange(_) => "out_of_range",
            Self::Label => "invalid_label",
            Self::UnknownWatch => "watch_not_found",
            Self::WatchListFull => "watch_list_full",
            Self::Upload(error) => error.code(),
            Self::Caller(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl From<StoreError> for IdentificationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooMany => Self::WatchListFull,
            error => Self::Store(error),
        }
    }
}

impl From<ClientError> for IdentificationError {
    fn from(error: ClientError) -> Self {
        Self::Upload(error.into())
    }
}

impl From<Fault> for IdentificationError {
    fn from(fault: Fault) -> Self {
        Self::Upload(fault.into())
    }
}

impl From<Reason> for IdentificationError {
    fn from(reason: Reason) -> Self {
        Self::Upload(UploadError::Take(reason))
    }
}
