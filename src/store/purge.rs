use super::{Store, StoreError};
use crate::types::Timestamp;

/// What a purge took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Ended calls, with their turns and takes.
    pub calls: u64,
    /// Attempts.
    pub attempts: u64,
    /// Enrollment codes that were used or had expired.
    pub codes: u64,
    /// Calls that never said they ended and were closed.
    pub abandoned: u64,
}

impl Store {
    /// Deletes what the retention no longer covers, and closes calls that were left open.
    ///
    /// The retention is that of [`crate::config::Store`]; 0 days keep attempts and calls.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn purge(&self, _now: Timestamp) -> Result<Purged, StoreError> {
        todo!()
    }
}
