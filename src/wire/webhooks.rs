//! Webhooks and their deliveries.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::Timestamp;

/// A webhook to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookWanted {
    /// Where events are posted to: `https://`, at a public address.
    #[schema(example = "https://example.com/callprint")]
    pub url: String,
    /// The events to be told of; every event when it is empty or left out.
    #[serde(default)]
    pub events: Vec<String>,
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookView {
    /// Ours.
    pub id: String,
    /// Where events are posted to.
    pub url: String,
    /// The events it is told of; every event when it is empty.
    pub events: Vec<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A webhook, with the secret that signs what it is told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewWebhookView {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// The key of the HMAC in the header `callprint-signature`; shown this once.
    pub secret: String,
}

/// The webhooks of a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// Oldest first.
    pub webhooks: Vec<WebhookView>,
}

/// One event on its way to a webhook.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The event's id, which is in its body too.
    pub event: String,
    /// The kind of event.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// The result of the last try: `status_200`, `timed_out`, `unreachable`, `address_refused`.
    pub last_status: Option<String>,
    /// When it is tried next; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_try: Option<Timestamp>,
    /// When the receiver took it; null with `next_try` null means that it was given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
}

/// Deliveries, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<DeliveryView>,
    /// Asks for the next page; null on the last.
    pub next_cursor: Option<String>,
}
