//! The route of a key's use.

use axum::Json;
use axum::extract::State;

use super::error::Failures;
use super::{ApiError, Edge};
use crate::clients::{AnyScope, ByKey, Client};
use crate::http::routes::{Routes, client_routes};
use crate::wire::UsageView;

/// The routes about the client's own key.
pub(super) fn routes() -> Routes {
    Routes::new().described(client_routes!(usage))
}

/// Shows the use of a key in the last 30 days.
#[utoipa::path(
    get, path = "/v1/usage", tag = "Voice Authorize",
    responses((status = 200, description = "What for.", body = UsageView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn usage(State(edge): State<Edge>, client: Client<ByKey<AnyScope>>) -> Result<Json<UsageView>, ApiError> {
    Ok(Json(edge.app.clients.keys.usage(&client).await?))
}
