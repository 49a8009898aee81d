//! Deletes rows past their retention; for the hourly job.

use jiff::SignedDuration;
use rusqlite::{Connection, Transaction};

use crate::dialog::{Standing, Tally};
use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::audit::particulars::Purged;
use crate::store::calls;
use crate::store::calls::owner::TakeOwner;
use crate::store::clients::deliveries;
use crate::store::clients::listenings;
use crate::store::columns::{At, Json};
use crate::store::{Lasting, Store, StoreError};
use crate::types::Timestamp;

/// The longest a call can last at the provider; one that began earlier is over, even if the provider never said so.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(24);

/// How long the log of deliveries to webhooks goes back.
const DELIVERIES_SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Calls deleted in one transaction: some 10 ms, so that a webhook's write does not wait longer.
const BATCH: u32 = 200;

impl Store {
    /// Deletes what the retention no longer covers, and closes calls that were left open.
    ///
    /// The retention is that of [`crate::config::Store`]; 0 days keep attempts, calls, listenings and tallies. Callers,
    /// voiceprints, consents and audit events are never purged.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn purge(&self, now: Timestamp) -> Result<Purged, StoreError> {
        let a_call_ago = before(now, LONGEST_CALL);
        let mut purged = Purged::default();
        (purged.abandoned, purged.codes) = self
            .write(Lasting::Process, move |tx, _| {
                deliveries::delete_old(tx, before(now, DELIVERIES_SHOWN))?;
                Ok((close_abandoned(tx, a_call_ago, now)?, delete_codes(tx, a_call_ago)?))
            })
            .await?;
        if self.0.retention_days > 0 {
            let cutoff = before(now, SignedDuration::from_hours(24 * i64::from(self.0.retention_days)));
            loop {
                let batch = self.write(Lasting::Process, move |tx, _| delete_calls(tx, cutoff)).await?;
                purged.calls += u64::from(batch);
                if batch < BATCH {
                    break;
                }
            }
            purged.listenings = self.write(Lasting::Process, move |tx, _| listenings::delete_old(tx, cutoff)).await?;
            purged.tallies = self.write(Lasting::Process, move |tx, _| delete_tallies(tx, cutoff, now)).await?;
        }
        if purged != Purged::default() {
            let done = move |tx: &Transaction<'_>| Happened::by_itself(now).record(tx, Happening::Purged(&purged));
            self.write(Lasting::Process, move |tx, _| done(tx)).await?;
        }
        Ok(purged)
    }
}

fn before(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.saturating_sub(age).unwrap_or(Timestamp::MIN)
}

fn close_abandoned(db: &Connection, began_before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
    let mut statement = db.prepare("SELECT sid FROM calls WHERE ended_at IS NULL AND started_at < ?")?;
    let owners: Vec<TakeOwner> =
        statement.query_map([At(began_before)], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for owner in owners.iter().map(TakeOwner::as_ref) {
        calls::end(db, &Happened { call: Some(owner), ..Happened::by_itself(now) }, owner)?;
    }
    Ok(owners.len() as u64)
}

/// Codes stay for as long as a call that redeemed one may last: it is that call's proof.
fn delete_codes(db: &Connection, cutoff: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM enrollment_codes WHERE coalesce(redeemed_at, expires_at) < ?";
    Ok(db.execute(sql, [At(cutoff)])? as u64)
}

fn delete_calls(db: &Connection, cutoff: Timestamp) -> Result<u32, StoreError> {
    let sql = "DELETE FROM calls WHERE sid IN (SELECT sid FROM calls WHERE started_at < ?1 AND ended_at < ?1 LIMIT ?2)";
    Ok(db.execute(sql, (At(cutoff), BATCH))? as u32)
}

fn delete_tallies(db: &Connection, cutoff: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
    let mut statement = db.prepare("SELECT kind, subject, tally FROM tallies WHERE changed_at < ?")?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, Json<Tally>>(2)?.0));
    let old: Vec<(String, String, Tally)> = statement.query_map([At(cutoff)], row)?.collect::<Result<_, _>>()?;
    let mut deleted = 0;
    for (kind, subject, _) in old.into_iter().filter(|(_, _, tally)| tally.standing(now) == Standing::Clear) {
        deleted += db.execute("DELETE FROM tallies WHERE kind = ? AND subject = ?", (kind, subject))?;
    }
    Ok(deleted as u64)
}
