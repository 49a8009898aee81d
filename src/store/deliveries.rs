use rusqlite::{Connection, Row};

use super::columns::At;
use super::{Lasting, Store, StoreError};
use crate::types::Timestamp;

/// One event on its way to one webhook, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Counts up.
    pub id: i64,
    /// The event's id, the same for every webhook that is told.
    pub event: String,
    /// What happened.
    pub kind: String,
    /// When it happened.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// What the last try came to: a status, or a short code.
    pub last_status: Option<String>,
    /// When it is tried next; none when it is not.
    pub due_at: Option<Timestamp>,
    /// When the receiver took it.
    pub delivered_at: Option<Timestamp>,
}

/// A delivery that is to be tried now.
#[derive(Clone, Debug)]
pub struct DueDelivery {
    /// Counts up.
    pub id: i64,
    /// Whom to tell.
    pub webhook: String,
    /// Where.
    pub url: String,
    /// What.
    pub body: String,
    /// When it happened.
    pub made_at: Timestamp,
    /// Tries so far, without this one.
    pub tries: u32,
}

impl Store {
    /// Takes up to `limit` deliveries that are due; whoever does not finish one by `lease` leaves it to the next.
    ///
    /// No webhook gets more than two at once, so that one that does not answer holds up no other.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let is_due = self
            .read(move |tx, _| {
                let sql = "SELECT 1 FROM webhook_deliveries WHERE due_at <= ? LIMIT 1";
                Ok(tx.prepare_cached(sql)?.exists([At(now)])?)
            })
            .await?;
        if !is_due {
            return Ok(Vec::new());
        }
        self.write(Lasting::Process, move |tx, _| {
            let sql = "SELECT id, webhook, url, body, made_at, tries FROM ( \
                         SELECT deliveries.*, url, row_number() OVER (PARTITION BY webhook ORDER BY due_at) AS place \
                         FROM webhook_deliveries AS deliveries JOIN webhooks ON webhooks.id = deliveries.webhook \
                         WHERE due_at <= ? \
                       ) WHERE place <= 2 ORDER BY due_at LIMIT ?";
            let mut statement = tx.prepare_cached(sql)?;
            let due: Vec<_> = statement.query_map((At(now), limit), due)?.collect::<Result<_, _>>()?;
            let mut claim =
                tx.prepare_cached("UPDATE webhook_deliveries SET due_at = ?, tries = tries + 1 WHERE id = ?")?;
            for delivery in &due {
                claim.execute((At(lease), delivery.id))?;
            }
            Ok(due)
        })
        .await
    }

    /// Writes down what a try came to: the receiver has it, or when it is tried again; neither gives it up.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn finish_delivery(
        &self,
        id: i64,
        status: String,
        delivered_at: Option<Timestamp>,
        next_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.write(Lasting::Process, move |tx, _| {
            let sql = "UPDATE webhook_deliveries SET last_status = ?1, delivered_at = ?2, due_at = ?3, \
                       body = CASE WHEN ?3 IS NULL THEN NULL ELSE body END WHERE id = ?4 AND due_at IS NOT NULL";
            tx.prepare_cached(sql)?.execute((status, delivered_at.map(At), next_at.map(At), id))?;
            Ok(())
        })
        .await
    }

    /// The deliveries of a webhook, newest first: those below an id, if one is given.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn deliveries(&self, webhook: &str, below: Option<i64>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let webhook = webhook.to_owned();
        self.read(move |tx, _| {
            let sql = "SELECT id, event, kind, made_at, tries, last_status, due_at, delivered_at \
                       FROM webhook_deliveries WHERE webhook = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3";
            let mut statement = tx.prepare_cached(sql)?;
            let deliveries = statement.query_map((webhook, below, limit), delivery)?;
            Ok(deliveries.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn due(row: &Row<'_>) -> rusqlite::Result<DueDelivery> {
    Ok(DueDelivery {
        id: row.get(0)?,
        webhook: row.get(1)?,
        url: row.get(2)?,
        body: row.get(3)?,
        made_at: row.get::<_, At>(4)?.0,
        tries: row.get(5)?,
    })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        event: row.get(1)?,
        kind: row.get(2)?,
        made_at: row.get::<_, At>(3)?.0,
        tries: row.get(4)?,
        last_status: row.get(5)?,
        due_at: row.get::<_, Option<At>>(6)?.map(|at| at.0),
        delivered_at: row.get::<_, Option<At>>(7)?.map(|at| at.0),
    })
}

/// Forgets deliveries of before then that are over.
pub(super) fn delete_old(db: &Connection, cutoff: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM webhook_deliveries WHERE made_at < ? AND due_at IS NULL";
    db.prepare_cached(sql)?.execute([At(cutoff)])?;
    Ok(())
}
