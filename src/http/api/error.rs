use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer that is no success.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    body: Told,
}

/// What the client is told: a stable code, and for people a sentence.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    error: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The window of a rate limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
}

impl ApiError {
    /// An error whose code says it all.
    pub(super) fn new(status: StatusCode, code: &'static str) -> Self {
        Self::said(status, code, code.replace('_', " "))
    }

    /// An error with words of its own.
    pub(super) fn said(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, body: Told { error: code, message, retry_after_ms: None, scope: None } }
    }

    /// Something failed on our side, which is nobody else's to know.
    pub(super) fn ours(code: &'static str, error: &dyn Display) -> Self {
        tracing::error!(code, "a client could not be answered: {error}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    }

    /// The same with when to try again.
    pub(super) fn retry(mut self, after_ms: u64) -> Self {
        self.body.retry_after_ms = Some(after_ms);
        self
    }

    /// The same with the window of the limit that was met.
    pub(super) fn scope(mut self, scope: &'static str) -> Self {
        self.body.scope = Some(scope);
        self
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        let message = error.to_string();
        let (status, code) = match error.classify() {
            serde_json::error::Category::Data if message.starts_with("unknown field") => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unknown_field")
            }
            serde_json::error::Category::Data => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"),
            _ => (StatusCode::BAD_REQUEST, "malformed_json"),
        };
        Self::said(status, code, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        metrics::counter!(crate::http::metrics::API_REFUSED, "code" => self.body.error).increment(1);
        let seconds = self.body.retry_after_ms.map(|ms| ms.div_ceil(1000));
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
