//! Callers: who they are, their consent and their voiceprint; for the rest of the store and all rooms above.

pub(super) mod accounts;
pub(super) mod codes;
pub(super) mod erase;
pub(super) mod heard;
pub(super) mod learned;
pub(super) mod profiles;
pub(super) mod voiceprints;

use rand::RngExt;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde::Serialize;

use crate::dialog::Consent;
use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::columns::{At, user_column, user_id};
use crate::store::seal::crypto::Label;
use crate::store::seal::vault::Vault;
use crate::store::{Store, StoreError};
use crate::types::{CallSid, CallerId, E164, Tenant, Timestamp};

/// Someone who can be verified: an account, found by number, account number or user id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// Our id, random.
    pub id: CallerId,
    /// Whose caller it is.
    pub tenant: Tenant,
    /// The operator's id for the same person, unique within the tenant.
    pub user_id: Option<String>,
    /// The number they call from.
    pub number: Option<E164>,
    /// Eight random digits to type in when the number is withheld.
    pub account_number: String,
    /// Whether the caller agreed to a voiceprint.
    pub consent: Consent,
    /// Whether there is a voiceprint.
    pub is_enrolled: bool,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// One change of a caller's consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentRecord {
    /// When.
    pub at: Timestamp,
    /// Given or withdrawn.
    pub consent: Consent,
    /// The call it was said in.
    pub call: Option<CallSid>,
}

/// How an operator names a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerRef {
    /// Our own id.
    Id(CallerId),
    /// A phone number.
    Number(E164),
    /// The eight-digit account number.
    Account(String),
    /// The operator's id for a person, unique within a tenant.
    User(Tenant, String),
}

impl CallerRef {
    /// Reads an id, a `+number` or an eight-digit account number; anything else is a user id.
    ///
    /// `user:` in front makes it a user id whatever follows.
    pub fn parse(text: &str) -> Self {
        if let Some(user) = text.strip_prefix("user:") {
            return Self::of_main(user);
        }
        if let Ok(id) = text.parse() {
            return Self::Id(CallerId(id));
        }
        match E164::parse(text) {
            Ok(number) => Self::Number(number),
            Err(_) if is_account_number(text) => Self::Account(text.to_owned()),
            Err(_) => Self::of_main(text),
        }
    }

    fn of_main(user: &str) -> Self {
        Self::User(Tenant::main(), user.to_owned())
    }
}

fn is_account_number(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A caller's voiceprint, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredVoiceprint {
    /// The voiceprint in its byte form.
    pub bytes: Vec<u8>,
    /// The model that made it.
    pub model_id: String,
    /// When it was made.
    pub made_at: Timestamp,
}

