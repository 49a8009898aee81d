//! Takes: claimed, judged once, settled in one transaction; for the code that judges them.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::config::Lockout;
use crate::dialog::{Consent, Purpose, Standing};
use crate::store::audit::{Actor, Happened};
use crate::store::callers;
use crate::store::callers::heard;
use crate::store::callers::learned;
use crate::store::calls;
use crate::store::calls::attempts::{self, NewAttempt};
use crate::store::calls::owner::Owner;
use crate::store::calls::standing::{self, Subject};
use crate::store::calls::take_prints::{self, pending_label};
use crate::store::clients::watch_list;
use crate::store::columns::{At, Json};
use crate::store::queue::put;
use crate::store::seal::vault::Vault;
use crate::store::{CallerRef, Lasting, NewLearning, Store, StoreError, Watched};
use crate::types::{CallSid, CallerId, LineName, Reason, RecordingSid, Source, Timestamp};

/// Who judges a take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeClaim {
    /// The process that asked: no other does, or its lease has ended.
    Mine,
    /// Another process, whose lease has not ended.
    Running,
    /// It is judged: the outcome, as JSON.
    Done(String),
    /// Not a take of this turn: the audio came with another turn, or this turn has other audio.
    Elsewhere,
}

/// How far a take is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeStatus {
    /// Where its audio comes from.
    pub source: Source,
    /// Its purpose.
    pub purpose: Purpose,
    /// When it was first claimed.
    pub opened_at: Timestamp,
    /// The end of the lease; after it another process may claim the take.
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

/// The result of judging a take; written in one transaction.
#[derive(Clone)]
pub struct TakeResult {
    /// The outcome for the dialogue, as JSON.
    pub outcome: String,
    /// The verdict with its signals, for a probe. A mismatch and an accept move the tallies.
    pub attempt: Option<NewAttempt>,
    /// The print that later takes of the call are compared with, in its byte form; stored sealed until the call ends.
    pub print: Option<Vec<u8>>,
    /// The fingerprint of a take in the caller's own voice; stored sealed, so that a recording of it is known again.
    pub heard: Option<Vec<u8>>,
    /// The learned part of the caller's voice after this take; stored sealed.
    pub learned: Option<NewLearning>,
    /// The voiceprint, when this take completed one; stored sealed until it is saved.
    pub voiceprint: Option<NewVoiceprint>,
    /// The voice on the tenant's watch list that this one resembles; written down as `watch_list_hit`.
    pub watch_hit: Option<Watched>,
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
    /// None: the call went on without it. A mismatch still counts, and the recording is queued for deletion.
    Late,
}

impl Store {
    /// Claims a take for judging, until the lease runs out.
    ///
    /// There is one take per (call, turn), and one per recording or stream.
    ///
    /// # Errors
    /// [`StoreError::UnknownCall`] when the call never began.
    pub async fn open_take(
        &self,
        call: &CallSid,
        turn: u32,
        source: &Source,
        purpose: Purpose,
        at: Timestamp,
        lease: Duration,
    ) -> Result<TakeClaim, StoreError> {
        let (call, source) = (call.clone(), source.clone());
        self.write(Lasting::Process, move |tx, _| {
            let lease_until = At(at.saturating_add(lease).unwrap_or(Timestamp::MAX));
            match find(tx, &call, turn)? {
                Some(take) if take.source != source => Ok(TakeClaim::Elsewhere),
                Some(TakeStatus { outcome: Some(outcome), .. }) => Ok(TakeClaim::Done(outcome)),
                Some(take) if take.lease_until > at => Ok(TakeClaim::Running),
                Some(_) => {
                    let sql = "UPDATE takes SET lease_until = ? WHERE call = ? AND turn = ?";
                    tx.prepare_cached(sql)?.execute((lease_until, &call, turn))?;
                    Ok(TakeClaim::Mine)
                }
                None => {
                    calls::find(tx, &call)?.ok_or(StoreError::UnknownCall)?;
                    let sql = "INSERT INTO takes (call, turn, recording, purpose, opened_at, lease_until) \
                               VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (recording) DO NOTHING";
                    let row = (&call, turn, &source, Json(purpose), At(at), lease_until);
                    let is_new = tx.prepare_cached(sql)?.execute(row)? > 0;
                    Ok(if is_new { TakeClaim::Mine } else { TakeClaim::Elsewhere })
                }
            }
        })
        .await
    }

    /// Writes down the result of judging a take, and moves the tallies; only the first time counts.
    ///
    /// `judge` is given the standing of the call's caller, claim and number as of now: two calls at once cannot both
    /// slip under the limit. It runs inside the transaction, so it must not wait for anything.
    ///
    /// # Errors
    /// [`StoreError::UnknownTake`] when it was never opened.
    pub async fn finish_take(
        &self,
        call: &CallSid,
        turn: u32,
        at: Timestamp,
        lockout: &Lockout,
        judge: impl FnOnce(Standing) -> TakeResult + Send + 'static,
    ) -> Result<Finished, StoreError> {
        let (sid, lockout) = (call.clone(), *lockout);
        self.write(Lasting::PowerCut, move |tx, vault| {
            let take = find(tx, &sid, turn)?.ok_or(StoreError::UnknownTake)?;
            if let Some(outcome) = take.outcome {
                return Ok(Finished::Already(outcome));
            }
            let call = calls::find(tx, &sid)?.ok_or(StoreError::UnknownCall)?;
            let sitting = Sitting {
                owner: Owner::Call(&sid),
                line: &call.line,
                caller: call.caller,
                subjects: Subject::of(&call),
                is_over: call.turn > turn || call.ended_at.is_some(),
            };
            settle(tx, vault, sitting, turn, at, &lockout, judge)
        })
        .await
    }

