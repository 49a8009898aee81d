use serde::Serialize;

use super::{Store, StoreError};
use crate::types::{CallSid, CallerId, E164, LineName, Timestamp, Verdict};

/// A verdict to be kept.
#[derive(Clone, Debug)]
pub struct NewAttempt {
    /// How it ended.
    pub verdict: Verdict,
    /// What was measured, as JSON.
    pub signals: Option<String>,
}

/// One verdict with its signals.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// Counts up.
    pub id: i64,
    /// When it ended.
    pub at: Timestamp,
    /// The call.
    pub call: CallSid,
    /// The turn of the call.
    pub turn: u32,
    /// The line that answered.
    pub line: LineName,
    /// Who was to be verified.
    pub caller: Option<CallerId>,
    /// The number the call came from.
    pub number: Option<E164>,
    /// How it ended.
    pub verdict: Verdict,
    /// What was measured.
    pub signals: Option<serde_json::Value>,
}

/// Which attempts to list.
#[derive(Clone, Debug)]
pub struct AttemptFilter {
    /// Of this caller only.
    pub caller: Option<CallerId>,
    /// On this line only.
    pub line: Option<LineName>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Attempts, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn attempts(&self, _filter: AttemptFilter) -> Result<Vec<Attempt>, StoreError> {
        todo!()
    }
}
