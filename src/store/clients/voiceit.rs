//! Groups and phrase takes of the API of `VoiceIt`; for that API alone.

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::dialog::Consent;
use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::callers;
use crate::store::calls::takes::NewVoiceprint;
use crate::store::columns::{At, user_column};
use crate::store::seal::crypto::Label;
use crate::store::{CallerRef, Lasting, Store, StoreError};
use crate::types::{CallerId, Tenant, Timestamp};

/// The beginning of a user's id.
pub const USER_PREFIX: &str = "usr_";

/// Takes of one phrase from which on there is a voiceprint.
const ENOUGH: u32 = 3;

/// One enrollment take, opened.
#[derive(Clone)]
pub struct PhraseTake {
    /// Counts up.
    pub id: i64,
    /// The phrase, as [`Store::add_phrase_take`] was told.
    pub phrase: String,
    /// The language, as the client calls it.
    pub language: String,
    /// When it came.
    pub made_at: Timestamp,
    /// The take in its byte form.
    pub bytes: Vec<u8>,
}

/// A take to be kept.
pub struct NewPhraseTake {
    /// Whose.
    pub caller: CallerId,
    /// The phrase.
    pub phrase: String,
    /// The language, as the client calls it.
    pub language: String,
    /// The take in its byte form.
    pub bytes: Vec<u8>,
    /// How many takes it was compared with.
    pub known: usize,
    /// The voiceprint of all takes of the phrase, once there are enough.
    pub voiceprint: Option<NewVoiceprint>,
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// The client's words.
    pub description: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// User ids of its members.
    pub users: Vec<String>,
}

impl Store {
    /// Users of a tenant with when they were made, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn prefixed_users(&self, tenant: &Tenant) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |tx, _| {
            let begin = user_column(&tenant, USER_PREFIX);
            let sql = "SELECT substr(user_id, ?3), created_at FROM callers WHERE tenant = ?1 \
                       AND substr(user_id, 1, length(?2)) = ?2 ORDER BY created_at, id";
            let skipped = begin.chars().count() - USER_PREFIX.len() + 1;
            let mut statement = tx.prepare_cached(sql)?;
            let users = statement
                .query_map((&tenant, &begin, skipped as u32), |row| Ok((row.get(0)?, row.get::<_, At>(1)?.0)))?;
            Ok(users.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A caller's enrollment takes, opened, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one was altered or moved.
    pub async fn phrase_takes(&self, caller: CallerId) -> Result<Vec<PhraseTake>, StoreError> {
        self.read(move |tx, vault| {
            let sql =
                "SELECT id, phrase, language, made_at, sealed FROM voiceit_enrollments WHERE caller = ? ORDER BY id";
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query([caller])?;
            let mut takes = Vec::new();
            while let Some(row) = rows.next()? {
                let sealed: Vec<u8> = row.get(4)?;
                takes.push(PhraseTake {
                    id: row.get(0)?,
                    phrase: row.get(1)?,
                    language: row.get(2)?,
                    made_at: row.get::<_, At>(3)?.0,
                    bytes: vault.open(&label(&caller.to_string()), &sealed)?,
                });
            }
            Ok(takes)
        })
        .await
    }

    /// Keeps an enrollment take; its id.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] when takes came or went since they were looked at; [`StoreError::NoConsent`],
    /// [`StoreError::UnknownCaller`].
    pub async fn add_phrase_take(&self, new: NewPhraseTake, at: Timestamp) -> Result<i64, StoreError> {
        self.write(Lasting::PowerCut, move |tx, vault| {
            let caller = callers::find(tx, &CallerRef::Id(new.caller))?.ok_or(StoreError::UnknownCaller)?;
            if caller.consent != Consent::Given {
                return Err(StoreError::NoConsent);
            }
            if count(tx, new.caller)? as usize != new.known {
                return Err(StoreError::Overtaken);
            }
            let sealed = vault.seal(tx, &label(&new.caller.to_string()), &new.bytes)?;
            let sql =
                "INSERT INTO voiceit_enrollments (caller, phrase, language, made_at, sealed) VALUES (?, ?, ?, ?, ?)";
            tx.prepare_cached(sql)?.execute((new.caller, &new.phrase, &new.language, At(at), sealed))?;
            let id = tx.last_insert_rowid();
            if let Some(NewVoiceprint { bytes, model_id }) = &new.voiceprint {
                let happened = Happened::by_operator(at, Some(new.caller));
                callers::keep_voiceprint(tx, vault, &caller, model_id, bytes, &happened)?;
            }
            Ok(id)
        })
        .await
    }

    /// Forgets one of a caller's enrollment takes, or all; how many. With too few left the voiceprint goes too.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn forget_phrase_takes(
        &self,
        caller: CallerId,
        id: Option<i64>,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(Lasting::PowerCut, move |tx, _| {
            let sql = "DELETE FROM voiceit_enrollments WHERE caller = ?1 AND (?2 IS NULL OR id = ?2)";
            let gone = tx.prepare_cached(sql)?.execute((caller, id))? as u64;
            if gone > 0
                && count(tx, caller)? < ENOUGH
                && tx.execute("DELETE FROM voiceprints WHERE caller = ?", [caller])? > 0
            {
                Happened::by_operator(at, Some(caller)).record(tx, Happening::VoiceprintDeleted)?;
            }
            Ok(gone)
        })
        .await
    }

