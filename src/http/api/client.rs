use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{ApiError, Edge};
use crate::clients::{Client, ClientError};

/// A request that shows an API key; there is no other way to a handler.
pub(super) struct Known(pub(super) Client);

impl FromRequestParts<Edge> for Known {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        Ok(Self(edge.app.clients.keys.client(shown(parts)).await?))
    }
}

/// A request that may ask to listen: with the key of `[listening]`, or with an API key that may verify phone callers.
pub(super) struct Listener;

impl FromRequestParts<Edge> for Listener {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        let shown = shown(parts);
        if let Some(key) = &edge.app.config().listening.api_key {
            // Hashes are of one length, so that the comparison tells nothing of the key's.
            let hash = |text: &str| Sha256::digest(text.as_bytes());
            let is_it: bool = hash(shown).ct_eq(&hash(key.expose_secret())).into();
            if is_it {
                return Ok(Self);
            }
        }
        edge.app.clients.keys.client(shown).await?.must_listen()?;
        Ok(Self)
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
            ClientError::Limited { window, retry_after_ms } => {
                Self::said(StatusCode::TOO_MANY_REQUESTS, code, message).retry(retry_after_ms).scope(window.as_str())
            }
            ClientError::Store(error) => Self::ours(error.code(), &error),
        }
    }
}
