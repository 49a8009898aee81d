//! Attempts: every verdict with its signals and the way it came; for the audit and the admin API.

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::Value;

use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::calls::owner::TakeOwner;
use crate::store::columns::{At, Json, user_id};
use crate::store::{Store, StoreError};
use crate::types::{AttemptId, CallSid, CallerId, E164, LineName, Reason, Tenant, Timestamp, Verdict};

/// A verdict to be kept.
#[derive(Clone, Debug)]
pub struct NewAttempt {
    /// How it ended.
    pub verdict: Verdict,
    /// The signals, as JSON.
    pub signals: Option<String>,
}

/// The line that uploads are kept under, beside those of phone numbers.
pub const UPLOADS: &str = "api";

/// The way an attempt came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// By phone.
    Call {
        /// The call.
        call: CallSid,
        /// The turn of the call.
        turn: u32,
        /// The line that answered.
        line: LineName,
    },
    /// By an application's upload.
    Upload {
        /// The attempt's own id.
        id: AttemptId,
        /// The id of the API key it came by; none of before that was kept.
        key: Option<String>,
    },
}

impl Attempt {
    /// The call, if it came by phone.
    pub fn call(&self) -> Option<&CallSid> {
        match &self.via {
            Via::Call { call, .. } => Some(call),
            Via::Upload { .. } => None,
        }
    }

    /// The attempt's own id, if it came by upload.
    pub fn upload(&self) -> Option<&AttemptId> {
        match &self.via {
            Via::Call { .. } => None,
            Via::Upload { id, .. } => Some(id),
        }
    }

    /// The turn of the call; 0 for an upload.
    pub fn turn(&self) -> u32 {
        match &self.via {
            Via::Call { turn, .. } => *turn,
            Via::Upload { .. } => 0,
        }
    }

    /// The line that answered; [`UPLOADS`] for an upload.
    pub fn line(&self) -> LineName {
        match &self.via {
            Via::Call { line, .. } => line.clone(),
            Via::Upload { .. } => LineName(UPLOADS.to_owned()),
        }
    }
}

/// One verdict with its signals.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// Counts up.
    pub id: i64,
    /// When it ended.
    pub at: Timestamp,
    /// The way it came.
    pub via: Via,
    /// Who was to be verified.
    pub caller: Option<CallerId>,
    /// The number the call came from.
    pub number: Option<E164>,
    /// How it ended.
    pub verdict: Verdict,
    /// The signals.
    pub signals: Option<Value>,
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

/// Which attempts of a tenant to list.
#[derive(Clone, Debug)]
pub struct AttemptQuery {
    /// The tenant; attempts without a caller are the tenant `main`'s.
    pub tenant: Tenant,
    /// Of this caller only.
    pub caller: Option<CallerId>,
    /// Only those that ended so, by the verdict's code.
    pub decision: Option<&'static str>,
    /// Only those with this reason.
    pub reason: Option<Reason>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// On this line only.
    pub line: Option<LineName>,
    /// Only those with a lower id.
    pub below: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl AttemptQuery {
    /// The newest attempts of a tenant.
    pub fn of(tenant: Tenant, limit: u32) -> Self {
        Self {
            tenant,
            caller: None,
            decision: None,
            reason: None,
            since: None,
            until: None,
            line: None,
            below: None,
            limit,
        }
    }
}

/// An attempt, with the operator's id of who was to be verified.
#[derive(Clone, Debug)]
pub struct OwnAttempt {
    /// The attempt.
    pub attempt: Attempt,
    /// The operator's id.
    pub user_id: Option<String>,
}

impl Store {
    /// Attempts, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn attempts(&self, filter: AttemptFilter) -> Result<Vec<Attempt>, StoreError> {
        self.read(move |tx, _| {
            let sql = "SELECT attempts.id, at, call, attempts.turn, line, attempts.caller, origin_number, decision, \
                       reason, until_at, signals, api_key FROM attempts JOIN calls ON calls.sid = attempts.call \
                       WHERE (?1 IS NULL OR attempts.caller = ?1) AND (?2 IS NULL OR line = ?2) \
                       AND (?3 IS NULL OR at >= ?3) ORDER BY attempts.id DESC LIMIT ?4";
            let mut statement = tx.prepare_cached(sql)?;
            let since = filter.since.map(At);
            let attempts = statement.query_map((filter.caller, filter.line, since, filter.limit), attempt)?;
            Ok(attempts.collect::<Result<_, _>>()?)
        })
        .await
    }
}