    /// Makes a group; its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn new_group(&self, tenant: &Tenant, description: &str, at: Timestamp) -> Result<String, StoreError> {
        let (tenant, description) = (tenant.clone(), description.to_owned());
        self.write(Lasting::PowerCut, move |tx, _| {
            let id = format!("grp_{}", Uuid::new_v4().simple());
            let sql = "INSERT INTO voiceit_groups (id, tenant, description, made_at) VALUES (?, ?, ?, ?)";
            tx.prepare_cached(sql)?.execute((&id, tenant, description, At(at)))?;
            Ok(id)
        })
        .await
    }

    /// A tenant's groups with their members, oldest first; those of one caller, or the one of an id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn groups(
        &self,
        tenant: &Tenant,
        of: Option<CallerId>,
        id: Option<&str>,
    ) -> Result<Vec<Group>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.map(str::to_owned));
        self.read(move |tx, _| {
            let sql = "SELECT id, description, made_at FROM voiceit_groups WHERE tenant = ?1 \
                       AND (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR EXISTS \
                       (SELECT 1 FROM voiceit_members WHERE grp = id AND caller = ?3)) ORDER BY made_at, id";
            let mut statement = tx.prepare_cached(sql)?;
            let row = |row: &rusqlite::Row<'_>| {
                Ok(Group {
                    id: row.get(0)?,
                    description: row.get(1)?,
                    made_at: row.get::<_, At>(2)?.0,
                    users: Vec::new(),
                })
            };
            let mut groups: Vec<Group> = statement.query_map((&tenant, id, of), row)?.collect::<Result<_, _>>()?;
            for group in &mut groups {
                group.users = members(tx, &tenant, &group.id)?;
            }
            Ok(groups)
        })
        .await
    }

    /// Deletes a group; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn delete_group(&self, tenant: &Tenant, id: &str) -> Result<bool, StoreError> {
        let (tenant, id) = (tenant.clone(), id.to_owned());
        self.write(Lasting::PowerCut, move |tx, _| {
            let sql = "DELETE FROM voiceit_groups WHERE tenant = ? AND id = ?";
            Ok(tx.prepare_cached(sql)?.execute((tenant, id))? > 0)
        })
        .await
    }

    /// Puts a caller into a group, or takes them out; whether that changed anything, and none without such a group.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn set_member(
        &self,
        tenant: &Tenant,
        group: &str,
        caller: CallerId,
        is_in: bool,
    ) -> Result<Option<bool>, StoreError> {
        let (tenant, group) = (tenant.clone(), group.to_owned());
        self.write(Lasting::PowerCut, move |tx, _| {
            let sql = "SELECT 1 FROM voiceit_groups WHERE tenant = ? AND id = ?";
            let found: Option<i64> =
                tx.prepare_cached(sql)?.query_row((&tenant, &group), |row| row.get(0)).optional()?;
            if found.is_none() {
                return Ok(None);
            }
            let sql = if is_in {
                "INSERT INTO voiceit_members (grp, caller) VALUES (?, ?) ON CONFLICT DO NOTHING"
            } else {
                "DELETE FROM voiceit_members WHERE grp = ? AND caller = ?"
            };
            Ok(Some(tx.prepare_cached(sql)?.execute((&group, caller))? > 0))
        })
        .await
    }
}

fn count(db: &Connection, caller: CallerId) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM voiceit_enrollments WHERE caller = ?";
    Ok(db.prepare_cached(sql)?.query_row([caller], |row| row.get(0))?)
}

fn members(db: &Connection, tenant: &Tenant, group: &str) -> Result<Vec<String>, StoreError> {
    let skipped = user_column(tenant, "").chars().count() + 1;
    let sql = "SELECT substr(user_id, ?2) FROM voiceit_members JOIN callers ON callers.id = caller \
               WHERE grp = ?1 AND user_id IS NOT NULL ORDER BY created_at";
    let mut statement = db.prepare_cached(sql)?;
    let users = statement.query_map((group, skipped as u32), |row| row.get(0))?;
    Ok(users.collect::<Result<_, _>>()?)
}

/// A take opens for its caller only.
pub(in crate::store) fn label(caller: &str) -> Label<'_> {
    Label { kind: "phrase take", subject: caller, model: "" }
}
