//! Why a webhook or a socket of the provider's is refused.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use thiserror::Error;

use crate::twilio::{FormError, SignatureError};

/// Why a webhook was turned away before it reached a call.
///
/// The answer never says more than the status: senders of unsigned requests learn nothing from it.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    /// The body did not arrive whole, or is larger than any webhook.
    #[error("the body is too large or incomplete")]
    Body,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    Slow,
    /// The body is not a form of a call.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The signature is missing or wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Signed, but about an account that is not ours.
    #[error("the webhook is about another account")]
    OtherAccount,
    /// Signed, but the query is not one of ours.
    #[error("the query is not one of ours")]
    Query,
    /// More requests at once than `server.max_requests`.
    #[error("too many requests at once")]
    Busy,
}

impl Refusal {
    /// The stable machine code, for the log and the counter.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Body => "body_too_large",
            Self::Slow => "body_too_slow",
            Self::Form(error) => error.code(),
            Self::Signature(error) => error.code(),
            Self::OtherAccount => "other_account",
            Self::Query => "bad_query",
            Self::Busy => "busy",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Form(_) | Self::Query => StatusCode::BAD_REQUEST,
            Self::Signature(_) | Self::OtherAccount => StatusCode::FORBIDDEN,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        tracing::warn!(code = self.code(), "refused a webhook: {self}");
        metrics::counter!(super::metrics::REFUSED, "code" => self.code()).increment(1);
        self.status().into_response()
    }
}
