//! Listenings: asked for by a client, opened by a stream, ended once; for the API and the media socket.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde_json::Value;

use crate::dialog::Consent;
use crate::store::audit::Happened;
use crate::store::audit::happening::{Happening, ListeningEnd};
use crate::store::callers;
use crate::store::columns::{At, Json, word_columns};
use crate::store::queue::put;
use crate::store::seal::vault::Vault;
use crate::store::{CallerRef, Lasting, Store, StoreError, StreamRefusal};
use crate::types::media::Track;
use crate::types::{CallerId, LineName, ListeningId, Reason, Strictness, Timestamp, Verdict};

/// A conversation that a client wants listened to. The token is kept nowhere.
#[derive(Clone)]
pub struct NewListening {
    /// Ours.
    pub id: ListeningId,
    /// The token that the stream shows at its start; single use.
    pub token: String,
    /// Whose voice is in question.
    pub who: CallerRef,
    /// Whose rules apply.
    pub line: LineName,
    /// The false-accept rate that is aimed at.
    pub strictness: Strictness,
    /// The provider's id of the call, where it is known beforehand.
    pub call: Option<String>,
    /// On which track that voice is.
    pub track: Track,
    /// The client's own words, to be given back.
    pub reference: Option<String>,
    /// From then on the token is worth nothing.
    pub expires_at: Timestamp,
    /// Now.
    pub at: Timestamp,
}

/// Whether a listening was taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It waits for its stream.
    Taken,
    /// There is no such caller, or they have no voiceprint.
    NotEnrolled,
    /// The caller has withdrawn consent.
    OptedOut,
}

/// How far a listening has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListeningStatus {
    /// For its stream.
    Waiting,
    /// To a stream.
    Listening,
    /// With a verdict.
    Done,
    /// Without one.
    Failed,
    /// No stream came in time.
    Expired,
}

word_columns! {
    ListeningStatus {
        Waiting = "waiting",
        Listening = "listening",
        Done = "done",
        Failed = "failed",
        Expired = "expired",
    }
}

impl ListeningStatus {
    /// The word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Listening => "listening",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// One listening, as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Listening {
    /// Ours.
    pub id: ListeningId,
    /// Whose voice is in question.
    pub caller: CallerId,
    /// Whose rules apply.
    pub line: LineName,
    /// The false-accept rate that is aimed at.
    pub strictness: Strictness,
    /// The provider's id of the call, once it is known.
    pub call: Option<String>,
    /// On which track that voice is.
    pub track: Track,
    /// The client's own words.
    pub reference: Option<String>,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// Until when its stream may come.
    pub expires_at: Timestamp,
    /// When its stream came.
    pub opened_at: Option<Timestamp>,
    /// The measurements so far.
    pub showing: Option<Value>,
    /// How far it has come.
    pub status: ListeningStatus,
    /// How it ended, if with a verdict.
    pub verdict: Option<Verdict>,
    /// The verdict's reason, or the code of what went wrong.
    pub reason: Option<String>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// The worth of a token shown at a stream's start.
#[derive(Clone, Debug, PartialEq)]
pub enum ListeningClaim {
    /// The stream is the listening's, once: now.
    Mine(Box<Listening>),
    /// It is not.
    Refused(StreamRefusal),
}

/// Whether a listening goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// It does.
    GoOn,
    /// It was ended elsewhere: stopped, or erased.
    Over,
    /// The caller has withdrawn consent meanwhile.
    OptedOut,
}

/// How a listening ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a verdict.
    Verdict(Verdict),
    /// Without one; the stable code of why.
    Failed(&'static str),
    /// No stream came in time.
    Expired,
}

/// Makes the body of the report that the configured address is told; runs inside a transaction, so it must not wait.
pub type ReportBody = Arc<dyn Fn(&Listening) -> String + Send + Sync>;

/// Counts of listenings that were ended because nothing else ended them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// No stream came in time.
    pub expired: u64,
    /// The process that listened is gone.
    pub lost: u64,
}

const SELECT: &str = "SELECT id, caller, line, strictness, call, track, reference, made_at, expires_at, opened_at, \
                      showing, status, decision, reason, finished_at FROM listenings";

