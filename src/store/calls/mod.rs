//! Phone calls and how far they have come; for the code that answers turns.

pub(super) mod attempts;
pub(super) mod commit;
pub(super) mod effects;
pub(super) mod held;
pub(super) mod owner;
pub(super) mod signs;
pub(super) mod standing;
pub(super) mod streams;
pub(super) mod take_prints;
pub(super) mod takes;
pub(super) mod turn_facts;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::store::audit::happening::Happening;
use crate::store::audit::{Actor, Happened};
use crate::store::calls::owner::Owner;
use crate::store::columns::At;
use crate::store::{Lasting, Store, StoreError};
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
    /// The carrier's attestation of the caller's number.
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
    /// The carrier's attestation of the caller's number.
    pub attestation: Attestation,
    /// The number that forwarded the call here.
    pub forwarded_from: Option<String>,
    /// Who it is about: found by number or account number, or made in this call.
    pub caller: Option<CallerId>,
    /// Digits typed in this call that led to no caller; their failures are counted like a caller's.
    pub claim: Option<String>,
    /// The next turn to commit: 0 before the first reply.
    pub turn: u32,
    /// The dialogue's state after the last committed turn, as JSON.
    pub state: Option<String>,
    /// The reply of the last committed turn.
    pub last_reply: Option<String>,
    /// When it came in.
    pub started_at: Timestamp,
    /// Whether its takes are recorded although the line streams: a stream of it has failed.
    pub is_recorded: bool,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Store {
    /// Writes down a call as it comes in; a second time changes nothing and returns what there is.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn begin_call(&self, call: NewCall) -> Result<Call, StoreError> {
        self.write(Lasting::Process, move |tx, _| {
            let sql = "INSERT INTO calls (sid, line, origin, origin_number, called, attestation, forwarded_from, \
                       caller, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sid) DO NOTHING";
            let origin = match &call.origin {
                Origin::Number(_) => "number",
                Origin::Withheld => "withheld",
                Origin::Foreign => "foreign",
            };
            tx.prepare_cached(sql)?.execute((
                &call.sid,
                &call.line,
                origin,
                call.origin.number(),
                &call.to,
                call.attestation,
                &call.forwarded_from,
                call.caller,
                At(call.at),
            ))?;
            find(tx, &call.sid)?.ok_or(StoreError::UnknownCall)
        })
        .await
    }

    /// The call of that id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn call(&self, sid: &CallSid) -> Result<Option<Call>, StoreError> {
        let sid = sid.clone();
        self.read(move |tx, _| find(tx, &sid)).await
    }

    /// The reply that was given to a turn.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn turn_reply(&self, sid: &CallSid, turn: u32) -> Result<Option<String>, StoreError> {
        let sid = sid.clone();
        self.read(move |tx, _| reply(tx, &sid, turn)).await
    }

    /// Marks a call as ended and forgets its unfinished enrollment; a second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError::UnknownCall`] when it never began.
    pub async fn end_call(&self, sid: &CallSid, at: Timestamp) -> Result<(), StoreError> {
        let sid = sid.clone();
        self.write(Lasting::Process, move |tx, _| {
            let call = find(tx, &sid)?.ok_or(StoreError::UnknownCall)?;
            let happened = Happened { at, actor: Actor::Caller, caller: call.caller, call: Some(Owner::Call(&sid)) };
            end(tx, &happened, Owner::Call(&sid))
        })
        .await
    }
}

const SELECT: &str = "SELECT sid, line, origin, origin_number, called, attestation, forwarded_from, caller, claim, \
                      turn, state, (SELECT reply FROM turns WHERE turns.call = sid AND turns.turn = calls.turn - 1), \
                      started_at, is_recorded, ended_at FROM calls WHERE sid = ?";

fn call(row: &Row<'_>) -> rusqlite::Result<Call> {
    let number = row.get(3)?;
    let origin = match (row.get_ref(2)?.as_str()?, number) {
        (_, Some(number)) => Origin::Number(number),
        ("foreign", None) => Origin::Foreign,
        // A number that was erased with its caller reads like one that was never shown.
        _ => Origin::Withheld,
    };
    Ok(Call {
        sid: row.get(0)?,
        line: row.get(1)?,
        origin,
        to: row.get(4)?,
        attestation: row.get(5)?,
        forwarded_from: row.get(6)?,
        caller: row.get(7)?,
        claim: row.get(8)?,
        turn: row.get(9)?,
        state: row.get(10)?,
        last_reply: row.get(11)?,
        started_at: row.get::<_, At>(12)?.0,
        is_recorded: row.get(13)?,
        ended_at: row.get::<_, Option<At>>(14)?.map(|at| at.0),
    })
}

/// The call of that id.
pub(in crate::store) fn find(db: &Connection, sid: &CallSid) -> Result<Option<Call>, StoreError> {
    Ok(db.prepare_cached(SELECT)?.query_row([sid], call).optional()?)
}

/// The reply that was given to a turn.
pub(in crate::store) fn reply(db: &Connection, sid: &CallSid, turn: u32) -> Result<Option<String>, StoreError> {
    let mut statement = db.prepare_cached("SELECT reply FROM turns WHERE call = ? AND turn = ?")?;
    Ok(statement.query_row((sid, turn), |row| row.get(0)).optional()?)
}

/// Marks a call as ended, once, and forgets its unfinished enrollment.
pub(in crate::store) fn end(db: &Connection, happened: &Happened<'_>, sid: Owner<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE calls SET ended_at = ? WHERE sid = ? AND ended_at IS NULL";
    if db.prepare_cached(sql)?.execute((At(happened.at), sid))? > 0 {
        take_prints::discard(db, sid)?;
        happened.record(db, Happening::CallEnded)?;
    }
    Ok(())
}
