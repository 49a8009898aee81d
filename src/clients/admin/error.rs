use thiserror::Error;

use crate::clients::admin::BadCursor;
use crate::clients::client::ClientError;
use crate::clients::uploads::UploadError;
use crate::store::{MOST_WATCHED, StoreError};

/// Why an administrator's wish came to nothing.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The tenant has no such caller.
    #[error("there is no such caller")]
    UnknownCaller,
    /// Another caller has the number or the user id.
    #[error("another caller has this user_id or number")]
    Taken,
    /// A caller needs a name.
    #[error("give a user_id, a number, or both")]
    NoName,
    /// Calls by phone are about callers of the tenant `main`.
    #[error("numbers belong to the tenant `main`, which answers the phone: give a user_id")]
    NumberElsewhere,
    /// A code for nobody in particular is good on the phone, which the tenant `main` answers.
    #[error("say whose code it is: only the tenant `main` makes codes for whoever types them")]
    NoOwner,
    /// More than one name, and they might not agree.
    #[error("give a caller or a user_id, not both")]
    TwoNames,
    /// A number out of its range.
    #[error("{name} must be {from} to {to}")]
    OutOfRange {
        /// What was asked for.
        name: &'static str,
        /// The least.
        from: u64,
        /// The most.
        to: u64,
    },
    /// A label that cannot be shown.
    #[error("label must have 1 to 200 characters, none of them a control character")]
    Label,
    /// The tenant's list has no such voice.
    #[error("there is no such voice on the watch-list")]
    UnknownWatch,
    /// The tenant's list is full.
    #[error("the watch-list has {MOST_WATCHED} voices, which is the most")]
    WatchListFull,
    /// The cursor is not one that this list gave out.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    /// The client may not.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The user id, the audio, or the judging of it.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl AccountError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownCaller => "caller_not_found",
            Self::Taken => "taken",
            Self::NoName | Self::TwoNames => "invalid_request",
            Self::NumberElsewhere => "number_not_allowed",
            Self::NoOwner => "owner_missing",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Label => "invalid_label",
            Self::UnknownWatch => "watch_not_found",
            Self::WatchListFull => "watch_list_full",
            Self::Cursor(_) => "invalid_cursor",
            Self::Client(error) => error.code(),
            Self::Upload(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownCaller => Self::UnknownCaller,
            StoreError::Taken => Self::Taken,
            StoreError::TooMany => Self::WatchListFull,
            error => Self::Store(error),
        }
    }
}
