//! The API of applications: keys, JSON, one shape of error. One file a group of routes.

mod attempts;
mod callers;
mod challenges;
mod client;
mod codes;
mod error;
mod identify;
mod listening;
mod query;
mod upload;
mod usage;
mod voice;
mod watch;
mod webhooks;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use super::Edge;
use super::routes::Routes;
use crate::clients::UploadError;
pub(super) use error::ApiError;
pub(super) use upload::Form;

/// A request's JSON is a few hundred bytes; a client that takes longer holds a slot on purpose.
const BODY_WITHIN: Duration = Duration::from_secs(5);

/// Every route of applications.
pub(super) fn routes() -> Routes {
    Routes::new()
        .merge(listening::routes())
        .merge(usage::routes())
        .merge(voice::routes())
        .merge(callers::routes())
        .merge(codes::routes())
        .merge(attempts::routes())
        .merge(challenges::routes())
        .merge(webhooks::routes())
        .merge(watch::routes())
        .merge(identify::routes())
}

/// Refuses routes that the operator has not switched on: they are not there.
fn must_exist<T>(found: Option<T>) -> Result<T, ApiError> {
    found.ok_or_else(|| {
        let message = "not served here: the operator can switch it on with `[api] demo_keys = true`";
        ApiError::said(StatusCode::NOT_FOUND, "not_found", message.to_owned())
    })
}

/// Says that there is no room for another request.
pub(super) fn full() -> axum::response::Response {
    ApiError::from(UploadError::Busy).into_response()
}

/// Says that something failed badly here.
pub(super) fn failed() -> axum::response::Response {
    ApiError::ours("panicked", &"a request failed badly").into_response()
}

/// Answers a known path that is asked for in a way it is not there for.
pub(super) async fn method_not_allowed() -> impl IntoResponse {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
}

/// A request's JSON.
struct Body<T>(T);

impl<T: DeserializeOwned> FromRequest<Edge> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Edge) -> Result<Self, ApiError> {
        let slow = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow");
        let whole = tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, &())).await.map_err(slow)?;
        let body = whole.map_err(|_| ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"))?;
        // First JSON, then ours: so that the two kinds of mistake are told apart.
        let json: serde_json::Value = serde_json::from_slice(&body)?;
        // An array would do for the fields in their order.
        if !json.is_object() {
            let message = "a JSON object is expected".to_owned();
            return Err(ApiError::said(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", message));
        }
        Ok(Self(serde_json::from_value(json)?))
    }
}
