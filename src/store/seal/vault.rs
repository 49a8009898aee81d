//! Seals and opens with the keys at hand; for the rest of the store.

use std::sync::{PoisonError, RwLock};

use rusqlite::{Connection, OptionalExtension};

use crate::store::StoreError;
use crate::store::columns::At;
use crate::store::seal::crypto::{self, Label, Secret};
use crate::store::seal::keyring::KeySource;
use crate::types::Timestamp;

/// The pepper is sealed like everything else, under its own label.
pub(in crate::store) const PEPPER: Label<'_> = Label { kind: "pepper", subject: "", model: "" };

/// The keys at hand, and what they seal, open and hash.
///
/// Another process may rotate keys while this one runs. The database names the key that seals, and it is asked inside
/// the transaction that writes; a key id not met before is looked up in the key file, where it was put beforehand.
pub(in crate::store) struct Vault {
    source: KeySource,
    keys: RwLock<Vec<Secret>>,
    pepper: Secret,
}

impl Vault {
    /// Unlocks a database, giving a new one its first key and pepper.
    ///
    /// The caller holds the lock against other processes that are opening the same database.
    pub(in crate::store) fn unlock(db: &mut Connection, source: KeySource, now: Timestamp) -> Result<Self, StoreError> {
        let Some(in_use) = key_in_use(db)? else {
            return Self::found(db, source, now);
        };
        let keys = source.read()?;
        if keys.is_empty() {
            return Err(StoreError::KeyMissing { source_name: source.name(), key_id: in_use });
        }
        let wrong = || StoreError::KeyWrong { source_name: source.name(), key_id: in_use.clone() };
        let key = keys.iter().find(|key| key.id().to_string() == in_use).ok_or_else(wrong)?;
        let sealed: Vec<u8> = db.query_row("SELECT sealed FROM pepper", [], |row| row.get(0))?;
        let pepper = crypto::open(key, &PEPPER, &sealed).and_then(|bytes| Secret::from_bytes(&bytes));
        let pepper = pepper.ok_or(StoreError::Sealed)?;
        let vault = Self { keys: RwLock::new(keys), pepper, source };
        vault.forget_retired(db)?;
        Ok(vault)
    }

    /// Takes keys that were replaced out of the key file, also those that an interrupted rotation left there.
    ///
    /// A key that was never used stays: a rotation, interrupted or about to begin, put it there.
    pub(in crate::store) fn forget_retired(&self, db: &Connection) -> Result<(), StoreError> {
        let retired = key_ids(db, "SELECT key_id FROM keys WHERE retired_at IS NOT NULL")?;
        self.source.retain(|id| !retired.contains(&id.to_string()))
    }

    fn found(db: &mut Connection, source: KeySource, now: Timestamp) -> Result<Self, StoreError> {
        let key = source.first_or_make()?;
        let pepper = Secret::random()?;
        let tx = db.transaction()?;
        tx.execute("INSERT INTO keys (key_id, since_at) VALUES (?, ?)", (key.id().to_string(), At(now)))?;
        let sealed = crypto::seal(&key, &PEPPER, pepper.bytes())?;
        tx.execute("INSERT INTO pepper (id, sealed) VALUES (1, ?)", [sealed])?;
        tx.commit()?;
        Ok(Self { keys: RwLock::new(vec![key]), pepper, source })
    }

    /// Where the keys come from.
    pub(in crate::store) fn source(&self) -> &KeySource {
        &self.source
    }

    /// Seals with the key in use; `db` is the transaction that will hold the result.
    pub(in crate::store) fn seal(
        &self,
        db: &Connection,
        label: &Label<'_>,
        clear: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let in_use = key_in_use(db)?.ok_or(StoreError::Sealed)?;
        let key = self.key(|key| key.id().to_string() == in_use)?;
        let key = key.ok_or_else(|| StoreError::KeyWrong { source_name: self.source.name(), key_id: in_use })?;
        Ok(crypto::seal(&key, label, clear)?)
    }

    /// Opens what was sealed under the same label.
    pub(in crate::store) fn open(&self, label: &Label<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let id = crypto::key_of(sealed).ok_or(StoreError::Sealed)?;
        let key = self.key(|key| key.id() == id)?;
        let key =
            key.ok_or_else(|| StoreError::KeyWrong { source_name: self.source.name(), key_id: id.to_string() })?;
        crypto::open(&key, label, sealed).ok_or(StoreError::Sealed)
    }

    /// A keyed hash that survives key rotations.
    pub(in crate::store) fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        self.pepper.mac(purpose, text)
    }

    /// The pepper itself, to be sealed anew.
    pub(in crate::store) fn pepper(&self) -> &Secret {
        &self.pepper
    }

    fn key(&self, is_it: impl Fn(&Secret) -> bool) -> Result<Option<Secret>, StoreError> {
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().find(|key| is_it(key)).cloned();
        if known.is_some() {
            return Ok(known);
        }
        // Keys at hand are kept beside the file's: a reader may still see a row from before the rotation.
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        for key in self.source.read()? {
            if keys.iter().all(|known| known.id() != key.id()) {
                keys.push(key);
            }
        }
        Ok(keys.iter().find(|key| is_it(key)).cloned())
    }
}

/// The id of the key that seals; none in a new database.
pub(in crate::store) fn key_in_use(db: &Connection) -> Result<Option<String>, StoreError> {
    let sql = "SELECT key_id FROM keys WHERE retired_at IS NULL";
    Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
}

/// The key ids that `sql` asks for.
pub(in crate::store) fn key_ids(db: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
