//! Enrollment codes; made by operators and applications, redeemed by turns and uploads.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use crate::dialog::CodeCheck;
use crate::store::audit::Happened;
use crate::store::audit::happening::{CreatedBy, Happening};
use crate::store::callers::{self, CallerRef, eight_digits};
use crate::store::calls::owner::Owner;
use crate::store::columns::At;
use crate::store::seal::vault::Vault;
use crate::store::{Lasting, Store, StoreError};
use crate::types::{CallerId, Timestamp};

/// An enrollment code, shown this once: only its keyed hash is kept.
///
/// Eight digits are few, but a copy of the database is useless without the key, and a caller who types them has a
/// handful of tries a call and a tally against the number.
#[derive(Clone)]
pub struct NewCode {
    /// Eight digits.
    pub digits: String,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
    /// The caller it is for; none when any caller may use it.
    pub caller: Option<CallerId>,
}

/// The worth of typed digits as an enrollment code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedCode {
    /// For the dialogue.
    pub check: CodeCheck,
    /// The caller it was made for, when it is good.
    pub owner: Option<CallerId>,
}

impl Store {
    /// Makes an enrollment code: single use, until `ttl` has passed.
    ///
    /// A new number or user id becomes a caller, so that the code can be theirs.
    ///
    /// # Errors
    /// [`StoreError::UnknownCaller`] for an id or account number that does not exist.
    pub async fn new_enrollment_code(
        &self,
        owner: Option<&CallerRef>,
        ttl: Duration,
        at: Timestamp,
    ) -> Result<NewCode, StoreError> {
        let owner = owner.cloned();
        self.write(Lasting::PowerCut, move |tx, vault| {
            let caller = owner.map(|owner| find_or_create(tx, &owner, at)).transpose()?;
            let expires_at = at.saturating_add(ttl).unwrap_or(Timestamp::MAX);
            let sql = "INSERT INTO enrollment_codes (mac, caller, made_at, expires_at) VALUES (?, ?, ?, ?) \
                       ON CONFLICT (mac) DO NOTHING";
            let mut insert = tx.prepare_cached(sql)?;
            let digits = loop {
                let digits = eight_digits();
                if insert.execute((mac(vault, &digits), caller, At(at), At(expires_at)))? > 0 {
                    break digits;
                }
            };
            Happened::by_operator(at, caller).record(tx, Happening::CodeMade { expires_at })?;
            Ok(NewCode { digits, expires_at, caller })
        })
        .await
    }

    /// The worth of digits typed in a call of `caller`; [`crate::dialog::Effect::RedeemCode`] uses them up.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn check_code(
        &self,
        digits: &str,
        caller: Option<CallerId>,
        now: Timestamp,
    ) -> Result<CheckedCode, StoreError> {
        let digits = digits.to_owned();
        self.read(move |tx, vault| check(tx, vault, &digits, caller, now)).await
    }
}

fn find_or_create(db: &Connection, who: &CallerRef, at: Timestamp) -> Result<CallerId, StoreError> {
    if let Some(caller) = callers::find(db, who)? {
        return Ok(caller.id);
    }
    let id = match who {
        CallerRef::Number(number) => callers::create(db, Some(number), None, at)?,
        CallerRef::User(tenant, user) => callers::create(db, None, Some((tenant, user)), at)?,
        CallerRef::Id(_) | CallerRef::Account(_) => return Err(StoreError::UnknownCaller),
    };
    Happened::by_operator(at, Some(id)).record(db, Happening::CallerCreated(CreatedBy::Code))?;
    Ok(id)
}

fn mac(vault: &Vault, digits: &str) -> [u8; 32] {
    vault.mac("enrollment code", digits)
}

/// The worth of digits typed in a call of `caller`.
pub(in crate::store) fn check(
    db: &Connection,
    vault: &Vault,
    digits: &str,
    caller: Option<CallerId>,
    now: Timestamp,
) -> Result<CheckedCode, StoreError> {
    let sql = "SELECT caller FROM enrollment_codes WHERE mac = ? AND redeemed_at IS NULL AND expires_at > ?";
    let found = db.prepare_cached(sql)?.query_row((mac(vault, digits), At(now)), |row| row.get(0)).optional()?;
    Ok(match (found, caller) {
        (Some(None), _) => CheckedCode { check: CodeCheck::Unbound, owner: None },
        (Some(Some(owner)), None) => CheckedCode { check: CodeCheck::Bound, owner: Some(owner) },
        (Some(Some(owner)), Some(caller)) if owner == caller => {
            CheckedCode { check: CodeCheck::Bound, owner: Some(owner) }
        }
        _ => CheckedCode { check: CodeCheck::Wrong, owner: None },
    })
}

/// Uses a code up in a call about `caller`.
pub(in crate::store) fn redeem(
    db: &Connection,
    vault: &Vault,
    digits: &str,
    caller: Option<CallerId>,
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    let checked = check(db, vault, digits, caller, happened.at)?;
    if checked.check == CodeCheck::Wrong {
        return Err(StoreError::CodeInvalid);
    }
    let sql = "UPDATE enrollment_codes SET redeemed_at = ?, redeemed_call = ? WHERE mac = ?";
    db.prepare_cached(sql)?.execute((At(happened.at), happened.call, mac(vault, digits)))?;
    happened.record(db, Happening::CodeRedeemed { is_bound: checked.check == CodeCheck::Bound })
}

/// Whether this call has redeemed a code that was the caller's own.
pub(in crate::store) fn has_own_code(db: &Connection, call: Owner<'_>, caller: CallerId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM enrollment_codes WHERE redeemed_call = ? AND caller = ?";
    Ok(db.prepare_cached(sql)?.exists((call, caller))?)
}
