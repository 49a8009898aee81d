use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::{Edge, metrics};

/// The process runs and answers.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Whether calls should be sent here: 503 and the reason when not.
pub(super) async fn ready(State(edge): State<Edge>) -> Response {
    match edge.app.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

/// Everything counted, in Prometheus' text form.
pub(super) async fn metrics(State(edge): State<Edge>) -> Response {
    edge.app.calls.gauge();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::render()).into_response()
}
