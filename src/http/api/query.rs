//! Extractors of queries and of ids in the path, with refusals in the API's own shape.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::{ApiError, Edge};
use crate::clients::AdminError;
use crate::types::CallerId;

/// A request's query, with a refusal in the API's own shape.
pub(super) struct QueryOf<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Edge> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, edge).await;
        let bad = |bad: axum::extract::rejection::QueryRejection| {
            ApiError::said(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", bad.body_text())
        };
        Ok(Self(query.map_err(bad)?.0))
    }
}

/// The caller's id in the path; what is none names no caller.
pub(super) struct CallerPath(pub(super) CallerId);

impl FromRequestParts<Edge> for CallerPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, ApiError> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, edge).await.map_err(|_| AdminError::UnknownCaller)?;
        Ok(Self(CallerId(text.parse().map_err(|_| AdminError::UnknownCaller)?)))
    }
}
