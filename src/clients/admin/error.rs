//! Why an administrator's request failed.

use thiserror::Error;

use crate::clients::client::ClientError;
use crate::clients::paging::PageError;
use crate::store::StoreError;
use crate::types::OutOfRange;

/// Why an administrator's request failed.
#[derive(Debug, Error)]
pub enum AdminError {
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
    /// A code without an owner is good on the phone, which the tenant `main` answers.
    #[error("say whose code it is: only the tenant `main` makes codes for whoever types them")]
    NoOwner,
    /// More than one name, and they might not agree.
    #[error("give a caller or a user_id, not both")]
    TwoNames,
    /// A number out of its range.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The page cannot be had.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The client may not name that user.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl AdminError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownCaller => "caller_not_found",
            Self::Taken => "taken",
            Self::NoName | Self::TwoNames => "invalid_request",
            Self::NumberElsewhere => "number_not_allowed",
            Self::NoOwner => "owner_missing",
            Self::OutOfRange(_) => "out_of_range",
            Self::Page(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownCaller => Self::UnknownCaller,
            StoreError::Taken => Self::Taken,
            error => Self::Store(error),
        }
    }
}
