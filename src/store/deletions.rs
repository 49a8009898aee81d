use rusqlite::Connection;

use super::audit::Happened;
use super::columns::At;
use super::happening::Happening;
use super::{Lasting, Store, StoreError};
use crate::types::{RecordingSid, Timestamp};

/// A recording still to be deleted at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The recording.
    pub recording: RecordingSid,
    /// How often it was tried.
    pub tries: u32,
}

impl Store {
    /// Queues a recording for deletion; a second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn queue_deletion(&self, recording: &RecordingSid, due_at: Timestamp) -> Result<(), StoreError> {
        let recording = recording.clone();
        self.write(Lasting::PowerCut, move |tx, _| queue(tx, &recording, due_at)).await
    }

    /// Up to `limit` recordings whose deletion is due, longest due first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn due_deletions(&self, now: Timestamp, limit: u32) -> Result<Vec<Deletion>, StoreError> {
        self.read(move |tx, _| {
            let sql = "SELECT recording, tries FROM recording_deletions WHERE due_at <= ? ORDER BY due_at LIMIT ?";
            let mut statement = tx.prepare_cached(sql)?;
            let due = statement
                .query_map((At(now), limit), |row| Ok(Deletion { recording: row.get(0)?, tries: row.get(1)? }))?;
            Ok(due.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// How many recordings wait for deletion.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn pending_deletions(&self) -> Result<u64, StoreError> {
        self.read(|tx, _| {
            let count: i64 = tx.query_row("SELECT count(*) FROM recording_deletions", [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    /// Takes a recording off the queue: the provider has deleted it, or never had it.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn deletion_done(&self, recording: &RecordingSid, at: Timestamp) -> Result<(), StoreError> {
        let recording = recording.clone();
        self.write(Lasting::Process, move |tx, _| {
            let done = tx.execute("DELETE FROM recording_deletions WHERE recording = ?", [&recording])?;
            if done > 0 {
                tx.execute("UPDATE takes SET is_recording_gone = 1 WHERE recording = ?", [&recording])?;
                Happened::by_itself(at).record(tx, Happening::RecordingDeleted { recording: &recording })?;
            }
            Ok(())
        })
        .await
    }

    /// Puts a recording's deletion off and counts the try.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn deletion_failed(&self, recording: &RecordingSid, next_at: Timestamp) -> Result<(), StoreError> {
        let recording = recording.clone();
        self.write(Lasting::Process, move |tx, _| {
            let sql = "UPDATE recording_deletions SET tries = tries + 1, due_at = ? WHERE recording = ?";
            tx.execute(sql, (At(next_at), &recording))?;
            Ok(())
        })
        .await
    }
}

/// Queues a recording for deletion.
pub(super) fn queue(db: &Connection, recording: &RecordingSid, due_at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO recording_deletions (recording, due_at) VALUES (?, ?) ON CONFLICT (recording) DO NOTHING";
    db.prepare_cached(sql)?.execute((recording, At(due_at)))?;
    Ok(())
}
