//! Failures counted against callers, numbers and claims, and whether they may try; for turns and takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension};

use crate::config::Lockout;
use crate::dialog::{Party, Standing, Tally};
use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::columns::{At, Json};
use crate::store::seal::vault::Vault;
use crate::store::{Call, Lasting, Store, StoreError};
use crate::types::{CallerId, E164, Timestamp, Verdict};

/// Whose failures are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A caller, whatever number they call from.
    Caller(CallerId),
    /// A number, in calls about any caller.
    Number(E164),
    /// Typed digits that led to no caller.
    Claim(String),
}

/// Whether a call may try now, seen from each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standings {
    /// The caller's own; clear for an unknown one.
    pub caller: Standing,
    /// The number's; clear for a withheld one.
    pub number: Standing,
    /// That of typed digits that led to no caller; clear when there are none.
    pub claim: Standing,
}

impl Store {
    /// Whether the caller, the number and the claim may try now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn standing(
        &self,
        caller: Option<CallerId>,
        number: Option<&E164>,
        claim: Option<&str>,
        now: Timestamp,
    ) -> Result<Standings, StoreError> {
        let (number, claim) = (number.cloned(), claim.map(str::to_owned));
        self.read(move |tx, vault| standings(tx, vault, caller, number.as_ref(), claim.as_deref(), now)).await
    }

    /// Forgets the failures counted against a caller or a number; says whether there were any.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn unlock(&self, subject: Subject, at: Timestamp) -> Result<bool, StoreError> {
        self.write(Lasting::PowerCut, move |tx, vault| {
            let is_forgotten = forget(tx, vault, &subject)?;
            let caller = if let Subject::Caller(id) = &subject { Some(*id) } else { None };
            let party = subject.key(vault).kind;
            Happened::by_operator(at, caller).record(tx, Happening::Unlocked { party })?;
            Ok(is_forgotten)
        })
        .await
    }
}

/// How a subject is found in the table: numbers and claims by a keyed hash, for they outlive their caller's deletion.
struct Key {
    kind: &'static str,
    subject: String,
}

impl Subject {
    /// Everyone whose failures an attempt of this call moves.
    pub(in crate::store) fn of(call: &Call) -> Vec<Self> {
        let who = match (call.caller, &call.claim) {
            (Some(id), _) => Some(Self::Caller(id)),
            (None, Some(digits)) => Some(Self::Claim(digits.clone())),
            (None, None) => None,
        };
        who.into_iter().chain(call.origin.number().cloned().map(Self::Number)).collect()
    }

    fn key(&self, vault: &Vault) -> Key {
        let hashed = |kind, text| Key { kind, subject: STANDARD.encode(vault.mac(kind, text)) };
        match self {
            Self::Caller(id) => Key { kind: "caller", subject: id.to_string() },
            Self::Number(number) => hashed("number", number.as_str()),
            Self::Claim(digits) => hashed("claim", digits),
        }
    }

    fn party(&self) -> Party {
        match self {
            Self::Caller(_) | Self::Claim(_) => Party::Caller,
            Self::Number(_) => Party::Number,
        }
    }
}

fn tally(db: &Connection, key: &Key) -> Result<Tally, StoreError> {
    let mut statement = db.prepare_cached("SELECT tally FROM tallies WHERE kind = ? AND subject = ?")?;
    let found = statement.query_row((key.kind, &key.subject), |row| Ok(row.get::<_, Json<Tally>>(0)?.0));
    Ok(found.optional()?.unwrap_or_default())
}

/// Forgets the failures counted against a subject; says whether there were any.
pub(in crate::store) fn forget(db: &Connection, vault: &Vault, subject: &Subject) -> Result<bool, StoreError> {
    let Key { kind, subject } = subject.key(vault);
    Ok(db.execute("DELETE FROM tallies WHERE kind = ? AND subject = ?", (kind, subject))? > 0)
}

/// Whether the caller, the number and the claim may try now.
pub(in crate::store) fn standings(
    db: &Connection,
    vault: &Vault,
    caller: Option<CallerId>,
    number: Option<&E164>,
    claim: Option<&str>,
    now: Timestamp,
) -> Result<Standings, StoreError> {
    let of = |subject: Option<Subject>| match subject {
        Some(subject) => Ok(tally(db, &subject.key(vault))?.standing(now)),
        None => Ok::<_, StoreError>(Standing::Clear),
    };
    Ok(Standings {
        caller: of(caller.map(Subject::Caller))?,
        number: of(number.cloned().map(Subject::Number))?,
        claim: of(claim.map(|digits| Subject::Claim(digits.to_owned())))?,
    })
}

/// The strictest standing of all who answer for the call.
pub(in crate::store) fn strictest(
    db: &Connection,
    vault: &Vault,
    subjects: &[Subject],
    now: Timestamp,
) -> Result<Standing, StoreError> {
    subjects.iter().try_fold(Standing::Clear, |strictest, subject| {
        Ok(strictest.or_stricter(tally(db, &subject.key(vault))?.standing(now)))
    })
}

/// Moves the tallies of all who answer for the call by one verdict.
pub(in crate::store) fn count(
    db: &Connection,
    vault: &Vault,
    subjects: &[Subject],
    verdict: &Verdict,
    policy: &Lockout,
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    for subject in subjects {
        let key = subject.key(vault);
        let before = tally(db, &key)?;
        let after = before.clone().after(verdict, subject.party(), policy, happened.at);
        keep(db, &key, &before, &after, happened)?;
    }
    Ok(())
}

/// Counts one mismatch against a subject, without a verdict.
pub(in crate::store) fn count_mismatch(
    db: &Connection,
    vault: &Vault,
    subject: &Subject,
    policy: &Lockout,
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    let key = subject.key(vault);
    let before = tally(db, &key)?;
    let after = before.clone().after_mismatch(subject.party(), policy, happened.at);
    keep(db, &key, &before, &after, happened)
}

fn keep(db: &Connection, key: &Key, before: &Tally, after: &Tally, happened: &Happened<'_>) -> Result<(), StoreError> {
    if after == before {
        return Ok(());
    }
    let sql = "INSERT INTO tallies (kind, subject, tally, changed_at) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (kind, subject) DO UPDATE SET tally = ?3, changed_at = ?4";
    db.prepare_cached(sql)?.execute((key.kind, &key.subject, Json(after), At(happened.at)))?;
    let standing = after.standing(happened.at);
    if standing != before.standing(happened.at) && standing != Standing::Clear {
        happened.record(db, Happening::LockedOut { party: key.kind, standing })?;
    }
    Ok(())
}
