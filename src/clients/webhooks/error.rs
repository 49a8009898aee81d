//! Why a request about webhooks failed.

use thiserror::Error;

use crate::clients::paging::PageError;
use crate::jobs::UrlError;
use crate::store::{MOST_WEBHOOKS, StoreError};

/// Why a request about webhooks failed.
#[derive(Debug, Error)]
pub enum WebhookError {
    /// The tenant has no such webhook.
    #[error("there is no such webhook")]
    Unknown,
    /// Nothing is sent to such a URL.
    #[error("expected an https:// URL without user name and password")]
    Url,
    /// Nothing is sent to such an address.
    #[error("the URL leads to an address that not everybody can reach")]
    Address,
    /// There is no event of that name.
    #[error("there is no event `{0}`")]
    Event(String),
    /// The tenant has as many as it may have.
    #[error("there are {MOST_WEBHOOKS} webhooks, which is the most")]
    TooMany,
    /// The page cannot be had.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl WebhookError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "webhook_not_found",
            Self::Url => "invalid_url",
            Self::Address => "url_forbidden",
            Self::Event(_) => "invalid_event",
            Self::TooMany => "too_many_webhooks",
            Self::Page(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl From<UrlError> for WebhookError {
    fn from(error: UrlError) -> Self {
        match error {
            UrlError::Malformed => Self::Url,
            UrlError::Forbidden => Self::Address,
        }
    }
}

impl From<StoreError> for WebhookError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooMany => Self::TooMany,
            error => Self::Store(error),
        }
    }
}
