//! The routes of the watch-list, for administrators' back ends.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::error::Failures;
use super::upload::Form;
use super::{ApiError, Edge};
use crate::clients::{Administer, Client, IdentificationError};
use crate::http::routes::{Routes, client_routes};
use crate::wire::{WatchList, WatchView};

/// The routes of voices to be warned of.
pub(super) fn routes() -> Routes {
    // Uploads are counted field by field as they arrive.
    let uploads = Routes::new().described(client_routes!(add, list)).counting_bodies();
    Routes::new().described(client_routes!(remove)).merge(uploads)
}

/// The form of a voice to be warned of.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form")]
struct WatchForm {
    /// A name for it, of 1 to 200 characters.
    label: String,
    /// A recording of the voice, which is not kept.
    #[schema(value_type = String, format = Binary)]
    audio: Vec<u8>,
}

/// Puts a voice on the watch-list: of the recording only the voice is kept, sealed.
#[utoipa::path(
    post, path = "/v1/watch-list", tag = "Watch-list",
    request_body(content = WatchForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "On the list.", body = WatchView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn add(
    State(edge): State<Edge>,
    client: Client<Administer>,
    mut form: Form,
) -> Result<(StatusCode, Json<WatchView>), ApiError> {
    let audio = form.audio()?;
    Ok((
        StatusCode::CREATED,
        Json(edge.app.clients.identification.watch_voice(&client, form.text("label")?, audio).await?),
    ))
}

/// Lists the voices on the watch-list, without the voices.
#[utoipa::path(
    get, path = "/v1/watch-list", tag = "Watch-list",
    responses((status = 200, description = "All of them.", body = WatchList), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn list(State(edge): State<Edge>, client: Client<Administer>) -> Result<Json<WatchList>, ApiError> {
    Ok(Json(edge.app.clients.identification.watch_list(&client).await?))
}

/// Takes a voice off the watch-list.
#[utoipa::path(
    delete, path = "/v1/watch-list/{id}", tag = "Watch-list",
    params(("id" = String, Path, description = "The voice's id.")),
    responses((status = 200, description = "What is gone.", body = WatchView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn remove(
    State(edge): State<Edge>,
    client: Client<Administer>,
    id: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<WatchView>, ApiError> {
    let Path(id) = id.map_err(|_| IdentificationError::UnknownWatch)?;
    Ok(Json(edge.app.clients.identification.unwatch_voice(&client, &id).await?))
}
