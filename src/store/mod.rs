//! Everything that outlives a turn, in domain words; the only SQL in the tree.
//!
//! [`Store`] is an asynchronous handle: one writer thread with one connection works through a bounded queue, a few
//! readers answer the rest. Each method that writes is one transaction, so a crash leaves a whole step or none of it.
//! No method hands out a connection or a row, so that another database can stand behind the same words.

mod attempts;
mod audit;
mod callers;
mod calls;
mod codes;
mod commit;
mod deletions;
mod error;
mod purge;
mod standing;
mod takes;

use std::sync::Arc;

pub use attempts::{Attempt, AttemptFilter, NewAttempt};
pub use audit::{Actor, AuditEvent};
pub use callers::{Caller, CallerRef, ConsentRecord, Deleted, StoredVoiceprint};
pub use calls::{Call, NewCall};
pub use codes::{CheckedCode, NewCode};
pub use commit::{Committed, TurnCommit};
pub use deletions::Deletion;
pub use error::StoreError;
pub use purge::Purged;
pub use standing::{Standings, Subject};
pub use takes::{Finished, NewVoiceprint, TakeClaim, TakeResult, TakeStatus};

use crate::config;

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Store {
    _inner: Arc<()>,
}

impl Store {
    /// Opens the database, making the folder, the key and the tables where they are missing.
    ///
    /// Blocks for a few milliseconds. Another process may have the same database open.
    ///
    /// # Errors
    /// See [`StoreError`]: a newer schema, a missing, wrong or too-open key, a folder that cannot be written.
    pub fn open(_config: &config::Store) -> Result<Self, StoreError> {
        todo!()
    }

    /// Finishes what is queued, folds the write-ahead log into the database and closes it.
    pub async fn close(&self) {
        todo!()
    }

    /// Whether the database can be written; for readiness checks.
    ///
    /// # Errors
    /// What the write ended in: [`StoreError::Full`], [`StoreError::ReadOnly`], [`StoreError::Busy`], …
    pub async fn ping(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Reads the whole database and checks that it is whole; takes seconds on a large one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with what SQLite found.
    pub async fn check(&self) -> Result<(), StoreError> {
        todo!()
    }
}
