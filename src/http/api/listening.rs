use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::{Json, Router};

use super::client::Listener;
use super::{ApiError, Body, Edge};
use crate::session::{Invited, ListeningError, ListeningRequest, ListeningView};
use crate::types::ListeningId;

/// The routes of a client that has conversations listened to.
pub(super) fn routes() -> Router<Edge> {
    use axum::routing::{get, post};
    Router::new().route("/v1/listenings", post(begin)).route("/v1/listenings/{id}", get(show).delete(stop))
}

async fn begin(
    State(edge): State<Edge>,
    _: Listener,
    Body(request): Body<ListeningRequest>,
) -> Result<(StatusCode, Json<Invited>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.service.ask_to_listen(request).await?)))
}

async fn show(State(edge): State<Edge>, _: Listener, Id(id): Id) -> Result<Json<ListeningView>, ApiError> {
    Ok(Json(edge.service.listening(&id).await?))
}

async fn stop(State(edge): State<Edge>, _: Listener, Id(id): Id) -> Result<Json<ListeningView>, ApiError> {
    Ok(Json(edge.service.stop_listening(&id).await?))
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

impl From<ListeningError> for ApiError {
    fn from(error: ListeningError) -> Self {
        let status = match &error {
            ListeningError::Unknown => StatusCode::NOT_FOUND,
            ListeningError::UnknownLine | ListeningError::TooLong { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ListeningError::NotEnrolled | ListeningError::OptedOut => StatusCode::CONFLICT,
            ListeningError::Twiml(_) | ListeningError::Store(_) => {
                return Self::ours(error.code(), &error);
            }
        };
        Self::said(status, error.code(), error.to_string())
    }
}
