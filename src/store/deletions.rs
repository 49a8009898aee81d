use super::{Store, StoreError};
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
    pub async fn queue_deletion(&self, _recording: &RecordingSid, _due_at: Timestamp) -> Result<(), StoreError> {
        todo!()
    }

    /// Up to `limit` recordings whose deletion is due, longest due first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn due_deletions(&self, _now: Timestamp, _limit: u32) -> Result<Vec<Deletion>, StoreError> {
        todo!()
    }

    /// How many recordings wait for deletion.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn pending_deletions(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// Takes a recording off the queue: the provider has deleted it, or never had it.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn deletion_done(&self, _recording: &RecordingSid, _at: Timestamp) -> Result<(), StoreError> {
        todo!()
    }

    /// Puts a recording's deletion off and counts the try.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn deletion_failed(&self, _recording: &RecordingSid, _next_at: Timestamp) -> Result<(), StoreError> {
        todo!()
    }
}
