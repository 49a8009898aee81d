//! Rotates the key and seals everything anew; for the command line.

use rusqlite::{Row, Transaction};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::audit::particulars::Rotation;
use crate::store::callers::heard;
use crate::store::callers::learned;
use crate::store::callers::voiceprint_label;
use crate::store::calls::owner::TakeOwner;
use crate::store::calls::take_prints::{self, pending_label};
use crate::store::clients::voiceit;
use crate::store::clients::watch_list;
use crate::store::clients::webhooks;
use crate::store::columns::At;
use crate::store::open;
use crate::store::seal::crypto::{self, Label, Secret};
use crate::store::seal::vault::{PEPPER, Vault, key_ids, key_in_use};
use crate::store::{Lasting, Store, StoreError};
use crate::types::Timestamp;

/// A key that seals, or once sealed, voiceprints; never the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// Its id, the start of its SHA-256.
    pub id: String,
    /// Since when it is in use.
    pub since: Timestamp,
    /// When it was replaced.
    pub retired_at: Option<Timestamp>,
}

/// A new key in base64, for an operator who keeps keys in the configuration.
///
/// # Errors
/// [`StoreError::NoRandom`] when the operating system gives no random bytes.
pub fn fresh_key() -> Result<Zeroizing<String>, StoreError> {
    Ok(Secret::random()?.to_base64())
}

impl Store {
    /// The keys that were ever in use, newest first, and where they are kept.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn keys(&self) -> Result<(String, Vec<KeyInfo>), StoreError> {
        self.read(|tx, vault| {
            let sql = "SELECT key_id, since_at, retired_at FROM keys ORDER BY retired_at IS NOT NULL, retired_at DESC";
            let mut statement = tx.prepare_cached(sql)?;
            let keys = statement.query_map([], |row| {
                Ok(KeyInfo {
                    id: row.get(0)?,
                    since: row.get::<_, At>(1)?.0,
                    retired_at: row.get::<_, Option<At>>(2)?.map(|at| at.0),
                })
            })?;
            Ok((vault.source().name(), keys.collect::<Result<_, _>>()?))
        })
        .await
    }

    /// Seals everything with a new key and retires the old one.
    ///
    /// The new key is on disk before anything is sealed with it, everything is sealed anew in one transaction, and only
    /// then the old key leaves the key file. A crash at any point leaves a database that opens. Other processes with
    /// the same data folder find the new key by themselves.
    ///
    /// # Errors
    /// [`StoreError::KeyNoSuccessor`] when the configuration gives just the key in use.
    pub async fn rotate_key(&self, at: Timestamp) -> Result<Rotation, StoreError> {
        let dir = self.0.data_dir.clone();
        let locked = tokio::task::spawn_blocking(move || open::lock(&dir)).await;
        let lock = locked.map_err(|_| StoreError::Closed)??;
        let rotation = self.write(Lasting::PowerCut, move |tx, vault| rotate(tx, vault, at)).await?;
        self.fold_log().await?;
        self.read(|tx, vault| vault.forget_retired(tx)).await?;
        drop(lock);
        Ok(rotation)
    }
}

fn rotate(tx: &Transaction<'_>, vault: &Vault, at: Timestamp) -> Result<Rotation, StoreError> {
    let from = key_in_use(tx)?.ok_or(StoreError::Sealed)?;
    let known = key_ids(tx, "SELECT key_id FROM keys")?;
    let next = vault.source().successor(|id| known.contains(&id.to_string()))?;
    let to = next.id().to_string();

    tx.execute("UPDATE keys SET retired_at = ? WHERE retired_at IS NULL", [At(at)])?;
    tx.execute("INSERT INTO keys (key_id, since_at) VALUES (?, ?)", (&to, At(at)))?;
    tx.execute("UPDATE pepper SET sealed = ?", [crypto::seal(&next, &PEPPER, vault.pepper().bytes())?])?;
    let resealed = reseal(tx, vault, &next)?;

    let rotation = Rotation { from, to, resealed };
    Happened::by_operator(at, None).record(tx, Happening::KeyRotated(&rotation))?;
    Ok(rotation)
}

