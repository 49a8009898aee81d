//! Attempts and enrollments by upload; for the upload API.

use rusqlite::{OptionalExtension, Transaction};

use crate::config::Lockout;
use crate::dialog::{Consent, Purpose, Standing};
use crate::store::audit::{Actor, Happened};
use crate::store::callers;
use crate::store::callers::codes;
use crate::store::calls;
use crate::store::calls::attempts::UPLOADS;
use crate::store::calls::owner::{Owner, TakeOwner};
use crate::store::calls::standing::Subject;
use crate::store::calls::take_prints;
use crate::store::calls::takes::{self, Finished, NewVoiceprint, Sitting, TakeResult};
use crate::store::clients::api_keys;
use crate::store::columns::{At, Json};
use crate::store::seal::vault::Vault;
use crate::store::{CallerRef, Lasting, Store, StoreError};
use crate::types::{AttemptId, CallerId, LineName, Source, StreamId, Timestamp, Verdict};

/// An enrollment by uploads, as far as it has come.
#[derive(Clone)]
pub struct OpenEnrollment {
    /// The takes so far in their byte form, in order.
    pub takes: Vec<Vec<u8>>,
    owner: TakeOwner,
}

/// Takes that an enrollment goes on with.
pub struct NewTakes {
    /// Whose.
    pub caller: CallerId,
    /// The enrollment they were compared with; none begins one.
    pub before: Option<OpenEnrollment>,
    /// The takes in their byte form.
    pub prints: Vec<Vec<u8>>,
    /// The voiceprint of all takes, once there are enough.
    pub voiceprint: Option<NewVoiceprint>,
    /// An enrollment code, which an enrolled caller needs to enroll anew.
    pub code: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// By which key something is done, and as what it is counted.
pub struct Used {
    /// The key's id.
    pub key: String,
    /// The words that a verdict is counted under.
    pub what: fn(&Verdict) -> Vec<String>,
}

impl Store {
    /// Judges a probe that came whole, writes down the result, and moves the tallies.
    ///
    /// As [`Store::finish_take`], for a probe that has no call: it gets an attempt's id of its own. The use of the
    /// client's key is counted in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::UnknownCaller`] when the caller was deleted meanwhile, [`StoreError::NoConsent`] when they opted
    /// out: the voiceprint that the probe was held against is gone.
    pub async fn judge_upload(
        &self,
        caller: CallerId,
        at: Timestamp,
        lockout: &Lockout,
        used: Used,
        judge: impl FnOnce(Standing) -> TakeResult + Send + 'static,
    ) -> Result<(AttemptId, String), StoreError> {
        let lockout = *lockout;
        self.write(Lasting::PowerCut, move |tx, vault| {
            let known = callers::find(tx, &CallerRef::Id(caller))?.ok_or(StoreError::UnknownCaller)?;
            if known.consent == Consent::OptedOut {
                return Err(StoreError::NoConsent);
            }
            let id = begin(tx, caller, Some(&used.key), at)?;
            let owner = Owner::Upload(&id);
            open(tx, owner, 0, Purpose::Verify, at)?;
            let mut verdict = None;
            let judge = |standing| {
                let result: TakeResult = judge(standing);
                verdict = result.attempt.as_ref().map(|attempt| attempt.verdict);
                result
            };
            let sitting = Sitting {
                owner,
                line: &LineName(UPLOADS.to_owned()),
                caller: Some(caller),
                subjects: vec![Subject::Caller(caller)],
                is_over: false,
            };
            let finished = takes::settle(tx, vault, sitting, 0, at, &lockout, judge)?;
            for what in verdict.as_ref().map(used.what).unwrap_or_default() {
                api_keys::count(tx, &used.key, &what, at)?;
            }
            tx.prepare_cached("UPDATE calls SET ended_at = ? WHERE sid = ?")?.execute((At(at), owner))?;
            match finished {
                Finished::Fresh(outcome) | Finished::Already(outcome) => Ok((id, outcome)),
                Finished::Late => Err(StoreError::UnknownCall),
            }
        })
        .await
    }

    /// The enrollment that a caller's uploads have begun, if one is open.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when a take was altered or moved.
    pub async fn open_enrollment(&self, caller: CallerId) -> Result<Option<OpenEnrollment>, StoreError> {
        self.read(move |tx, vault| find_open(tx, vault, caller)).await
    }

