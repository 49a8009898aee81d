//! Fingerprints of what callers said, to know a recording of it; for the code that judges takes.

use rusqlite::{Connection, Row};

use crate::store::calls::owner::{Owner, TakeOwner};
use crate::store::columns::At;
use crate::store::seal::crypto::Label;
use crate::store::seal::vault::Vault;
use crate::store::{Store, StoreError};
use crate::types::{CallerId, Timestamp};

/// Fingerprints kept of one caller. A recording of an older call is still refused when it is played a second time;
/// 20 calls are a month of daily ones with weekends off, and 240 kB at most.
const KEPT: u32 = 20;

impl Store {
    /// Fingerprints of what a caller was heard saying, opened, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one was altered or moved.
    pub async fn heard(&self, caller: CallerId) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(move |tx, vault| all(tx, vault, caller)).await
    }
}

/// Fingerprints of a caller's takes, opened, the latest first.
pub(in crate::store) fn all(db: &Connection, vault: &Vault, caller: CallerId) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = db.prepare_cached("SELECT call, turn, sealed FROM heard WHERE caller = ? ORDER BY id DESC")?;
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows: Vec<(TakeOwner, u32, Vec<u8>)> = statement.query_map([caller], columns)?.collect::<Result<_, _>>()?;
    rows.into_iter().map(|(call, turn, sealed)| vault.open(&label(&subject(call.as_ref(), turn)), &sealed)).collect()
}

/// The take that a fingerprint is bound to.
pub(in crate::store) fn subject(call: Owner<'_>, turn: u32) -> String {
    format!("{call}/{turn}")
}

/// A fingerprint opens for its take only.
pub(in crate::store) fn label(subject: &str) -> Label<'_> {
    Label { kind: "heard", subject, model: "" }
}

/// Keeps the fingerprint of a take of a caller, and forgets the oldest beyond [`KEPT`].
pub(in crate::store) fn keep(
    db: &Connection,
    vault: &Vault,
    caller: CallerId,
    (call, turn): (Owner<'_>, u32),
    fingerprint: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let sealed = vault.seal(db, &label(&subject(call, turn)), fingerprint)?;
    let sql =
        "INSERT INTO heard (caller, call, turn, at, sealed) VALUES (?, ?, ?, ?, ?) ON CONFLICT (call, turn) DO NOTHING";
    db.prepare_cached(sql)?.execute((caller, call, turn, At(at), sealed))?;
    let sql = "DELETE FROM heard WHERE caller = ?1 AND id NOT IN \
               (SELECT id FROM heard WHERE caller = ?1 ORDER BY id DESC LIMIT ?2)";
    db.prepare_cached(sql)?.execute((caller, KEPT))?;
    Ok(())
}

/// Forgets what a caller was heard saying.
pub(in crate::store) fn forget(db: &Connection, caller: CallerId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM heard WHERE caller = ?")?.execute([caller])?;
    Ok(())
}
