//! Probes of operators: is the process alive, may calls come, what was counted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::routes::Routes;
use super::{Edge, metrics};

/// The routes of operators' probes.
pub(super) fn routes() -> Routes {
    Routes::new().public("/healthz", live).public("/readyz", ready).public("/metrics", counted)
}

/// The process runs and answers.
async fn live() -> &'static str {
    "ok\n"
}

/// Whether calls should be sent here: 503 and the reason when not.
async fn ready(State(edge): State<Edge>) -> Response {
    match edge.app.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

/// Everything counted, in Prometheus' text form.
async fn counted(State(edge): State<Edge>) -> Response {
    edge.app.calls.gauge();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::render()).into_response()
}
