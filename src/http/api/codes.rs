//! The route of enrollment codes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::error::Failures;
use super::{ApiError, Body, Edge};
use crate::clients::{Administer, Client};
use crate::http::routes::{Routes, client_routes};
use crate::wire::{CodeView, CodeWanted};

/// The routes of enrollment codes.
pub(super) fn routes() -> Routes {
    Routes::new().described(client_routes!(create))
}

/// Makes an enrollment code, good once: to enroll, also in place of a voiceprint.
#[utoipa::path(
    post, path = "/v1/codes", tag = "Callers", request_body = CodeWanted,
    responses((status = 201, description = "The code, shown this once.", body = CodeView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn create(
    State(edge): State<Edge>,
    client: Client<Administer>,
    Body(wanted): Body<CodeWanted>,
) -> Result<(StatusCode, Json<CodeView>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.app.clients.admin.new_code(&client, wanted).await?)))
}