    /// How far the take of a turn is.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn take(&self, call: &CallSid, turn: u32) -> Result<Option<TakeStatus>, StoreError> {
        let call = call.clone();
        self.read(move |tx, _| find(tx, &call, turn)).await
    }

    /// The accepted enrollment takes of a call so far, opened, in order.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one was altered or moved.
    pub async fn enrollment_takes(&self, call: &CallSid) -> Result<Vec<Vec<u8>>, StoreError> {
        self.kept_takes(call, false).await
    }

    /// The prints kept of a call's probes so far, opened, in order.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one was altered or moved.
    pub async fn probe_takes(&self, call: &CallSid) -> Result<Vec<Vec<u8>>, StoreError> {
        self.kept_takes(call, true).await
    }

    async fn kept_takes(&self, call: &CallSid, of_probes: bool) -> Result<Vec<Vec<u8>>, StoreError> {
        let call = call.clone();
        self.read(move |tx, vault| take_prints::all(tx, vault, Owner::Call(&call), of_probes)).await
    }
}

/// The call or upload that a take belongs to, as far as its end is concerned.
pub(in crate::store) struct Sitting<'a> {
    pub(in crate::store) owner: Owner<'a>,
    pub(in crate::store) line: &'a LineName,
    pub(in crate::store) caller: Option<CallerId>,
    /// Whose tallies the attempt moves.
    pub(in crate::store) subjects: Vec<Subject>,
    /// It went on without the take, or ended.
    pub(in crate::store) is_over: bool,
}

/// Writes down the result of judging a take, inside the transaction that found it open.
pub(in crate::store) fn settle(
    tx: &Transaction<'_>,
    vault: &Vault,
    sitting: Sitting<'_>,
    turn: u32,
    at: Timestamp,
    lockout: &Lockout,
    judge: impl FnOnce(Standing) -> TakeResult,
) -> Result<Finished, StoreError> {
    let Sitting { owner, line, caller, subjects, is_over: is_late } = sitting;
    let mut result = judge(standing::strictest(tx, vault, &subjects, at)?);
    if result.attempt.is_some() && has_opted_out(tx, caller)? {
        // Since the take was held against the store: nothing of the voice may come back.
        result = TakeResult { print: None, heard: None, learned: None, ..result };
    }
    if let Some(recording) = &result.delete_recording {
        put::recording(tx, recording, at)?;
    }
    let sql = "UPDATE takes SET outcome = ?, finished_at = ? WHERE call = ? AND turn = ?";
    tx.prepare_cached(sql)?.execute((&result.outcome, At(at), owner, turn))?;
    let happened = Happened { at, actor: Actor::Caller, caller, call: Some(owner) };
    if let (Some(hit), Some(caller)) = (&result.watch_hit, caller) {
        watch_list::note_hit(tx, caller, hit, at)?;
    }
    if let Some(attempt) = &result.attempt {
        // Hanging up before the verdict does not undo a mismatch, but neither does it earn an accept.
        if !is_late || attempt.verdict.reason().is_some_and(Reason::is_mismatch) {
            standing::count(tx, vault, &subjects, &attempt.verdict, lockout, &happened)?;
        }
        if !is_late {
            attempts::keep(tx, line, turn, attempt, &happened)?;
        }
    }
    if is_late {
        return Ok(Finished::Late);
    }
    if let (Some(fingerprint), Some(caller)) = (&result.heard, caller) {
        heard::keep(tx, vault, caller, (owner, turn), fingerprint, at)?;
    }
    if let (Some(learning), Some(caller)) = (&result.learned, caller) {
        learned::keep(tx, vault, caller, learning, &happened)?;
    }
    if let Some(print) = &result.print {
        take_prints::keep(tx, vault, owner, turn, print)?;
    }
    if let Some(NewVoiceprint { bytes, model_id }) = &result.voiceprint {
        let sealed = vault.seal(tx, &pending_label(owner.as_str(), model_id), bytes)?;
        let sql = "INSERT INTO pending_voiceprints (call, model_id, sealed, made_at) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (call) DO UPDATE SET model_id = ?2, sealed = ?3, made_at = ?4";
        tx.prepare_cached(sql)?.execute((owner, model_id, sealed, At(at)))?;
    }
    Ok(Finished::Fresh(result.outcome))
}

fn has_opted_out(db: &Connection, caller: Option<CallerId>) -> Result<bool, StoreError> {
    let Some(caller) = caller else { return Ok(false) };
    let found = callers::find(db, &CallerRef::Id(caller))?;
    Ok(found.is_none_or(|caller| caller.consent == Consent::OptedOut))
}

fn status(row: &Row<'_>) -> rusqlite::Result<TakeStatus> {
    Ok(TakeStatus {
        source: row.get(0)?,
        purpose: row.get::<_, Json<Purpose>>(1)?.0,
        opened_at: row.get::<_, At>(2)?.0,
        lease_until: row.get::<_, At>(3)?.0,
        outcome: row.get(4)?,
    })
}

/// How far the take of a turn is.
pub(in crate::store) fn find(db: &Connection, call: &CallSid, turn: u32) -> Result<Option<TakeStatus>, StoreError> {
    let sql = "SELECT recording, purpose, opened_at, lease_until, outcome FROM takes WHERE call = ? AND turn = ?";
    Ok(db.prepare_cached(sql)?.query_row((call, turn), status).optional()?)
}
