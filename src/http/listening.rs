use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Edge;
use crate::session::{Invited, ListeningError, ListeningRequest, ListeningView};
use crate::types::ListeningId;

/// A request is a few hundred bytes; whoever takes longer holds a place on purpose.
const BODY_WITHIN: Duration = Duration::from_secs(5);

/// The routes of a client that has conversations listened to.
pub(super) fn routes() -> Router<Edge> {
    use axum::routing::{get, post};
    Router::new()
        .route("/v1/listenings", post(begin))
        .route("/v1/listenings/{id}", get(show).delete(stop))
        .method_not_allowed_fallback(async || ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"))
}

async fn begin(
    State(edge): State<Edge>,
    _: Client,
    Body(request): Body,
) -> Result<(StatusCode, Json<Invited>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.service.ask_to_listen(request).await?)))
}

async fn show(State(edge): State<Edge>, _: Client, Id(id): Id) -> Result<Json<ListeningView>, ApiError> {
    Ok(Json(edge.service.listening(&id).await?))
}

async fn stop(State(edge): State<Edge>, _: Client, Id(id): Id) -> Result<Json<ListeningView>, ApiError> {
    Ok(Json(edge.service.stop_listening(&id).await?))
}

/// A request that shows the API key; there is no other way to a handler.
struct Client;

impl FromRequestParts<Edge> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        let Some(key) = &edge.service.config().listening.api_key else {
            return Err(ListeningError::Closed.into());
        };
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header(header::AUTHORIZATION.as_str()).and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
        });
        let shown = bearer.or_else(|| header("x-api-key")).unwrap_or_default();
        // Hashes are of one length, so that the comparison tells nothing of the key's.
        let hash = |text: &str| Sha256::digest(text.as_bytes());
        let is_it: bool = hash(shown).ct_eq(&hash(key.expose_secret())).into();
        if is_it { Ok(Self) } else { Err(ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized")) }
    }
}

/// The id in the path; what is none names no listening.
struct Id(ListeningId);

impl FromRequestParts<Edge> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, edge).await.map_err(|_| ListeningError::Unknown)?;
        Ok(Self(ListeningId::parse(&text).map_err(|_| ListeningError::Unknown)?))
    }
}

/// A request's JSON.
struct Body(ListeningRequest);

impl FromRequest<Edge> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Edge) -> Result<Self, ApiError> {
        let slow = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow");
        let whole = tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, &())).await.map_err(slow)?;
        let body = whole.map_err(|_| ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"))?;
        // First JSON, then ours: so that the two kinds of mistake are told apart.
        let json: serde_json::Value = serde_json::from_slice(&body)?;
        Ok(Self(serde_json::from_value(json)?))
    }
}

/// An answer that is no success: `{"error": {"code": …, "message": …}}`.
#[derive(Debug)]
struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, message: code.replace('_', " ") }
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
        Self { status, code, message }
    }
}

impl From<ListeningError> for ApiError {
    fn from(error: ListeningError) -> Self {
        let status = match &error {
            ListeningError::Closed | ListeningError::Unknown => StatusCode::NOT_FOUND,
            ListeningError::UnknownLine | ListeningError::TooLong { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ListeningError::NotEnrolled | ListeningError::OptedOut => StatusCode::CONFLICT,
            ListeningError::Twiml(_) | ListeningError::Store(_) => {
                tracing::error!(code = error.code(), "a client could not be answered: {error}");
                // What failed on our side is nobody else's to know.
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, error.code());
            }
        };
        Self { status, code: error.code(), message: error.to_string() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        metrics::counter!(super::metrics::API_REFUSED, "code" => self.code).increment(1);
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        (self.status, Json(body)).into_response()
    }
}
