//! The route of attempts, for administrators' back ends.

use axum::Json;
use axum::extract::State;

use super::error::Failures;
use super::query::QueryOf;
use super::{ApiError, Edge};
use crate::clients::{Administer, Client};
use crate::http::routes::{Routes, client_routes};
use crate::wire::{AttemptPage, AttemptsWanted};

/// The routes of what was tried.
pub(super) fn routes() -> Routes {
    Routes::new().described(client_routes!(list))
}

/// Lists attempts, newest first; what was measured is shown to keys with the scope `scores`.
#[utoipa::path(
    get, path = "/v1/attempts", tag = "Callers", params(AttemptsWanted),
    responses((status = 200, description = "A page of them.", body = AttemptPage), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn list(
    State(edge): State<Edge>,
    client: Client<Administer>,
    QueryOf(wanted): QueryOf<AttemptsWanted>,
) -> Result<Json<AttemptPage>, ApiError> {
    Ok(Json(edge.app.clients.admin.attempts(&client, wanted).await?))
}
