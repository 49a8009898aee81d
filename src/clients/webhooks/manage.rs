//! Adding, listing, testing and removing webhooks, and the log of their deliveries.

use super::Webhooks;
use crate::clients::client::Client;
use crate::clients::paging::{Cursor, List, PageError, cut, page};
use crate::clients::permission::Administer;
use crate::clients::webhooks::WebhookError;
use crate::store::{Delivery, EVENTS, Webhook};
use crate::wire::{DeliveryPage, DeliveryView, NewWebhookView, WebhookList, WebhookView, WebhookWanted};

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
