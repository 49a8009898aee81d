//! Other calls and attempts of a call's number and caller; for the risk of a turn.

use jiff::SignedDuration;
use rusqlite::{Connection, Params};

use crate::store::columns::At;
use crate::store::{Call, Store, StoreError};
use crate::types::{CallerId, Timestamp};

/// How far back is looked for what else a number or a caller did.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Other calls and attempts of a call's number and caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallHistory {
    /// Different callers and claims that the number was used for in the last day.
    pub callers_of_number: u32,
    /// Different numbers that the caller was claimed from in the last day.
    pub numbers_of_caller: u32,
    /// Mismatches in other calls of the last day: the caller's or the number's, the higher.
    pub recent_failures: u32,
    /// The voiceprint is from another call, and no attempt was accepted since.
    pub is_first_call: bool,
}

impl Store {
    /// Counts other calls and attempts of a call's number, and of the caller or claim it is about by now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn history(
        &self,
        call: &Call,
        caller: Option<CallerId>,
        claim: Option<&str>,
        now: Timestamp,
    ) -> Result<CallHistory, StoreError> {
        let (call, claim) = (call.clone(), claim.map(str::to_owned));
        self.read(move |tx, _| history(tx, &call, caller, claim.as_deref(), now)).await
    }
}

impl Store {
    /// Mismatches of a caller in the last day, however they came.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn recent_failures(&self, caller: CallerId, now: Timestamp) -> Result<u32, StoreError> {
        self.read(move |tx, _| recent_failures(tx, caller, now)).await
    }
}

/// Counts other calls and attempts of a call's number, and of the caller or claim it is about by now.
pub(in crate::store) fn history(
    db: &Connection,
    call: &Call,
    caller: Option<CallerId>,
    claim: Option<&str>,
    now: Timestamp,
) -> Result<CallHistory, StoreError> {
    let since = At(now.saturating_sub(DAY).unwrap_or(Timestamp::MIN));
    let number = call.origin.number();
    let of_number = failures(db, "origin_number = ?3", (since, &call.sid, number))?;
    let of_caller = match caller {
        Some(caller) => failures(db, "attempts.caller = ?3", (since, &call.sid, caller))?,
        None => failures(db, "attempts.caller IS NULL AND claim = ?3", (since, &call.sid, claim))?,
    };
    let callers = "SELECT count(DISTINCT coalesce(caller, claim)) FROM calls \
                   WHERE origin_number = ? AND started_at >= ?";
    let numbers = "SELECT count(DISTINCT origin_number) FROM calls WHERE caller = ? AND started_at >= ?";
    Ok(CallHistory {
        callers_of_number: count(db, callers, (number, since))?,
        numbers_of_caller: count(db, numbers, (caller, since))?,
        recent_failures: of_number.max(of_caller),
        is_first_call: match caller {
            Some(caller) => is_first_call(db, caller, call)?,
            None => false,
        },
    })
}

/// Mismatches of a caller in the last day, however they came.
pub(in crate::store) fn recent_failures(db: &Connection, caller: CallerId, now: Timestamp) -> Result<u32, StoreError> {
    let since = At(now.saturating_sub(DAY).unwrap_or(Timestamp::MIN));
    failures(db, "attempts.caller = ?3", (since, "", caller))
}

fn count(db: &Connection, sql: &str, params: impl Params) -> Result<u32, StoreError> {
    Ok(db.prepare_cached(sql)?.query_row(params, |row| row.get(0))?)
}

/// Mismatches since `?1` in other calls than `?2`, of `whom`.
fn failures(db: &Connection, whom: &str, params: impl Params) -> Result<u32, StoreError> {
    let sql = format!(
        "SELECT count(*) FROM attempts JOIN calls ON calls.sid = attempts.call WHERE at >= ?1 AND sid <> ?2 \
         AND reason IN ('phrase_mismatch', 'voice_mismatch', 'replay_suspected', 'synthetic_suspected') AND {whom}"
    );
    count(db, &sql, params)
}

/// Whether the voiceprint was made before this call and no attempt was accepted with it yet.
fn is_first_call(db: &Connection, caller: CallerId, call: &Call) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM voiceprints WHERE caller = ?1 AND made_at < ?2 AND NOT EXISTS \
               (SELECT 1 FROM attempts WHERE attempts.caller = ?1 AND decision = 'accept' AND at >= made_at)";
    Ok(db.prepare_cached(sql)?.exists((caller, At(call.started_at)))?)
}
