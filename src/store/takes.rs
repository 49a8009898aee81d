use std::time::Duration;

use super::{NewAttempt, Store, StoreError};
use crate::config::Lockout;
use crate::dialog::{Purpose, Standing};
use crate::types::{CallSid, RecordingSid, Timestamp};

/// Who judges a take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeClaim {
    /// Whoever asked: nobody does yet, or the one who did has died.
    Mine,
    /// Somebody else, still at it.
    Running,
    /// It is judged: the outcome, as JSON.
    Done(String),
    /// Not a take of this turn: the recording came with another turn, or this turn has another recording.
    Elsewhere,
}

/// How far a take is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeStatus {
    /// The recording.
    pub recording: RecordingSid,
    /// What it is for.
    pub purpose: Purpose,
    /// When it was first claimed.
    pub opened_at: Timestamp,
    /// Until when whoever judges it may take; after that it can be claimed anew.
    pub lease_until: Timestamp,
    /// The outcome, as JSON, once it is judged.
    pub outcome: Option<String>,
}

/// A voiceprint just made, kept sealed until the dialogue saves it.
#[derive(Clone)]
pub struct NewVoiceprint {
    /// The voiceprint in its byte form.
    pub bytes: Vec<u8>,
    /// The model that made it.
    pub model_id: String,
}

/// What judging a take came to; written in one transaction.
#[derive(Clone)]
pub struct TakeResult {
    /// What the dialogue is told, as JSON.
    pub outcome: String,
    /// The verdict with its signals, for a probe. A mismatch and an accept move the tallies.
    pub attempt: Option<NewAttempt>,
    /// An accepted enrollment take in its byte form; stored sealed.
    pub print: Option<Vec<u8>>,
    /// The voiceprint, when this take completed one; stored sealed until it is saved.
    pub voiceprint: Option<NewVoiceprint>,
    /// The recording to delete at the provider.
    pub delete_recording: Option<RecordingSid>,
}

/// Which result of a take counts; each with its outcome, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// This one: it is the first.
    Fresh(String),
    /// An earlier one.
    Already(String),
    /// None: the call went on without it. The recording is queued for deletion, nothing else is kept.
    Late,
}

impl Store {
    /// Claims a take for judging, until the lease runs out.
    ///
    /// There is one take per (call, turn), and one per recording.
    ///
    /// # Errors
    /// [`StoreError::UnknownCall`] when the call never began.
    pub async fn open_take(
        &self,
        _call: &CallSid,
        _turn: u32,
        _recording: &RecordingSid,
        _purpose: Purpose,
        _at: Timestamp,
        _lease: Duration,
    ) -> Result<TakeClaim, StoreError> {
        todo!()
    }

    /// Writes down what judging a take came to, and moves the tallies; only the first time counts.
    ///
    /// `judge` is given the standing of the call's caller, claim and number as of now: two calls at once cannot both
    /// slip under the limit. It runs inside the transaction, so it must not wait for anything.
    ///
    /// # Errors
    /// [`StoreError::UnknownTake`] when it was never opened.
    pub async fn finish_take(
        &self,
        _call: &CallSid,
        _turn: u32,
        _at: Timestamp,
        _lockout: &Lockout,
        _judge: impl FnOnce(Standing) -> TakeResult + Send + 'static,
    ) -> Result<Finished, StoreError> {
        todo!()
    }

    /// How far the take of a turn is.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn take(&self, _call: &CallSid, _turn: u32) -> Result<Option<TakeStatus>, StoreError> {
        todo!()
    }

    /// The outcome of a turn's take, as JSON, once it is judged.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn take_outcome(&self, _call: &CallSid, _turn: u32) -> Result<Option<String>, StoreError> {
        todo!()
    }

    /// The accepted enrollment takes of a call so far, opened, in order.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one was altered or moved.
    pub async fn enrollment_takes(&self, _call: &CallSid) -> Result<Vec<Vec<u8>>, StoreError> {
        todo!()
    }
}
