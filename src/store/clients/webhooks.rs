//! Webhooks of a tenant; for the webhook API and the queue.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use rusqlite::{OptionalExtension, Row};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use crate::store::audit::Happened;
use crate::store::audit::events::WebhookEvent;
use crate::store::audit::happening::Happening;
use crate::store::audit::tell;
use crate::store::columns::{At, kept};
use crate::store::seal::crypto::Label;
use crate::store::{Lasting, Store, StoreError};
use crate::types::{Tenant, Timestamp};

/// Webhooks of one tenant: each event is written once for each.
pub const MOST_WEBHOOKS: u32 = 20;

/// Whom a tenant wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Ours: `wh_` and 32 hex digits.
    pub id: String,
    /// Where to.
    pub url: String,
    /// The events it is told of; of every event when there is none.
    pub events: Vec<String>,
    /// Since when.
    pub made_at: Timestamp,
}

impl Store {
    /// Adds a webhook of a tenant; its secret is shown this once.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn new_webhook(
        &self,
        tenant: &Tenant,
        url: String,
        events: Vec<String>,
        at: Timestamp,
    ) -> Result<(Webhook, String), StoreError> {
        let tenant = tenant.clone();
        self.write(Lasting::PowerCut, move |tx, vault| {
            let sql = "SELECT count(*) FROM webhooks WHERE tenant = ?";
            let count: u32 = tx.prepare_cached(sql)?.query_row([&tenant], |row| row.get(0))?;
            if count >= MOST_WEBHOOKS {
                return Err(StoreError::TooMany);
            }
            let id = format!("wh_{}", Uuid::new_v4().simple());
            let random: [u8; 32] = rand::rng().random();
            let secret = format!("whsec_{}", URL_SAFE_NO_PAD.encode(random));
            let sealed = vault.seal(tx, &label(&id), secret.as_bytes())?;
            let words = if events.is_empty() { "*".to_owned() } else { events.join(" ") };
            let sql = "INSERT INTO webhooks (id, tenant, url, events, sealed, made_at) VALUES (?, ?, ?, ?, ?, ?)";
            tx.prepare_cached(sql)?.execute((&id, &tenant, &url, &words, sealed, At(at)))?;
            let made = Happening::WebhookMade { webhook: &id, tenant: &tenant };
            Happened::by_operator(at, None).record(tx, made)?;
            Ok((Webhook { id, url, events, made_at: kept(at) }, secret))
        })
        .await
    }

    /// The webhooks of a tenant, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn webhooks(&self, tenant: &Tenant) -> Result<Vec<Webhook>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |tx, _| {
            let sql = "SELECT id, url, events, made_at FROM webhooks WHERE tenant = ? ORDER BY made_at, id";
            let mut statement = tx.prepare_cached(sql)?;
            let webhooks = statement.query_map([tenant], webhook)?;
            Ok(webhooks.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A tenant's webhook.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn webhook(&self, tenant: &Tenant, id: &str) -> Result<Option<Webhook>, StoreError> {
        Ok(self.webhooks(tenant).await?.into_iter().find(|webhook| webhook.id == id))
    }

    /// Removes a tenant's webhook with its deliveries; says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn delete_webhook(&self, tenant: &Tenant, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        let (tenant, id) = (tenant.clone(), id.to_owned());
        self.write(Lasting::PowerCut, move |tx, _| {
            let gone = tx.execute("DELETE FROM webhooks WHERE id = ? AND tenant = ?", (&id, &tenant))?;
            if gone > 0 {
                let deleted = Happening::WebhookDeleted { webhook: &id, tenant: &tenant };
                Happened::by_operator(at, None).record(tx, deleted)?;
            }
            Ok(gone > 0)
        })
        .await
    }

    /// Queues a test event for a webhook, whatever it wants to be told of.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn test_webhook(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(Lasting::Process, move |tx, _| tell::queue(tx, &[id], WebhookEvent::Test, &json!({}), at)).await
    }

    /// Where a webhook's events are posted to, and the secret that signs them.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the secret was altered.
    pub async fn webhook_receiver(&self, id: &str) -> Result<Option<(String, SecretString)>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx, vault| {
            let sql = "SELECT url, sealed FROM webhooks WHERE id = ?";
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found: Option<(String, Vec<u8>)> = tx.prepare_cached(sql)?.query_row([&id], row).optional()?;
            let Some((url, sealed)) = found else { return Ok(None) };
            let text = String::from_utf8(vault.open(&label(&id), &sealed)?).map_err(|_| StoreError::Sealed)?;
            Ok(Some((url, text.into())))
        })
        .await
    }
}

fn webhook(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let words: String = row.get(2)?;
    let events = words.split(' ').filter(|word| *word != "*").map(str::to_owned).collect();
    Ok(Webhook { id: row.get(0)?, url: row.get(1)?, events, made_at: row.get::<_, At>(3)?.0 })
}

/// A secret opens for its webhook only.
pub(in crate::store) fn label(webhook: &str) -> Label<'_> {
    Label { kind: "webhook", subject: webhook, model: "" }
}
