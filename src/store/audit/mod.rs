//! The audit: rows that are never changed, written in the transaction of what they tell; for the rest of the store.

pub(super) mod events;
pub(super) mod happening;
pub(super) mod particulars;
pub(super) mod tell;

use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::Value;

use crate::store::audit::happening::Happening;
use crate::store::audit::tell::About;
use crate::store::calls::owner::{Owner, TakeOwner};
use crate::store::columns::{At, Json, word_columns};
use crate::store::{Store, StoreError};
use crate::types::{AttemptId, CallSid, CallerId, Timestamp};

/// Who did what an audit event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The person on the phone.
    Caller,
    /// An operator at the command line, or an application with an API key.
    Operator,
    /// The program by itself.
    System,
}

word_columns! {
    Actor { Caller = "caller", Operator = "operator", System = "system" }
}

/// One thing that happened; never changed, never deleted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// What, a stable code: `consent_given`, `enrolled`, …
    pub kind: String,
    /// About whom.
    pub caller: Option<CallerId>,
    /// In which call.
    pub call: Option<CallSid>,
    /// In which attempt by upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// By whom.
    pub actor: Actor,
    /// Particulars; never audio, embeddings or numbers in clear.
    pub detail: Value,
}

impl Store {
    /// The audit events of a caller, or all, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn audit_events(&self, caller: Option<CallerId>, limit: u32) -> Result<Vec<AuditEvent>, StoreError> {
        self.read(move |tx, _| {
            let sql = "SELECT at, kind, caller, call, actor, detail FROM audit_events \
                       WHERE ?1 IS NULL OR caller = ?1 ORDER BY id DESC LIMIT ?2";
            let mut statement = tx.prepare_cached(sql)?;
            let events = statement.query_map((caller, limit), event)?;
            Ok(events.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<AuditEvent> {
    let (call, attempt) = match row.get(3)? {
        Some(TakeOwner::Call(sid)) => (Some(sid), None),
        Some(TakeOwner::Upload(id)) => (None, Some(id)),
        None => (None, None),
    };
    Ok(AuditEvent {
        at: row.get::<_, At>(0)?.0,
        kind: row.get(1)?,
        caller: row.get(2)?,
        call,
        attempt,
        actor: row.get(4)?,
        detail: row.get::<_, Json<Value>>(5)?.0,
    })
}

/// An event about to be written, in the transaction of what it tells.
pub(in crate::store) struct Happened<'a> {
    pub(in crate::store) at: Timestamp,
    pub(in crate::store) actor: Actor,
    pub(in crate::store) caller: Option<CallerId>,
    pub(in crate::store) call: Option<Owner<'a>>,
}

impl Happened<'_> {
    /// Something an operator did.
    pub(in crate::store) fn by_operator(at: Timestamp, caller: Option<CallerId>) -> Self {
        Self { at, actor: Actor::Operator, caller, call: None }
    }

    /// Something the program did by itself.
    pub(in crate::store) fn by_itself(at: Timestamp) -> Self {
        Self { at, actor: Actor::System, caller: None, call: None }
    }

    /// Writes an audit row, and queues the event for the webhooks that subscribe to it.
    pub(in crate::store) fn record(&self, db: &Connection, happening: Happening<'_>) -> Result<(), StoreError> {
        let Self { at, actor, caller, call } = *self;
        let sql = "INSERT INTO audit_events (at, kind, caller, call, actor, detail) VALUES (?, ?, ?, ?, ?, ?)";
        let row = (At(at), happening.kind(), caller, call, actor, Json(happening.detail()));
        db.prepare_cached(sql)?.execute(row)?;
        let Some(event) = happening.webhook_name() else { return Ok(()) };
        tell::tell(db, event, &About { at, caller, call }, || happening.told())
    }
}
