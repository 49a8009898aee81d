//! Who asks: the extractors of clients. A handler names the permission that it needs in its signature.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::{ApiError, Edge};
use crate::clients::{Client, ClientError, Listener, Permission};
use crate::http::routes::Credentials;

impl<P: Permission> FromRequestParts<Edge> for Client<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        Ok(edge.app.clients.keys.client(shown(parts)).await?)
    }
}

impl<P: Permission> Credentials for Client<P> {}
impl Credentials for Listener {}

impl FromRequestParts<Edge> for Listener {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        Ok(edge.app.clients.keys.listener(shown(parts)).await?)
    }
}

/// The secret of `Authorization: Bearer SECRET` or `x-api-key: SECRET`; empty when there is none.
fn shown(parts: &Parts) -> &str {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    bearer.or_else(|| header("x-api-key")).unwrap_or_default()
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        use axum::http::StatusCode;
        let (code, message) = (error.code(), error.to_string());
        match error {
            ClientError::Unauthorized => Self::said(StatusCode::UNAUTHORIZED, code, message),
            ClientError::OtherUser | ClientError::Forbidden(_) => Self::said(StatusCode::FORBIDDEN, code, message),
            ClientError::BadUser => Self::said(StatusCode::UNPROCESSABLE_ENTITY, code, message),
            ClientError::Limited { window, retry_after_ms } => {
                Self::said(StatusCode::TOO_MANY_REQUESTS, code, message).retry(retry_after_ms).scope(window.as_str())
            }
            ClientError::Store(error) => Self::ours(error.code(), &error),
        }
    }
}
