//! The log of deliveries to webhooks, for the API; the queue writes it.

use rusqlite::{Connection, Row};

use crate::store::columns::At;
use crate::store::{Store, StoreError};
use crate::types::Timestamp;

/// One event on its way to one webhook, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Counts up.
    pub id: i64,
    /// The event's id, the same for every webhook that is told.
    pub event: String,
    /// The event's name.
    pub kind: String,
    /// When it happened.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// The outcome of the last try: a status, or a short code.
    pub last_status: Option<String>,
    /// When it is tried next; none when it is not.
    pub due_at: Option<Timestamp>,
    /// When the receiver took it.
    pub delivered_at: Option<Timestamp>,
}

impl Store {
    /// The deliveries of a webhook, newest first: those below an id, if one is given.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn deliveries(&self, webhook: &str, below: Option<i64>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let webhook = webhook.to_owned();
        self.read(move |tx, _| {
            let sql = "SELECT log.id, log.event, log.kind, log.made_at, coalesce(jobs.tries, log.tries), \
                       log.last_status, jobs.due_at, log.delivered_at FROM deliveries AS log \
                       LEFT JOIN jobs ON jobs.kind = 'delivery' AND jobs.subject = CAST(log.id AS TEXT) \
                       WHERE log.webhook = ?1 AND (?2 IS NULL OR log.id < ?2) ORDER BY log.id DESC LIMIT ?3";
            let mut statement = tx.prepare_cached(sql)?;
            let deliveries = statement.query_map((webhook, below, limit), delivery)?;
            Ok(deliveries.collect::<Result<_, _>>()?)
        })
        .await
    }
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
pub(in crate::store) fn delete_old(db: &Connection, cutoff: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM deliveries WHERE made_at < ? AND NOT EXISTS \
               (SELECT 1 FROM jobs WHERE jobs.kind = 'delivery' AND jobs.subject = CAST(deliveries.id AS TEXT))";
    db.prepare_cached(sql)?.execute([At(cutoff)])?;
    Ok(())
}