impl Store {
    /// Attempts of a tenant, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn attempts_of(&self, query: AttemptQuery) -> Result<Vec<OwnAttempt>, StoreError> {
        self.read(move |tx, _| {
            let sql = "SELECT attempts.id, at, call, attempts.turn, line, attempts.caller, origin_number, decision, \
                       reason, until_at, signals, api_key, user_id FROM attempts \
                       JOIN calls ON calls.sid = attempts.call LEFT JOIN callers ON callers.id = attempts.caller \
                       WHERE coalesce(tenant, 'main') = ?1 AND (?2 IS NULL OR attempts.caller = ?2) \
                       AND (?3 IS NULL OR decision = ?3) AND (?4 IS NULL OR reason = ?4) \
                       AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at < ?6) AND (?7 IS NULL OR line = ?7) \
                       AND (?8 IS NULL OR attempts.id < ?8) ORDER BY attempts.id DESC LIMIT ?9";
            let AttemptQuery { tenant, caller, decision, reason, since, until, line, below, limit } = query;
            let (reason, since, until) = (reason.map(Reason::code), since.map(At), until.map(At));
            let mut statement = tx.prepare_cached(sql)?;
            let own = |row: &Row<'_>| {
                let user_id = row.get::<_, Option<String>>(12)?.map(user_id);
                Ok(OwnAttempt { attempt: attempt(row)?, user_id })
            };
            let row = (tenant, caller, decision, reason, since, until, line, below, limit);
            let attempts = statement.query_map(row, own)?;
            Ok(attempts.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        id: row.get(0)?,
        at: row.get::<_, At>(1)?.0,
        via: via(row)?,
        caller: row.get(5)?,
        number: row.get(6)?,
        verdict: verdict(row)?,
        signals: row.get::<_, Option<Json<Value>>>(10)?.map(|signals| signals.0),
    })
}

fn via(row: &Row<'_>) -> rusqlite::Result<Via> {
    let (owner, line): (TakeOwner, LineName) = (row.get(2)?, row.get(4)?);
    Ok(match owner {
        TakeOwner::Upload(id) => Via::Upload { id, key: row.get(11)? },
        TakeOwner::Call(sid) if line.0 == UPLOADS => Via::Upload { id: AttemptId::of_former(&sid), key: row.get(11)? },
        TakeOwner::Call(call) => Via::Call { call, turn: row.get(3)?, line },
    })
}

fn verdict(row: &Row<'_>) -> rusqlite::Result<Verdict> {
    let reason = row.get_ref(8)?.as_str_or_null()?.and_then(Reason::from_code);
    let until = row.get::<_, Option<At>>(9)?.map(|at| at.0);
    match (row.get_ref(7)?.as_str()?, reason, until) {
        ("accept", ..) => Ok(Verdict::Accept),
        ("retry", Some(reason), _) => Ok(Verdict::Retry { reason }),
        ("reject", Some(reason), _) => Ok(Verdict::Reject { reason }),
        ("cooldown", _, Some(until)) => Ok(Verdict::Cooldown { until }),
        _ => Err(FromSqlError::Other("not a verdict".into()).into()),
    }
}

/// Keeps the verdict of a turn, about the caller and in the call that `happened` names.
///
/// There is one a turn: the dialogue's decision takes the place of the take's verdict.
pub(in crate::store) fn keep(
    db: &Connection,
    line: &LineName,
    turn: u32,
    attempt: &NewAttempt,
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO attempts (at, call, turn, caller, decision, reason, until_at, signals) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (call, turn) DO UPDATE \
               SET at = ?1, caller = ?4, decision = ?5, reason = ?6, until_at = ?7, signals = ?8";
    let verdict = &attempt.verdict;
    let reason = verdict.reason().map(Reason::code);
    let until = if let Verdict::Cooldown { until } = verdict { Some(At(*until)) } else { None };
    let row = (At(happened.at), happened.call, turn, happened.caller, verdict.code(), reason, until, &attempt.signals);
    db.prepare_cached(sql)?.execute(row)?;
    happened.record(db, Happening::Attempt { verdict, line, turn })
}

/// Whether this call has verified the caller it is about.
pub(in crate::store) fn has_accept(db: &Connection, call: &CallSid, caller: CallerId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM attempts WHERE call = ? AND caller = ? AND decision = 'accept'";
    Ok(db.prepare_cached(sql)?.exists((call, caller))?)
}
