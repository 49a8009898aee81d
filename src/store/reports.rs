use rusqlite::Row;

use super::audit::Happened;
use super::columns::At;
use super::happening::Happening;
use super::{Lasting, Listening, Store, StoreError, listenings};
use crate::types::{ListeningId, Timestamp};

/// The end of a listening that its client has still to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What ended, and how.
    pub listening: Listening,
    /// How often it was tried.
    pub tries: u32,
}

impl Store {
    /// Up to `limit` reports that are due, longest due first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn due_reports(&self, now: Timestamp, limit: u32) -> Result<Vec<Report>, StoreError> {
        self.read(move |tx, _| {
            let sql = "SELECT id, tries FROM listenings WHERE due_at <= ? ORDER BY due_at LIMIT ?";
            let mut statement = tx.prepare_cached(sql)?;
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let due: Vec<(ListeningId, u32)> = statement.query_map((At(now), limit), row)?.collect::<Result<_, _>>()?;
            let mut reports = Vec::with_capacity(due.len());
            for (id, tries) in due {
                reports.extend(listenings::find(tx, &id)?.map(|listening| Report { listening, tries }));
            }
            Ok(reports)
        })
        .await
    }

    /// Takes a report off the queue: the client has it.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn report_done(&self, id: &ListeningId, at: Timestamp) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(Lasting::Process, move |tx, _| {
            let sql = "UPDATE listenings SET due_at = NULL, reported_at = ? WHERE id = ?";
            tx.prepare_cached(sql)?.execute((At(at), id))?;
            Ok(())
        })
        .await
    }

    /// Puts a report off and counts the try.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn report_failed(&self, id: &ListeningId, next_at: Timestamp) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(Lasting::Process, move |tx, _| {
            let sql = "UPDATE listenings SET due_at = ?, tries = tries + 1 WHERE id = ? AND due_at IS NOT NULL";
            tx.prepare_cached(sql)?.execute((At(next_at), id))?;
            Ok(())
        })
        .await
    }

    /// Takes a report off the queue that could not be delivered for too long.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn report_given_up(&self, report: &Report, at: Timestamp) -> Result<(), StoreError> {
        let (id, caller, tries) = (report.listening.id.clone(), report.listening.caller, report.tries);
        self.write(Lasting::Process, move |tx, _| {
            let gone = tx.execute("UPDATE listenings SET due_at = NULL WHERE id = ? AND due_at IS NOT NULL", [&id])?;
            if gone > 0 {
                let happened = Happened { caller: Some(caller), ..Happened::by_itself(at) };
                happened.record(tx, Happening::ListeningReportGivenUp { listening: &id, tries })?;
            }
            Ok(())
        })
        .await
    }
}