    /// Goes on with an enrollment by uploads; with a voiceprint it is complete.
    ///
    /// # Errors
    /// [`StoreError::NoConsent`], [`StoreError::AlreadyEnrolled`] without a code, [`StoreError::CodeInvalid`], and
    /// [`StoreError::Overtaken`] when other takes came meanwhile: look again and compare with those.
    pub async fn keep_enrollment_takes(&self, new: NewTakes) -> Result<(), StoreError> {
        self.write(Lasting::PowerCut, move |tx, vault| keep(tx, vault, &new)).await
    }

    /// Forgets the takes of a caller's open enrollment; says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn discard_enrollment(&self, caller: CallerId, at: Timestamp) -> Result<bool, StoreError> {
        self.write(Lasting::Process, move |tx, vault| {
            let Some(open) = find_open(tx, vault, caller)? else { return Ok(false) };
            let owner = open.owner.as_ref();
            calls::end(tx, &happened(caller, owner, at), owner)?;
            Ok(true)
        })
        .await
    }
}

fn happened(caller: CallerId, owner: Owner<'_>, at: Timestamp) -> Happened<'_> {
    Happened { at, actor: Actor::Caller, caller: Some(caller), call: Some(owner) }
}

/// Begins the row of `calls` that holds uploads of a caller together.
fn begin(tx: &Transaction<'_>, caller: CallerId, key: Option<&str>, at: Timestamp) -> Result<AttemptId, StoreError> {
    callers::find(tx, &CallerRef::Id(caller))?.ok_or(StoreError::UnknownCaller)?;
    let id = AttemptId::new();
    let sql = "INSERT INTO calls (sid, line, origin, called, attestation, caller, started_at, api_key) \
               VALUES (?, ?, 'withheld', '', 'absent', ?, ?, ?)";
    tx.prepare_cached(sql)?.execute((&id, UPLOADS, caller, At(at), key))?;
    Ok(id)
}

/// Writes down a take whose audio is here, and only here.
fn open(tx: &Transaction<'_>, call: Owner<'_>, turn: u32, purpose: Purpose, at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO takes (call, turn, recording, purpose, opened_at, lease_until) VALUES (?, ?, ?, ?, ?, ?)";
    let source = Source::Stream(StreamId::new());
    tx.prepare_cached(sql)?.execute((call, turn, source, Json(purpose), At(at), At(at)))?;
    Ok(())
}

fn find_open(tx: &Transaction<'_>, vault: &Vault, caller: CallerId) -> Result<Option<OpenEnrollment>, StoreError> {
    let sql = "SELECT sid FROM calls WHERE caller = ? AND line = 'api' AND ended_at IS NULL ORDER BY started_at DESC";
    let found: Option<TakeOwner> = tx.prepare_cached(sql)?.query_row([caller], |row| row.get(0)).optional()?;
    let opened =
        |owner: TakeOwner| Ok(OpenEnrollment { takes: take_prints::all(tx, vault, owner.as_ref(), false)?, owner });
    found.map(opened).transpose()
}

/// Invariant 1 holds here too: a voiceprint is replaced only by whom the caller's own code was given.
fn keep(tx: &Transaction<'_>, vault: &Vault, new: &NewTakes) -> Result<(), StoreError> {
    let caller = callers::find(tx, &CallerRef::Id(new.caller))?.ok_or(StoreError::UnknownCaller)?;
    if caller.consent != Consent::Given {
        return Err(StoreError::NoConsent);
    }
    let open_now = find_open(tx, vault, caller.id)?;
    let shape = |open: &Option<OpenEnrollment>| open.as_ref().map(|open| (open.owner.clone(), open.takes.len()));
    if shape(&open_now) != shape(&new.before) {
        return Err(StoreError::Overtaken);
    }
    let (owner, known) = match shape(&open_now) {
        Some(open) => open,
        None => (TakeOwner::Upload(begin(tx, caller.id, None, new.at)?), 0),
    };
    let owner = owner.as_ref();
    let happened = happened(caller.id, owner, new.at);
    if let Some(code) = &new.code
        && !codes::has_own_code(tx, owner, caller.id)?
    {
        codes::redeem(tx, vault, code, Some(caller.id), &happened)?;
    }
    if caller.is_enrolled && !codes::has_own_code(tx, owner, caller.id)? {
        return Err(StoreError::AlreadyEnrolled);
    }
    for (turn, print) in (known as u32..).zip(&new.prints) {
        open(tx, owner, turn, Purpose::Enroll { take: turn + 1 }, new.at)?;
        take_prints::keep(tx, vault, owner, turn, print)?;
    }
    if let Some(NewVoiceprint { bytes, model_id }) = &new.voiceprint {
        callers::keep_voiceprint(tx, vault, &caller, model_id, bytes, &happened)?;
        calls::end(tx, &happened, owner)?;
    }
    Ok(())
}