impl Store {
    /// Takes on a listening, if the caller can be listened to.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn add_listening(&self, new: NewListening) -> Result<Admission, StoreError> {
        self.write(Lasting::Process, move |tx, vault| {
            let Some(caller) = callers::find(tx, &new.who)? else { return Ok(Admission::NotEnrolled) };
            if caller.consent == Consent::OptedOut {
                return Ok(Admission::OptedOut);
            }
            if !caller.is_enrolled {
                return Ok(Admission::NotEnrolled);
            }
            let sql = "INSERT INTO listenings (id, mac, caller, line, strictness, call, track, reference, made_at, \
                       expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let NewListening { id, token, line, strictness, call, track, reference, expires_at, at, .. } = &new;
            let (made_at, expires_at) = (At(*at), At(*expires_at));
            let mac = mac(vault, token);
            let row = (id, mac, caller.id, line, strictness, call, track, reference, made_at, expires_at);
            tx.prepare_cached(sql)?.execute(row)?;
            let happened = Happened::by_operator(*at, Some(caller.id));
            happened.record(tx, Happening::ListeningAskedFor { listening: id })?;
            Ok(Admission::Taken)
        })
        .await
    }

    /// The listening of that id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn listening(&self, id: &ListeningId) -> Result<Option<Listening>, StoreError> {
        let id = id.clone();
        self.read(move |tx, _| find(tx, &id)).await
    }

    /// Takes a token that a stream of `call` shows at its start. A token is taken once.
    ///
    /// `call` is the provider's own id, in whatever form the provider has.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn open_listening(&self, token: &str, call: &str, now: Timestamp) -> Result<ListeningClaim, StoreError> {
        let (token, call) = (token.to_owned(), call.to_owned());
        self.write(Lasting::Process, move |tx, vault| {
            let refused = |refusal| Ok(ListeningClaim::Refused(refusal));
            let mut statement = tx.prepare_cached(&format!("{SELECT} WHERE mac = ?"))?;
            let Some(found) = statement.query_row([mac(vault, &token)], listening).optional()? else {
                return refused(StreamRefusal::Unknown);
            };
            if found.call.as_ref().is_some_and(|expected| *expected != call) {
                return refused(StreamRefusal::OtherCall);
            }
            match found.status {
                ListeningStatus::Waiting if found.expires_at > now => {}
                ListeningStatus::Waiting | ListeningStatus::Expired => return refused(StreamRefusal::Expired),
                _ if found.opened_at.is_none() => return refused(StreamRefusal::Over),
                _ => return refused(StreamRefusal::Used),
            }
            if !may_listen(tx, found.caller)? {
                return refused(StreamRefusal::Over);
            }
            let sql =
                "UPDATE listenings SET status = 'listening', opened_at = ?1, alive_at = ?1, call = ?2 WHERE id = ?3";
            tx.prepare_cached(sql)?.execute((At(now), &call, &found.id))?;
            let opened = find(tx, &found.id)?.unwrap_or(found);
            Ok(ListeningClaim::Mine(Box::new(opened)))
        })
        .await
    }

    /// Notes how far a listening has come, and asks whether it goes on; the listening process does so every few
    /// seconds.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn note_listening(
        &self,
        id: &ListeningId,
        showing: &Value,
        now: Timestamp,
    ) -> Result<Onward, StoreError> {
        let (id, showing) = (id.clone(), showing.clone());
        self.write(Lasting::Process, move |tx, _| {
            let sql = "UPDATE listenings SET alive_at = ?, showing = ? WHERE id = ? AND status = 'listening' \
                       RETURNING caller";
            let row = (At(now), Json(showing), id);
            let caller: Option<CallerId> = tx.prepare_cached(sql)?.query_row(row, |row| row.get(0)).optional()?;
            let Some(caller) = caller else { return Ok(Onward::Over) };
            Ok(if may_listen(tx, caller)? { Onward::GoOn } else { Onward::OptedOut })
        })
        .await
    }

    /// Ends a listening; the first ending counts. Whether this was it.
    ///
    /// No verdict is kept of a caller who has withdrawn consent by then. With `report` the configured address is told:
    /// the body is made of the listening as it ended, inside the transaction that ends it.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn end_listening(
        &self,
        id: &ListeningId,
        ending: Ending,
        showing: Option<Value>,
        now: Timestamp,
        report: Option<ReportBody>,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(Lasting::PowerCut, move |tx, _| end(tx, &id, &ending, showing, now, report.as_ref())).await
    }

    /// Ends listenings whose stream never came, and those whose listener has not been heard of since `alive_since`.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn end_orphans(
        &self,
        alive_since: Timestamp,
        now: Timestamp,
        report: Option<ReportBody>,
    ) -> Result<Orphans, StoreError> {
        let ids = |db: &Connection, sql: &str, at| -> Result<Vec<ListeningId>, StoreError> {
            let mut statement = db.prepare_cached(sql)?;
            Ok(statement.query_map([At(at)], |row| row.get(0))?.collect::<Result<_, _>>()?)
        };
        let lost = "SELECT id FROM listenings WHERE status = 'listening' AND alive_at < ?";
        let expired = "SELECT id FROM listenings WHERE status = 'waiting' AND expires_at <= ?";
        // Mostly there are none, and a write would cost more than the question.
        let some = move |db: &Connection| Ok((ids(db, lost, alive_since)?, ids(db, expired, now)?));
        let (lost, expired) = self.read(move |tx, _| some(tx)).await?;
        if lost.is_empty() && expired.is_empty() {
            return Ok(Orphans::default());
        }
        self.write(Lasting::PowerCut, move |tx, _| {
            let (mut orphans, report) = (Orphans::default(), report.as_ref());
            for id in &lost {
                orphans.lost += u64::from(end(tx, id, &Ending::Failed("listener_lost"), None, now, report)?);
            }
            for id in &expired {
                orphans.expired += u64::from(end(tx, id, &Ending::Expired, None, now, report)?);
            }
            Ok(orphans)
        })
        .await
    }

    /// Writes the bodies of reports that wait since before bodies were kept with them.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn write_report_bodies(&self, report: ReportBody) -> Result<(), StoreError> {
        let waiting = |db: &Connection| -> Result<Vec<ListeningId>, StoreError> {
            let mut statement = db.prepare("SELECT listening FROM jobs WHERE kind = 'report' AND body IS NULL")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        };
        if self.read(move |tx, _| waiting(tx)).await?.is_empty() {
            return Ok(());
        }
        self.write(Lasting::Process, move |tx, _| {
            for id in waiting(tx)? {
                if let Some(ended) = find(tx, &id)? {
                    tx.execute("UPDATE jobs SET body = ? WHERE listening = ?", (report(&ended), &id))?;
                }
            }
            Ok(())
        })
        .await
    }
}

