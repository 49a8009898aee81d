//! The routes of listenings.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::error::Failures;
use super::{ApiError, Body, Edge};
use crate::clients::{Listener, ListeningError};
use crate::http::routes::{Routes, client_routes};
use crate::types::ListeningId;
use crate::wire::{Invited, ListeningRequest, ListeningView};

/// The routes of a client that has conversations listened to.
pub(super) fn routes() -> Routes {
    Routes::new().described(client_routes!(begin)).described(client_routes!(show, stop))
}

/// Has a conversation on the phone listened to.
#[utoipa::path(
    post, path = "/v1/listenings", tag = "Listening", request_body = ListeningRequest,
    responses((status = 201, description = "What to stream, and where.", body = Invited), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn begin(
    State(edge): State<Edge>,
    client: Listener,
    Body(request): Body<ListeningRequest>,
) -> Result<(StatusCode, Json<Invited>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.app.clients.listenings.ask_to_listen(&client, request).await?)))
}

/// How a listening stands.
#[utoipa::path(
    get, path = "/v1/listenings/{id}", tag = "Listening",
    params(("id" = String, Path, description = "Ours: `LI` and 32 hex digits.")),
    responses((status = 200, description = "How it stands.", body = ListeningView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn show(State(edge): State<Edge>, client: Listener, Id(id): Id) -> Result<Json<ListeningView>, ApiError> {
    Ok(Json(edge.app.clients.listenings.listening(&client, &id).await?))
}

/// Ends a listening without a verdict.
#[utoipa::path(
    delete, path = "/v1/listenings/{id}", tag = "Listening",
    params(("id" = String, Path, description = "Ours: `LI` and 32 hex digits.")),
    responses((status = 200, description = "How it stands.", body = ListeningView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn stop(State(edge): State<Edge>, client: Listener, Id(id): Id) -> Result<Json<ListeningView>, ApiError> {
    Ok(Json(edge.app.clients.listenings.stop_listening(&client, &id).await?))
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