impl Store {
    /// The caller of that id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn caller(&self, id: CallerId) -> Result<Option<Caller>, StoreError> {
        self.find_caller(&CallerRef::Id(id)).await
    }

    /// The caller enrolled from that number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn caller_by_number(&self, number: &E164) -> Result<Option<Caller>, StoreError> {
        self.find_caller(&CallerRef::Number(number.clone())).await
    }

    /// The caller with that account number, digits only.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn caller_by_account(&self, digits: &str) -> Result<Option<Caller>, StoreError> {
        self.find_caller(&CallerRef::Account(digits.to_owned())).await
    }

    /// The caller an operator means.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn find_caller(&self, who: &CallerRef) -> Result<Option<Caller>, StoreError> {
        let who = who.clone();
        self.read(move |tx, _| find(tx, &who)).await
    }

    /// Callers, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn callers(&self, limit: u32) -> Result<Vec<Caller>, StoreError> {
        self.read(move |tx, _| {
            let mut statement = tx.prepare_cached(&format!("{SELECT} ORDER BY created_at DESC, id DESC LIMIT ?"))?;
            let callers = statement.query_map([limit], caller)?;
            Ok(callers.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The caller's voiceprint, opened.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it was altered or moved.
    pub async fn voiceprint(&self, id: CallerId) -> Result<Option<StoredVoiceprint>, StoreError> {
        self.read(move |tx, vault| voiceprint(tx, vault, id)).await
    }

    /// Every caller who has a voiceprint.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn enrolled_callers(&self) -> Result<Vec<CallerId>, StoreError> {
        self.read(move |tx, _| {
            let mut statement = tx.prepare_cached("SELECT caller FROM voiceprints")?;
            let callers = statement.query_map([], |row| row.get(0))?;
            Ok(callers.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The changes of a caller's consent, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn consents(&self, id: CallerId) -> Result<Vec<ConsentRecord>, StoreError> {
        self.read(move |tx, _| {
            let mut statement =
                tx.prepare_cached("SELECT at, consent, call FROM consents WHERE caller = ? ORDER BY id")?;
            let consents = statement.query_map([id], |row| {
                Ok(ConsentRecord { at: row.get::<_, At>(0)?.0, consent: row.get(1)?, call: row.get(2)? })
            })?;
            Ok(consents.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// The caller's voiceprint, opened.
pub(in crate::store) fn voiceprint(
    db: &Connection,
    vault: &Vault,
    id: CallerId,
) -> Result<Option<StoredVoiceprint>, StoreError> {
    let sql = "SELECT model_id, sealed, made_at FROM voiceprints WHERE caller = ?";
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, At>(2)?.0));
    let found: Option<(String, Vec<u8>, _)> = db.prepare_cached(sql)?.query_row([id], columns).optional()?;
    let Some((model_id, sealed, made_at)) = found else { return Ok(None) };
    let bytes = vault.open(&voiceprint_label(&id.to_string(), &model_id), &sealed)?;
    Ok(Some(StoredVoiceprint { bytes, model_id, made_at }))
}

/// A voiceprint opens for its caller and its model only.
pub(in crate::store) fn voiceprint_label<'a>(caller: &'a str, model: &'a str) -> Label<'a> {
    Label { kind: "voiceprint", subject: caller, model }
}

/// Reads the columns of a caller.
pub(in crate::store) const SELECT: &str = "SELECT id, user_id, number, account_number, consent, created_at, \
                      EXISTS (SELECT 1 FROM voiceprints WHERE caller = id), tenant FROM callers";

/// Reads what [`SELECT`] finds.
pub(in crate::store) fn caller(row: &Row<'_>) -> rusqlite::Result<Caller> {
    Ok(Caller {
        id: row.get(0)?,
        tenant: row.get(7)?,
        user_id: row.get::<_, Option<String>>(1)?.map(user_id),
        number: row.get(2)?,
        account_number: row.get(3)?,
        consent: row.get(4)?,
        created_at: row.get::<_, At>(5)?.0,
        is_enrolled: row.get(6)?,
    })
}

/// The caller that is meant.
pub(in crate::store) fn find(db: &Connection, who: &CallerRef) -> Result<Option<Caller>, StoreError> {
    let column;
    let (column, value): (_, &dyn ToSql) = match who {
        CallerRef::User(tenant, user) => {
            column = user_column(tenant, user);
            ("user_id", &column)
        }
        CallerRef::Id(id) => ("id", id),
        CallerRef::Number(number) => ("number", number),
        CallerRef::Account(digits) => ("account_number", digits),
    };
    let mut statement = db.prepare_cached(&format!("{SELECT} WHERE {column} = ?"))?;
    Ok(statement.query_row([value], caller).optional()?)
}

/// Makes a caller, with an account number that no other caller has.
pub(in crate::store) fn create(
    db: &Connection,
    number: Option<&E164>,
    user: Option<(&Tenant, &str)>,
    at: Timestamp,
) -> Result<CallerId, StoreError> {
    let id = CallerId::new();
    let sql = "INSERT INTO callers (id, tenant, user_id, number, account_number, created_at) VALUES (?, ?, ?, ?, ?, ?)";
    let tenant = user.map_or_else(Tenant::main, |(tenant, _)| tenant.clone());
    let user_id = user.map(|(tenant, user)| user_column(tenant, user));
    db.prepare_cached(sql)?.execute((id, tenant, user_id, number, free_account_number(db)?, At(at)))?;
    Ok(id)
}

/// Keeps what a caller says about being kept, and every change of it.
pub(in crate::store) fn set_consent(
    db: &Connection,
    caller: CallerId,
    consent: Consent,
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE callers SET consent = ? WHERE id = ?")?.execute((consent, caller))?;
    let sql = "INSERT INTO consents (caller, at, consent, call) VALUES (?, ?, ?, ?)";
    db.prepare_cached(sql)?.execute((caller, At(happened.at), consent, happened.call))?;
    let happening = if consent == Consent::Given { Happening::ConsentGiven } else { Happening::OptedOut };
    happened.record(db, happening)
}

/// Keeps nothing of a caller's voice any more.
pub(in crate::store) fn opt_out(db: &Connection, caller: CallerId, happened: &Happened<'_>) -> Result<(), StoreError> {
    set_consent(db, caller, Consent::OptedOut, happened)?;
    heard::forget(db, caller)?;
    let sql = "DELETE FROM take_prints WHERE call IN (SELECT sid FROM calls WHERE caller = ?)";
    db.prepare_cached(sql)?.execute([caller])?;
    db.prepare_cached("DELETE FROM voiceit_enrollments WHERE caller = ?")?.execute([caller])?;
    if db.execute("DELETE FROM voiceprints WHERE caller = ?", [caller])? > 0 {
        happened.record(db, Happening::VoiceprintDeleted)?;
    }
    Ok(())
}

/// Keeps a caller's voiceprint, in place of an earlier one and of what was learned since.
pub(in crate::store) fn keep_voiceprint(
    db: &Connection,
    vault: &Vault,
    caller: &Caller,
    model: &str,
    clear: &[u8],
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    let sealed = vault.seal(db, &voiceprint_label(&caller.id.to_string(), model), clear)?;
    let sql = "INSERT INTO voiceprints (caller, model_id, sealed, made_at) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (caller) DO UPDATE SET model_id = ?2, sealed = ?3, made_at = ?4";
    db.prepare_cached(sql)?.execute((caller.id, model, sealed, At(happened.at)))?;
    learned::forget(db, caller.id)?;
    happened.record(db, Happening::Enrolled { model, replaced: caller.is_enrolled })
}

/// Random, so that a number cannot be guessed from another; in a full tenth of all numbers, a free one takes two draws.
fn free_account_number(db: &Connection) -> Result<String, StoreError> {
    let mut is_taken = db.prepare_cached("SELECT 1 FROM callers WHERE account_number = ?")?;
    loop {
        let digits = eight_digits();
        if !is_taken.exists([&digits])? {
            return Ok(digits);
        }
    }
}

/// Eight random digits.
pub(in crate::store) fn eight_digits() -> String {
    format!("{:08}", rand::rng().random_range(0..100_000_000_u32))
}
