use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::{ApiError, Edge, Known};
use crate::session::UsageView;

/// What a client may know of its own key.
pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/v1/usage", get(usage))
}

async fn usage(State(edge): State<Edge>, Known(client): Known) -> Result<Json<UsageView>, ApiError> {
    Ok(Json(edge.service.usage(&client).await?))
}
