//! The learned part of voices: kept by takes, read by the code that judges them.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::columns::At;
use crate::store::seal::crypto::Label;
use crate::store::seal::vault::Vault;
use crate::store::{Lasting, Store, StoreError};
use crate::types::{CallerId, Timestamp};

/// The learned part of a voice since it enrolled, opened.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StoredLearning {
    /// Counts up with every change; 0 before the first.
    pub version: u32,
    /// The learned part in its byte form; none before the first.
    pub bytes: Option<Vec<u8>>,
}

/// The learned part of a voice after one more take.
#[derive(Clone)]
pub struct NewLearning {
    /// The version it was made from; if another take came in between, it is dropped.
    pub from_version: u32,
    /// In its byte form.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Reads the learned part of a caller's voice.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it was altered or moved.
    pub async fn learned(&self, caller: CallerId) -> Result<StoredLearning, StoreError> {
        self.read(move |tx, vault| find(tx, vault, caller)).await
    }

    /// Takes back what was learned: the voiceprint is as it was enrolled. Says whether there was anything.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn unlearn(&self, caller: CallerId, at: Timestamp) -> Result<bool, StoreError> {
        self.write(Lasting::PowerCut, move |tx, _| {
            let is_gone = tx.execute("DELETE FROM learned WHERE caller = ?", [caller])? > 0;
            Happened::by_operator(at, Some(caller)).record(tx, Happening::Unlearned { had_learned: is_gone })?;
            Ok(is_gone)
        })
        .await
    }
}

/// Reads the learned part of a caller's voice, opened.
pub(in crate::store) fn find(db: &Connection, vault: &Vault, caller: CallerId) -> Result<StoredLearning, StoreError> {
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let sql = "SELECT version, sealed FROM learned WHERE caller = ?";
    let found: Option<(u32, Vec<u8>)> = db.prepare_cached(sql)?.query_row([caller], columns).optional()?;
    let Some((version, sealed)) = found else { return Ok(StoredLearning::default()) };
    Ok(StoredLearning { version, bytes: Some(vault.open(&label(&caller.to_string()), &sealed)?) })
}

/// It opens for its caller only; the model's id is inside.
pub(in crate::store) fn label(caller: &str) -> Label<'_> {
    Label { kind: "learned", subject: caller, model: "" }
}

/// Keeps what was learned, unless another take was faster.
pub(in crate::store) fn keep(
    db: &Connection,
    vault: &Vault,
    caller: CallerId,
    learning: &NewLearning,
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    let sealed = vault.seal(db, &label(&caller.to_string()), &learning.bytes)?;
    let sql = "INSERT INTO learned (caller, version, at, sealed) SELECT ?1, ?2 + 1, ?3, ?4 \
               WHERE ?2 = coalesce((SELECT version FROM learned WHERE caller = ?1), 0) \
               AND EXISTS (SELECT 1 FROM voiceprints WHERE caller = ?1) \
               ON CONFLICT (caller) DO UPDATE SET version = ?2 + 1, at = ?3, sealed = ?4";
    let row = (caller, learning.from_version, At(happened.at), sealed);
    if db.prepare_cached(sql)?.execute(row)? > 0 {
        happened.record(db, Happening::Learned { version: learning.from_version + 1 })?;
    }
    Ok(())
}

/// Forgets what was learned: the voice was enrolled anew, or shall not be kept.
pub(in crate::store) fn forget(db: &Connection, caller: CallerId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM learned WHERE caller = ?")?.execute([caller])?;
    Ok(())
}
