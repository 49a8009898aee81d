//! Every route of the server behind its limits. `serve` runs the router; a test reads the list.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use utoipa::openapi::OpenApi;

use super::error::Refusal;
use super::routes::{Route, Routes};
use super::{Edge, api, docs, health, media, voiceit, web, webhooks};
use crate::config::Config;

/// Largest webhook: the provider's own cap on what it sends and takes is 64 kB.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long a browser need not ask again whether it may.
const PREFLIGHT_FOR: Duration = Duration::from_mins(10);

/// Every route of the server, with who may ask for it.
pub fn routes() -> Vec<Route> {
    let all = [webhooks::routes(), api::routes(), voiceit::routes(), open(), docs::routes(OpenApi::default())];
    all.into_iter().flat_map(Routes::listed).collect()
}

/// Routes that are let in without waiting for a slot.
fn open() -> Routes {
    Routes::new().merge(health::routes()).signed_socket("/media", media::upgrade).merge(web::routes())
}

/// The server: every route behind its limits.
pub(super) fn router(edge: Edge) -> Router {
    let sorry = edge.app.calls.clone();
    let (webhooks, _) = webhooks::routes().into_parts();
    let webhooks = webhooks
        .layer(CatchPanicLayer::custom(move |_: Box<dyn Any + Send>| webhooks::twiml(sorry.plain_apology())))
        .route_layer(middleware::from_fn_with_state(edge.clone(), admit))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    let (clients, description) = api::routes().into_parts();
    let clients = clients
        .method_not_allowed_fallback(api::method_not_allowed)
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| api::failed()))
        .route_layer(middleware::from_fn_with_state(edge.clone(), admit_client))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(browsers(edge.app.config()));
    let (voiceit, _) = voiceit::routes().into_parts();
    let voiceit = voiceit.route_layer(middleware::from_fn_with_state(edge.clone(), admit_client));
    let (open, _) = open().merge(docs::routes(docs::described(description))).into_parts();
    open.merge(webhooks)
        .merge(clients)
        .merge(voiceit)
        .layer(middleware::from_fn(observe))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .with_state(edge)
}

/// Which pages may call the API: those of the listed origins, with a key or token but never with cookies.
fn browsers(config: &Config) -> CorsLayer {
    let origins: Vec<HeaderValue> = config.api.origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("x-api-key")])
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_FOR)
}

/// Lets a webhook in while a slot is free: a refusal at once is better for every caller than a slow answer for all.
async fn admit(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let Ok(_slot) = Arc::clone(&edge.request_slots).try_acquire_owned() else {
        return Refusal::Busy.into_response();
    };
    next.run(request).await
}

/// The same for applications, which are told when to come again.
async fn admit_client(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let Ok(_slot) = Arc::clone(&edge.request_slots).try_acquire_owned() else {
        return api::full();
    };
    next.run(request).await
}

/// One log line and one measurement a request: the route's name, never its query.
async fn observe(request: Request, next: Next) -> Response {
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let id = request
        .extensions()
        .get::<RequestId>()
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let elapsed = start.elapsed();
    metrics::histogram!(super::metrics::REQUEST_SECONDS, "route" => route.clone()).record(elapsed);
    tracing::info!(route, status, ms = elapsed.as_millis() as u64, request = id, "answered");
    response
}