fn reseal(tx: &Transaction<'_>, vault: &Vault, next: &Secret) -> Result<u64, StoreError> {
    let mut resealed = 0;
    let again = |label: &Label<'_>, sealed: &[u8]| -> Result<Vec<u8>, StoreError> {
        let clear = Zeroizing::new(vault.open(label, sealed)?);
        Ok(crypto::seal(next, label, &clear)?)
    };

    let mut update = tx.prepare("UPDATE voiceprints SET sealed = ? WHERE caller = ?")?;
    for (caller, model, sealed) in
        all::<(String, String, Vec<u8>)>(tx, "SELECT caller, model_id, sealed FROM voiceprints")?
    {
        resealed += update.execute((again(&voiceprint_label(&caller, &model), &sealed)?, &caller))? as u64;
    }
    let mut update = tx.prepare("UPDATE pending_voiceprints SET sealed = ? WHERE call = ?")?;
    for (call, model, sealed) in
        all::<(String, String, Vec<u8>)>(tx, "SELECT call, model_id, sealed FROM pending_voiceprints")?
    {
        resealed += update.execute((again(&pending_label(&call, &model), &sealed)?, &call))? as u64;
    }
    let mut update = tx.prepare("UPDATE take_prints SET sealed = ? WHERE call = ? AND turn = ?")?;
    for (call, turn, sealed) in all::<(TakeOwner, u32, Vec<u8>)>(tx, "SELECT call, turn, sealed FROM take_prints")? {
        resealed += update.execute((
            again(&take_prints::label(&take_prints::subject(call.as_ref(), turn)), &sealed)?,
            call.as_ref(),
            turn,
        ))? as u64;
    }
    let mut update = tx.prepare("UPDATE heard SET sealed = ? WHERE call = ? AND turn = ?")?;
    for (call, turn, sealed) in all::<(TakeOwner, u32, Vec<u8>)>(tx, "SELECT call, turn, sealed FROM heard")? {
        let subject = heard::subject(call.as_ref(), turn);
        resealed += update.execute((again(&heard::label(&subject), &sealed)?, call.as_ref(), turn))? as u64;
    }
    let mut update = tx.prepare("UPDATE learned SET sealed = ? WHERE caller = ?")?;
    for (caller, sealed) in all::<(String, Vec<u8>)>(tx, "SELECT caller, sealed FROM learned")? {
        resealed += update.execute((again(&learned::label(&caller), &sealed)?, &caller))? as u64;
    }
    let mut update = tx.prepare("UPDATE webhooks SET sealed = ? WHERE id = ?")?;
    for (id, sealed) in all::<(String, Vec<u8>)>(tx, "SELECT id, sealed FROM webhooks")? {
        resealed += update.execute((again(&webhooks::label(&id), &sealed)?, &id))? as u64;
    }
    let mut update = tx.prepare("UPDATE watch_list SET sealed = ? WHERE id = ?")?;
    for (id, model, sealed) in all::<(String, String, Vec<u8>)>(tx, "SELECT id, model_id, sealed FROM watch_list")? {
        resealed += update.execute((again(&watch_list::seal_label(&id, &model), &sealed)?, &id))? as u64;
    }
    let mut update = tx.prepare("UPDATE voiceit_enrollments SET sealed = ? WHERE id = ?")?;
    for (id, caller, sealed) in all::<(i64, String, Vec<u8>)>(tx, "SELECT id, caller, sealed FROM voiceit_enrollments")?
    {
        resealed += update.execute((again(&voiceit::label(&caller), &sealed)?, id))? as u64;
    }
    Ok(resealed)
}

/// All rows at once: a few kilobytes a caller, and no statement is left open while the table changes.
fn all<T: for<'a> TryFrom<&'a Row<'a>, Error = rusqlite::Error>>(
    tx: &Transaction<'_>,
    sql: &str,
) -> Result<Vec<T>, StoreError> {
    let mut statement = tx.prepare(sql)?;
    let rows = statement.query_map([], |row| T::try_from(row))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
