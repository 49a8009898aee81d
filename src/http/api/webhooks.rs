//! The routes of webhooks, for administrators' back ends.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::Failures;
use super::query::QueryOf;
use super::{ApiError, Body, Edge};
use crate::clients::{Administer, Client, WebhookError};
use crate::http::routes::{Routes, client_routes};
use crate::wire::{DeliveryPage, NewWebhookView, WebhookList, WebhookView, WebhookWanted};

type Id = Result<Path<String>, axum::extract::rejection::PathRejection>;

/// The routes of those who want to be told what happens.
pub(super) fn routes() -> Routes {
    Routes::new()
        .described(client_routes!(create, list))
        .described(client_routes!(delete))
        .described(client_routes!(test))
        .described(client_routes!(deliveries))
}

/// Adds a webhook; the secret that signs what it is told is shown this once.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "Webhooks", request_body = WebhookWanted,
    responses((status = 201, description = "The webhook and its secret.", body = NewWebhookView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn create(
    State(edge): State<Edge>,
    client: Client<Administer>,
    Body(wanted): Body<WebhookWanted>,
) -> Result<(StatusCode, Json<NewWebhookView>), ApiError> {
    Ok((StatusCode::CREATED, Json(edge.app.clients.webhooks.new_webhook(&client, wanted).await?)))
}

/// Lists the webhooks.
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "Webhooks",
    responses((status = 200, description = "All of them.", body = WebhookList), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn list(State(edge): State<Edge>, client: Client<Administer>) -> Result<Json<WebhookList>, ApiError> {
    Ok(Json(edge.app.clients.webhooks.webhooks(&client).await?))
}

/// Removes a webhook; what it was not told yet is forgotten.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses((status = 200, description = "What is gone.", body = WebhookView), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn delete(State(edge): State<Edge>, client: Client<Administer>, id: Id) -> Result<Json<WebhookView>, ApiError> {
    Ok(Json(edge.app.clients.webhooks.delete_webhook(&client, &named(id)?).await?))
}

/// Sends a webhook the event `test`.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id.")),
    responses(
        (status = 202, description = "On its way; the deliveries say how it went.", body = WebhookView),
        Failures
    ),
    security(("key" = []), ("bearer" = []))
)]
async fn test(
    State(edge): State<Edge>,
    client: Client<Administer>,
    id: Id,
) -> Result<(StatusCode, Json<WebhookView>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(edge.app.clients.webhooks.test_webhook(&client, &named(id)?).await?)))
}

/// A page of a log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogWanted {
    /// Rows of a page, 50 when it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists what a webhook was told in the last 30 days, and how it went.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id."), LogWanted),
    responses((status = 200, description = "A page of them, newest first.", body = DeliveryPage), Failures),
    security(("key" = []), ("bearer" = []))
)]
async fn deliveries(
    State(edge): State<Edge>,
    client: Client<Administer>,
    id: Id,
    QueryOf(wanted): QueryOf<LogWanted>,
) -> Result<Json<DeliveryPage>, ApiError> {
    let id = named(id)?;
    let page = edge.app.clients.webhooks.deliveries(&client, &id, wanted.limit, wanted.cursor.as_deref());
    Ok(Json(page.await?))
}

/// The id in the path; what is no text names no webhook.
fn named(id: Id) -> Result<String, ApiError> {
    Ok(id.map_err(|_| WebhookError::Unknown)?.0)
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        let (code, message) = (error.code(), error.to_string());
        let status = match error {
            WebhookError::Store(error) => return Self::ours(error.code(), &error),
            WebhookError::Unknown => StatusCode::NOT_FOUND,
            WebhookError::TooMany => StatusCode::CONFLICT,
            WebhookError::Url | WebhookError::Address | WebhookError::Event(_) | WebhookError::Page(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        };
        Self::said(status, code, message)
    }
}
