//! Embeddings and voiceprints that a call keeps of its takes until it ends, sealed; for the rest of the store.

use rusqlite::{Connection, Transaction};

use crate::dialog::Purpose;
use crate::store::StoreError;
use crate::store::calls::owner::Owner;
use crate::store::columns::Json;
use crate::store::seal::crypto::Label;
use crate::store::seal::vault::Vault;

/// Keeps what later takes of a call need of this one.
pub(in crate::store) fn keep(
    tx: &Transaction<'_>,
    vault: &Vault,
    call: Owner<'_>,
    turn: u32,
    print: &[u8],
) -> Result<(), StoreError> {
    let sealed = vault.seal(tx, &label(&subject(call, turn)), print)?;
    let sql = "INSERT INTO take_prints (call, turn, sealed) VALUES (?, ?, ?)";
    tx.prepare_cached(sql)?.execute((call, turn, sealed))?;
    Ok(())
}

/// Opens what a call keeps of its enrollment takes, or of its probes, in order.
pub(in crate::store) fn all(
    tx: &Transaction<'_>,
    vault: &Vault,
    call: Owner<'_>,
    of_probes: bool,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = "SELECT turn, sealed FROM take_prints JOIN takes USING (call, turn) \
               WHERE call = ? AND (purpose = ?) = ? ORDER BY turn";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query((call, Json(Purpose::Verify), of_probes))?;
    let mut prints = Vec::new();
    while let Some(row) = rows.next()? {
        let sealed: Vec<u8> = row.get(1)?;
        prints.push(vault.open(&label(&subject(call, row.get(0)?)), &sealed)?);
    }
    Ok(prints)
}

/// The take that a print is bound to.
pub(in crate::store) fn subject(call: Owner<'_>, turn: u32) -> String {
    format!("{call}/{turn}")
}

/// A print opens for its take only; the model's id is inside.
pub(in crate::store) fn label(subject: &str) -> Label<'_> {
    Label { kind: "take", subject, model: "" }
}

/// A voiceprint that waits opens for its call only.
pub(in crate::store) fn pending_label<'a>(call: &'a str, model: &'a str) -> Label<'a> {
    Label { kind: "pending voiceprint", subject: call, model }
}

/// Forgets what a call's unfinished enrollment has gathered.
pub(in crate::store) fn discard(db: &Connection, call: Owner<'_>) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM take_prints WHERE call = ?")?.execute([call])?;
    db.prepare_cached("DELETE FROM pending_voiceprints WHERE call = ?")?.execute([call])?;
    Ok(())
}
