//! The routes of callers, for administrators' back ends.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::error::{ErrorBody, Failures};
use super::query::{CallerPath, QueryOf};
use super::{ApiError, Body, Edge};
use crate::clients::{AdminError, Administer, Client};
use crate::http::routes::{Routes, client_routes};
use crate::wire::{
    CallerExport, CallerPage, CallerView, CallerWanted, CallersWanted, DeletionProof, ProofVerdict, Unlocked,
};

/// The routes of those who look after callers.
pub(super) fn routes() -> Routes {
    Routes::new()
        .described(client_routes!(create, list))
        .described(client_routes!(show, delete))
        .described(client_routes!(consent))
        .described(client_routes!(opt_out))
        .described(client_routes!(unlock))
        .described(client_routes!(export))
        .described(client_routes!(verify_deletion))
}

/// Makes a caller, by user id, by number, or by both.
#[utoipa::path(
    post, path = "/v1/callers", tag = "Callers", request_body = CallerWanted,
    responses(
        (status = 201, description = "The caller.", body = CallerView),
        (status = 409, description = "Another caller has the number or user id.", body = ErrorBody),
        Failures,
    ),
    security(("key" = []), ("bearer" = []))
)]
async fn create(
    State(edge): State<Edge>,
    client: Client<Administer>,
    Body(wanted): Body<CallerWanted>,
) -> Result<(StatusCode, Json<CallerView>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.app.clients.admin.new_caller(&client, wanted).await?)))
}

/// Lists callers, newest first.
#[utoipa::path(
    get, path = "/v1/callers", tag = "Callers", params(CallersWanted),
    responses((status = 200, description = "A page of them.", body = CallerPage), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn list(
    State(edge): State<Edge>,
    client: Client<Administer>,
    QueryOf(wanted): QueryOf<CallersWanted>,
) -> Result<Json<CallerPage>, ApiError> {
    Ok(Json(edge.app.clients.admin.callers(&client, wanted).await?))
}

/// Shows a caller.
#[utoipa::path(
    get, path = "/v1/callers/{id}", tag = "Callers",
    params(("id" = String, Path, format = Uuid, description = "Our id of the caller.")),
    responses((status = 200, description = "The caller.", body = CallerView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn show(
    State(edge): State<Edge>,
    client: Client<Administer>,
    CallerPath(id): CallerPath,
) -> Result<Json<CallerView>, ApiError> {
    Ok(Json(edge.app.clients.admin.caller(&client, id).await?))
}

/// Deletes a caller with everything that belongs to them, for good; answers with a proof.
#[utoipa::path(
    delete, path = "/v1/callers/{id}", tag = "Callers",
    params(("id" = String, Path, format = Uuid, description = "Our id of the caller.")),
    responses((status = 200, description = "Deleted; the proof names nobody.", body = DeletionProof), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn delete(
    State(edge): State<Edge>,
    client: Client<Administer>,
    CallerPath(id): CallerPath,
) -> Result<Json<DeletionProof>, ApiError> {
    Ok(Json(edge.app.clients.admin.delete_caller(&client, id).await?))
}

/// Writes down that a caller has agreed to a voiceprint; also after they had opted out.
#[utoipa::path(
    post, path = "/v1/callers/{id}/consent", tag = "Callers",
    params(("id" = String, Path, format = Uuid, description = "Our id of the caller.")),
    responses((status = 200, description = "Written down.", body = CallerView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn consent(
    State(edge): State<Edge>,
    client: Client<Administer>,
    CallerPath(id): CallerPath,
) -> Result<Json<CallerView>, ApiError> {
    Ok(Json(edge.app.clients.admin.set_consent(&client, id, true).await?))
}

/// Writes down that a caller opts out; the voiceprint and all of their voice are deleted.
#[utoipa::path(
    post, path = "/v1/callers/{id}/opt-out", tag = "Callers",
    params(("id" = String, Path, format = Uuid, description = "Our id of the caller.")),
    responses((status = 200, description = "Written down, and deleted.", body = CallerView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn opt_out(
    State(edge): State<Edge>,
    client: Client<Administer>,
    CallerPath(id): CallerPath,
) -> Result<Json<CallerView>, ApiError> {
    Ok(Json(edge.app.clients.admin.set_consent(&client, id, false).await?))
}

/// Forgets the failures counted against a caller and their number.
#[utoipa::path(
    post, path = "/v1/callers/{id}/unlock", tag = "Callers",
    params(("id" = String, Path, format = Uuid, description = "Our id of the caller.")),
    responses((status = 200, description = "They may try again.", body = Unlocked), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn unlock(
    State(edge): State<Edge>,
    client: Client<Administer>,
    CallerPath(id): CallerPath,
) -> Result<Json<Unlocked>, ApiError> {
    Ok(Json(edge.app.clients.admin.unlock_caller(&client, id).await?))
}

/// Gives everything that is kept of a caller, but no audio (there is none) and no voiceprint.
#[utoipa::path(
    get, path = "/v1/callers/{id}/export", tag = "Callers",
    params(("id" = String, Path, format = Uuid, description = "Our id of the caller.")),
    responses((status = 200, description = "Everything.", body = CallerExport), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn export(
    State(edge): State<Edge>,
    client: Client<Administer>,
    CallerPath(id): CallerPath,
) -> Result<Json<CallerExport>, ApiError> {
    Ok(Json(edge.app.clients.admin.export_caller(&client, id).await?))
}

/// Says whether a proof of deletion is one that this server gave out.
#[utoipa::path(
    post, path = "/v1/deletions/verify", tag = "Callers", request_body = DeletionProof,
    responses((status = 200, description = "Whether it is.", body = ProofVerdict), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn verify_deletion(
    State(edge): State<Edge>,
    client: Client<Administer>,
    Body(proof): Body<DeletionProof>,
) -> Result<Json<ProofVerdict>, ApiError> {
    Ok(Json(edge.app.clients.admin.check_deletion(&client, &proof)))
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        let status = match error {
            AdminError::Client(error) => return error.into(),
            AdminError::Store(error) => return Self::ours(error.code(), &error),
            AdminError::UnknownCaller => StatusCode::NOT_FOUND,
            AdminError::Taken => StatusCode::CONFLICT,
            AdminError::NoName
            | AdminError::NumberElsewhere
            | AdminError::NoOwner
            | AdminError::TwoNames
            | AdminError::OutOfRange(_)
            | AdminError::Page(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::said(status, code, message)
    }
}
