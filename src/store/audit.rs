use serde::Serialize;

use super::{Store, StoreError};
use crate::types::{CallSid, CallerId, Timestamp};

/// Who did what an audit event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The person on the phone.
    Caller,
    /// Somebody at the command line.
    Operator,
    /// The program by itself.
    System,
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
    /// By whom.
    pub actor: Actor,
    /// Particulars; never audio, embeddings or numbers in clear.
    pub detail: serde_json::Value,
}

impl Store {
    /// The audit events of a caller, or all, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn audit_events(&self, _caller: Option<CallerId>, _limit: u32) -> Result<Vec<AuditEvent>, StoreError> {
        todo!()
    }
}
