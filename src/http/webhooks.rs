//! The routes of the provider's webhooks: each turn of a call.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::Edge;
use super::routes::Routes;
use super::signed::Signed;
use crate::calls::{CallError, Xml};
use crate::twilio::CallForm;

/// The provider gives up after 15 s and reads an error aloud; our apology has to be there well before.
const TURN_LIMIT: Duration = Duration::from_secs(10);

/// The routes of the provider's webhooks.
pub(super) fn routes() -> Routes {
    Routes::new()
        .signed("/incoming_call", incoming)
        .signed("/call/turn", turn)
        .signed("/call/wait", wait)
        .signed("/call/status", status)
}

async fn incoming(State(edge): State<Edge>, Signed { form, .. }: Signed) -> Response {
    answer(&edge, &form, edge.app.calls.incoming(&form)).await
}

async fn turn(State(edge): State<Edge>, Signed { at, form }: Signed) -> Response {
    if at.stream == 0 {
        answer(&edge, &form, edge.app.calls.turn(at.n, at.silent != 0, &form)).await
    } else {
        answer(&edge, &form, edge.app.calls.streamed(at.n, &form)).await
    }
}

async fn wait(State(edge): State<Edge>, Signed { at, form }: Signed) -> Response {
    answer(&edge, &form, edge.app.calls.wait(at.n, at.poll, &form)).await
}

async fn status(State(edge): State<Edge>, Signed { form, .. }: Signed) -> Response {
    answer(&edge, &form, edge.app.calls.status(&form)).await
}

/// Runs one turn; every failure on our side is a spoken apology, never an error the provider reads aloud.
async fn answer(edge: &Edge, form: &CallForm, turn: impl Future<Output = Result<Xml, CallError>>) -> Response {
    let outcome = tokio::time::timeout(TURN_LIMIT, turn).await.unwrap_or(Err(CallError::TooSlow));
    twiml(outcome.unwrap_or_else(|error| {
        tracing::error!(call = %form.call_sid, code = error.code(), "apologised to a caller: {error}");
        edge.app.calls.apology(form, &error)
    }))
}

/// A document the provider runs; it may hold a signed token, so no cache on the way may keep it.
pub(super) fn twiml(Xml(document): Xml) -> Response {
    ([(CONTENT_TYPE, "text/xml; charset=utf-8"), (CACHE_CONTROL, "no-store")], document).into_response()
}
