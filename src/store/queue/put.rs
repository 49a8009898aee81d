//! Puts jobs on the queue, inside the transaction of what makes them necessary; for the rest of the store.

use rusqlite::Connection;

use crate::store::StoreError;
use crate::store::columns::At;
use crate::types::{CallerId, ListeningId, RecordingSid, Timestamp};

/// Queues a recording for deletion at the provider; a second time changes nothing.
pub(in crate::store) fn recording(
    db: &Connection,
    recording: &RecordingSid,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO jobs (kind, subject, made_at, due_at) VALUES ('recording', ?1, ?2, ?2) \
               ON CONFLICT (kind, subject) DO NOTHING";
    db.prepare_cached(sql)?.execute((recording, At(due_at)))?;
    Ok(())
}

/// Queues the recordings of a caller's calls that the provider still has; how many were not queued before.
pub(in crate::store) fn recordings_of(db: &Connection, caller: CallerId, at: Timestamp) -> Result<u64, StoreError> {
    let sql = "INSERT INTO jobs (kind, subject, made_at, due_at) SELECT 'recording', recording, ?1, ?1 FROM takes \
               JOIN calls ON calls.sid = takes.call \
               WHERE calls.caller = ?2 AND is_recording_gone = 0 AND recording LIKE 'RE%' \
               ON CONFLICT (kind, subject) DO NOTHING";
    Ok(db.execute(sql, (At(at), caller))? as u64)
}

/// Queues the report of a listening that has ended.
pub(in crate::store) fn report(
    db: &Connection,
    listening: &ListeningId,
    body: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO jobs (kind, subject, listening, body, made_at, due_at) VALUES ('report', ?1, ?1, ?2, ?3, ?3)";
    db.prepare_cached(sql)?.execute((listening, body, At(at)))?;
    Ok(())
}

/// Queues one event for a webhook: the log's row, and the job that posts it.
pub(in crate::store) fn delivery(
    db: &Connection,
    webhook: &str,
    (event, kind): (&str, &str),
    body: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO deliveries (webhook, event, kind, made_at) VALUES (?, ?, ?, ?) RETURNING id";
    let row = (webhook, event, kind, At(at));
    let id: i64 = db.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
    let sql =
        "INSERT INTO jobs (kind, subject, webhook, body, made_at, due_at) VALUES ('delivery', ?1, ?2, ?3, ?4, ?4)";
    db.prepare_cached(sql)?.execute((id.to_string(), webhook, body, At(at)))?;
    Ok(())
}
