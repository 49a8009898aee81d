//! Deletes a caller with everything that belongs to them; for the admin API and the command line.

use rusqlite::Connection;

use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::audit::particulars::Erased;
use crate::store::callers;
use crate::store::calls::standing::{self, Subject};
use crate::store::queue::put;
use crate::store::{Caller, CallerRef, Lasting, Store, StoreError};
use crate::types::{CallerId, Timestamp};

impl Store {
    /// Deletes a caller with everything that belongs to them.
    ///
    /// These remain: audit events with the caller's random id, which leads nowhere any more, and call ids; failures
    /// counted against their number, under a keyed hash; recordings on their way to being deleted at the provider.
    ///
    /// # Errors
    /// [`StoreError::UnknownCaller`] when there is none.
    pub async fn delete_caller(&self, id: CallerId, at: Timestamp) -> Result<Erased, StoreError> {
        let erased = self
            .write(Lasting::PowerCut, move |tx, vault| {
                let caller = callers::find(tx, &CallerRef::Id(id))?.ok_or(StoreError::UnknownCaller)?;
                let erased = Erased {
                    had_voiceprint: caller.is_enrolled,
                    recordings_queued: put::recordings_of(tx, id, at)?,
                    consents: delete(tx, "DELETE FROM consents WHERE caller = ?", id)?,
                    calls: delete(tx, "DELETE FROM calls WHERE caller = ?", id)?,
                    numbers_blanked: blank(tx, &caller)?,
                };
                standing::forget(tx, vault, &Subject::Caller(id))?;
                // Before the row is gone that says whose caller it was.
                Happened::by_operator(at, Some(id)).record(tx, Happening::CallerDeleted(&erased))?;
                delete(tx, "DELETE FROM callers WHERE id = ?", id)?;
                Ok(erased)
            })
            .await?;
        self.fold_log().await?;
        Ok(erased)
    }
}

fn delete(db: &Connection, sql: &str, id: CallerId) -> Result<u64, StoreError> {
    Ok(db.execute(sql, [id])? as u64)
}

/// Takes the caller's numbers out of calls that were not bound to them; says in how many the number was shown.
fn blank(db: &Connection, caller: &Caller) -> Result<u64, StoreError> {
    db.execute("UPDATE calls SET claim = NULL WHERE claim = ?", [&caller.account_number])?;
    let Some(number) = &caller.number else {
        return Ok(0);
    };
    db.execute("UPDATE calls SET claim = NULL WHERE claim = substr(?, 2)", [number])?;
    db.execute("UPDATE calls SET forwarded_from = NULL WHERE forwarded_from = ?", [number])?;
    Ok(db.execute("UPDATE calls SET origin_number = NULL WHERE origin_number = ?", [number])? as u64)
}
