use super::{Store, StoreError};
use crate::types::{Attestation, CallSid, CallerId, LineName, Origin, Timestamp};

/// A call as it comes in.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// The provider's id.
    pub sid: CallSid,
    /// The line that answers.
    pub line: LineName,
    /// Where it says it comes from.
    pub origin: Origin,
    /// The number that was called, as the provider gives it.
    pub to: String,
    /// What the carrier says about the caller's number.
    pub attestation: Attestation,
    /// The number that forwarded the call here.
    pub forwarded_from: Option<String>,
    /// The caller found by number, if any.
    pub caller: Option<CallerId>,
    /// When it came in.
    pub at: Timestamp,
}

/// A call and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The provider's id.
    pub sid: CallSid,
    /// The line that answers.
    pub line: LineName,
    /// Where it says it comes from.
    pub origin: Origin,
    /// The number that was called, as the provider gives it.
    pub to: String,
    /// What the carrier says about the caller's number.
    pub attestation: Attestation,
    /// The number that forwarded the call here.
    pub forwarded_from: Option<String>,
    /// Who it is about: found by number or account number, or made in this call.
    pub caller: Option<CallerId>,
    /// Account digits typed in this call that nobody has; their failures are counted like a real caller's.
    pub claim: Option<String>,
    /// The next turn to commit: 0 before the first reply.
    pub turn: u32,
    /// The dialogue's state after the last committed turn, as JSON.
    pub state: Option<String>,
    /// The reply of the last committed turn.
    pub last_reply: Option<String>,
    /// When it came in.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Store {
    /// Writes down a call as it comes in; a second time changes nothing and returns what there is.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn begin_call(&self, _call: NewCall) -> Result<Call, StoreError> {
        todo!()
    }

    /// The call of that id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn call(&self, _sid: &CallSid) -> Result<Option<Call>, StoreError> {
        todo!()
    }

    /// The reply that was given to a turn.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn turn_reply(&self, _sid: &CallSid, _turn: u32) -> Result<Option<String>, StoreError> {
        todo!()
    }

    /// Marks a call as ended and forgets its unfinished enrollment; a second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError::UnknownCall`] when it never began.
    pub async fn end_call(&self, _sid: &CallSid, _at: Timestamp) -> Result<(), StoreError> {
        todo!()
    }
}
