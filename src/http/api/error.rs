//! Errors as clients see them: status, stable code, and when to try again. For every handler of the API.

use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::clients::{ChallengeError, UploadError};

/// An answer that is no success.
#[derive(Debug)]
pub(in crate::http) struct ApiError {
    status: StatusCode,
    body: ErrorBody,
}

/// An error as the client sees it: a stable code, and for people a sentence.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ErrorBody {
    /// A stable code.
    error: &'static str,
    /// The same for people.
    message: String,
    /// When to try again, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The window of a rate limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
}

/// How every route for clients answers without success.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(super) enum Failures {
    /// The request is at fault.
    #[response(status = "4XX", description = "Refused.")]
    Refused(ErrorBody),
    /// The server is.
    #[response(status = "5XX", description = "Failed.")]
    Failed(ErrorBody),
}

impl ApiError {
    /// An error whose code says it all.
    pub(in crate::http) fn new(status: StatusCode, code: &'static str) -> Self {
        Self::said(status, code, code.replace('_', " "))
    }

    /// An error with words of its own.
    pub(in crate::http) fn said(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, body: ErrorBody { error: code, message, retry_after_ms: None, scope: None } }
    }

    /// Something failed on our side; the client is told only that.
    pub(in crate::http) fn ours(code: &'static str, error: &dyn Display) -> Self {
        tracing::error!(code, "a client could not be answered: {error}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable").retry(ROOM_AFTER_MS)
    }

    /// Whether it refuses more bytes than are taken.
    pub(in crate::http) fn is_too_large(&self) -> bool {
        self.status == StatusCode::PAYLOAD_TOO_LARGE
    }

    /// The same with when to try again.
    pub(in crate::http) fn retry(mut self, after_ms: u64) -> Self {
        self.body.retry_after_ms = Some(after_ms);
        self
    }

    /// The same with the window of the limit that was met.
    pub(in crate::http) fn scope(mut self, scope: &'static str) -> Self {
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
        let after_ms = self.body.retry_after_ms;
        let response = (self.status, Json(self.body)).into_response();
        match after_ms {
            Some(ms) => retry_after(ms, response),
            None => response,
        }
    }
}

/// Says when to try again where programs look for it.
fn retry_after(ms: u64, mut response: Response) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
    response
}

/// An answer that says to wait.
pub(super) fn wait(ms: u64, body: impl IntoResponse) -> Response {
    retry_after(ms, (StatusCode::TOO_MANY_REQUESTS, body).into_response())
}

/// `Retry-After` when the server is full, in milliseconds: about the time to work off half the queue.
const ROOM_AFTER_MS: u64 = 1_000;

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        let status = match error {
            UploadError::Client(error) => return error.into(),
            UploadError::Store(error) | UploadError::Challenge(ChallengeError::Store(error)) => {
                return Self::ours(error.code(), &error);
            }
            UploadError::Token(_) | UploadError::Judging(_) => return Self::ours(code, &error),
            UploadError::Busy => {
                return Self::said(StatusCode::SERVICE_UNAVAILABLE, code, message).retry(ROOM_AFTER_MS);
            }
            UploadError::ProfileNotFound
            | UploadError::SessionUnknown
            | UploadError::Challenge(ChallengeError::Unknown) => StatusCode::NOT_FOUND,
            UploadError::AlreadyEnrolled => StatusCode::CONFLICT,
            UploadError::BadCode | UploadError::NoConsent | UploadError::OptedOut => StatusCode::FORBIDDEN,
            UploadError::SessionUsed | UploadError::SessionExpired | UploadError::Challenge(_) => StatusCode::GONE,
            UploadError::Take(_) => StatusCode::UNPROCESSABLE_ENTITY,
            UploadError::Audio(_) => match code {
                "audio_too_large" | "audio_too_long" => StatusCode::PAYLOAD_TOO_LARGE,
                "audio_not_wav" | "audio_format" | "audio_not_opus" | "audio_unsupported" => {
                    StatusCode::UNSUPPORTED_MEDIA_TYPE
                }
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            },
        };
        Self::said(status, code, message)
    }
}