/// Whether the caller has a voiceprint and has not withdrawn consent.
fn may_listen(db: &Connection, caller: CallerId) -> Result<bool, StoreError> {
    let caller = callers::find(db, &CallerRef::Id(caller))?;
    Ok(caller.is_some_and(|caller| caller.is_enrolled && caller.consent != Consent::OptedOut))
}

fn end(
    db: &Connection,
    id: &ListeningId,
    ending: &Ending,
    showing: Option<Value>,
    now: Timestamp,
    report: Option<&ReportBody>,
) -> Result<bool, StoreError> {
    let Some(found) = find(db, id)?.filter(|found| found.finished_at.is_none()) else { return Ok(false) };
    let (status, verdict, reason) = match ending {
        Ending::Verdict(_) if !may_listen(db, found.caller)? => ("failed", None, Some(Reason::OptedOut.code())),
        Ending::Verdict(verdict) => ("done", Some(verdict.code()), verdict.reason().map(Reason::code)),
        Ending::Failed(code) => ("failed", None, Some(*code)),
        Ending::Expired => ("expired", None, None),
    };
    let sql = "UPDATE listenings SET status = ?, decision = ?, reason = ?, showing = coalesce(?, showing), \
               finished_at = ? WHERE id = ?";
    let row = (status, verdict, reason, showing.map(Json), At(now), id);
    db.prepare_cached(sql)?.execute(row)?;
    if let (Some(report), Some(ended)) = (report, find(db, id)?) {
        put::report(db, id, &report(&ended), now)?;
    }
    let happened = Happened { caller: Some(found.caller), ..Happened::by_itself(now) };
    let ended = ListeningEnd {
        listening: id,
        line: &found.line,
        status,
        decision: verdict,
        reason,
        call: found.call.as_deref(),
        reference: found.reference.as_deref(),
    };
    happened.record(db, Happening::ListeningEnded(ended))?;
    Ok(true)
}

pub(in crate::store) fn find(db: &Connection, id: &ListeningId) -> Result<Option<Listening>, StoreError> {
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE id = ?"))?;
    Ok(statement.query_row([id], listening).optional()?)
}

/// Listenings that ended, or would have, before `cutoff`; one that is still open is younger than a call can be long.
pub(in crate::store) fn delete_old(db: &Connection, cutoff: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM listenings WHERE made_at < ?1 AND finished_at < ?1";
    Ok(db.execute(sql, [At(cutoff)])? as u64)
}

fn listening(row: &Row<'_>) -> rusqlite::Result<Listening> {
    let at = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<At>>(column)?.map(|at| at.0));
    let reason: Option<String> = row.get(13)?;
    let why = || reason.as_deref().and_then(Reason::from_code);
    let verdict = match (row.get::<_, Option<String>>(12)?.as_deref(), why()) {
        (None, _) => None,
        (Some("accept"), _) => Some(Verdict::Accept),
        (Some("retry"), Some(reason)) => Some(Verdict::Retry { reason }),
        (Some(_), reason) => Some(Verdict::Reject { reason: reason.unwrap_or(Reason::Unavailable) }),
    };
    Ok(Listening {
        id: row.get(0)?,
        caller: row.get(1)?,
        line: row.get(2)?,
        strictness: row.get(3)?,
        call: row.get(4)?,
        track: row.get(5)?,
        reference: row.get(6)?,
        made_at: row.get::<_, At>(7)?.0,
        expires_at: row.get::<_, At>(8)?.0,
        opened_at: at(9)?,
        showing: row.get::<_, Option<Json<Value>>>(10)?.map(|showing| showing.0),
        status: row.get(11)?,
        verdict,
        finished_at: at(14)?,
        reason,
    })
}

fn mac(vault: &Vault, token: &str) -> [u8; 32] {
    vault.mac("listening", token)
}
