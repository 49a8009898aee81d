use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Webhooks;
use crate::clients::client::Client;
use crate::clients::paging::{Cursor, List, PageError, cut, page};
use crate::clients::permission::Administer;
use crate::clients::webhooks::WebhookError;
use crate::store::{Delivery, EVENTS, Webhook};
use crate::types::Timestamp;

/// A webhook to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookWanted {
    /// Where events are posted to: `https://`, at an address that everybody can reach.
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
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// What the last try came to: `status_200`, `timed_out`, `unreachable`, `address_refused`.
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

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        let Webhook { id, url, events, made_at } = webhook;
        Self { id, url, events, created_at: made_at }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            event: delivery.event,
            kind: delivery.kind,
            created_at: delivery.made_at,
            tries: delivery.tries,
            last_status: delivery.last_status,
            next_try: delivery.due_at,
            delivered_at: delivery.delivered_at,
        }
    }
}

impl Webhooks {
    /// Adds a webhook.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn new_webhook(
        &self,
        client: &Client<Administer>,
        wanted: WebhookWanted,
    ) -> Result<NewWebhookView, WebhookError> {
        let url = self.jobs.sender().check(&wanted.url)?.to_string();
        if let Some(unknown) = wanted.events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
            return Err(WebhookError::Event(unknown.clone()));
        }
        let made = self.cx.store.new_webhook(client.tenant(), url, wanted.events, self.cx.now()).await?;
        let (webhook, secret) = made;
        Ok(NewWebhookView { webhook: webhook.into(), secret })
    }

    /// The tenant's webhooks.
    ///
    /// # Errors
    /// [`WebhookError::Store`].
    pub async fn webhooks(&self, client: &Client<Administer>) -> Result<WebhookList, WebhookError> {
        let webhooks = self.cx.store.webhooks(client.tenant()).await?;
        Ok(WebhookList { webhooks: webhooks.into_iter().map(WebhookView::from).collect() })
    }

    async fn own_webhook(&self, client: &Client<Administer>, id: &str) -> Result<Webhook, WebhookError> {
        self.cx.store.webhook(client.tenant(), id).await?.ok_or(WebhookError::Unknown)
    }

    /// Removes a webhook; what it was not told yet is forgotten.
    ///
    /// # Errors
    /// [`WebhookError::Unknown`].
    pub async fn delete_webhook(&self, client: &Client<Administer>, id: &str) -> Result<WebhookView, WebhookError> {
        let webhook = self.own_webhook(client, id).await?;
        self.cx.store.delete_webhook(client.tenant(), id, self.cx.now()).await?;
        Ok(webhook.into())
    }

    /// Tells a webhook of nothing, to see whether it arrives.
    ///
    /// # Errors
    /// [`WebhookError::Unknown`].
    pub async fn test_webhook(&self, client: &Client<Administer>, id: &str) -> Result<WebhookView, WebhookError> {
        let webhook = self.own_webhook(client, id).await?;
        self.cx.store.test_webhook(id, self.cx.now()).await?;
        Ok(webhook.into())
    }

    /// How telling a webhook went, newest first.
    ///
    /// # Errors
    /// [`WebhookError::Unknown`].
    pub async fn deliveries(
        &self,
        client: &Client<Administer>,
        id: &str,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<DeliveryPage, WebhookError> {
        self.own_webhook(client, id).await?;
        let limit = page(limit).map_err(PageError::from)?;
        let after = cursor.map(|text| Cursor::of(List::Deliveries, text)).transpose().map_err(PageError::from)?;
        let below = after.map(|(_, id)| i64::try_from(id).unwrap_or(i64::MAX));
        let found = self.cx.store.deliveries(id, below, limit + 1).await?;
        let place = |delivery: &Delivery| {
            Cursor::after(List::Deliveries, delivery.made_at, u128::from(delivery.id.unsigned_abs()))
        };
        let (deliveries, next_cursor) = cut(found, limit, place);
        Ok(DeliveryPage { deliveries: deliveries.into_iter().map(DeliveryView::from).collect(), next_cursor })
    }
}
