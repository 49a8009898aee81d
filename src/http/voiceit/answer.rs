//! Answers in `VoiceIt`'s envelope.

use std::time::Instant;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::codes;
use crate::clients::{UploadError, VoiceItError};

/// An answer in `VoiceIt`'s envelope.
pub(super) struct Envelope {
    status: StatusCode,
    code: &'static str,
    message: String,
    since: Instant,
    more: Map<String, Value>,
}

/// A refusal, and when the request came.
pub(super) struct Refused {
    pub(super) error: VoiceItError,
    pub(super) since: Instant,
}

impl Envelope {
    /// A success.
    pub(super) fn done(since: Instant, status: StatusCode, message: impl Into<String>) -> Self {
        Self::coded(since, status, codes::SUCCESS, message)
    }

    /// An answer with a code.
    pub(super) fn coded(since: Instant, status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), since, more: Map::new() }
    }

    /// The same with one thing more.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        let Self { status, code, message, since, mut more } = self;
        let wait_ms = more.get("retryAfterMs").and_then(Value::as_u64);
        let took = format!("{:.3}s", since.elapsed().as_secs_f64());
        more.extend([
            ("message".to_owned(), json!(message)),
            ("status".to_owned(), json!(status.as_u16())),
            ("timeTaken".to_owned(), json!(took)),
            ("responseCode".to_owned(), json!(code)),
        ]);
        let mut response = (status, Json(Value::Object(more))).into_response();
        if let Some(ms) = wait_ms {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        response
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        use crate::clients::ClientError;
        let Self { error, since } = self;
        let code = codes::of_error(&error);
        let status = match &error {
            VoiceItError::Account | VoiceItError::Upload(UploadError::Client(ClientError::Unauthorized)) => {
                StatusCode::UNAUTHORIZED
            }
            VoiceItError::UserUnknown
            | VoiceItError::Absent(_)
            | VoiceItError::Upload(UploadError::ProfileNotFound) => StatusCode::NOT_FOUND,
            VoiceItError::Unsupported(_) => StatusCode::NOT_IMPLEMENTED,
            VoiceItError::Upload(UploadError::Client(ClientError::Limited { .. })) => StatusCode::TOO_MANY_REQUESTS,
            VoiceItError::Upload(UploadError::OptedOut | UploadError::NoConsent | UploadError::Client(_)) => {
                StatusCode::FORBIDDEN
            }
            VoiceItError::Store(_)
            | VoiceItError::Upload(
                UploadError::Busy | UploadError::Store(_) | UploadError::Judging(_) | UploadError::Token(_),
            ) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let wait_ms = match &error {
            VoiceItError::Upload(UploadError::Client(ClientError::Limited { retry_after_ms, .. })) => {
                Some(*retry_after_ms)
            }
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(1_000),
            _ => None,
        };
        metrics::counter!(crate::http::metrics::API_REFUSED, "code" => code).increment(1);
        let is_ours = matches!(
            error,
            VoiceItError::Store(_) | VoiceItError::Upload(UploadError::Store(_) | UploadError::Judging(_))
        );
        let message = if is_ours {
            tracing::error!(code, "a client could not be answered: {error}");
            "something failed here; try again".to_owned()
        } else {
            error.to_string()
        };
        let told = Envelope::coded(since, status, code, message);
        match wait_ms {
            Some(ms) => told.with("retryAfterMs", ms).into_response(),
            None => told.into_response(),
        }
    }
}
