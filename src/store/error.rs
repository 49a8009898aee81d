//! The errors of the store; for every caller of its methods.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::store::seal::crypto::NoRandom;

/// The ways in which the store fails. Never holds a number, a key or a voiceprint.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process holds the write lock for longer than we wait.
    #[error("the database is locked by another process")]
    Busy,
    /// The disk, or the database's size limit, is full. Nothing was written.
    #[error("no space left for the database")]
    Full,
    /// The database file or its folder cannot be written.
    #[error("the database is read-only")]
    ReadOnly,
    /// The file is damaged or is not a database.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// A later version of Callprint wrote this database.
    #[error("the database has schema {found}, this program knows {known}: use the newer callprint")]
    NewerSchema {
        /// The schema in the file.
        found: i64,
        /// The last one this program knows.
        known: i64,
    },
    /// The tables could not be brought up to date.
    #[error("migration failed: {0}")]
    Migration(String),
    /// The database holds sealed data and the key file is gone.
    #[error("the database is sealed with key {key_id}, and {source_name} is missing: put it back")]
    KeyMissing {
        /// Where the key was looked for.
        source_name: String,
        /// The key the database names.
        key_id: String,
    },
    /// The key at hand is not the one the database was sealed with.
    #[error("the database is sealed with key {key_id}, which is not in {source_name}: put that key back")]
    KeyWrong {
        /// The file or the setting.
        source_name: String,
        /// The key the database names.
        key_id: String,
    },
    /// The key is not 32 bytes in base64.
    #[error("{source_name} does not hold a key: expected 32 bytes in base64")]
    KeyMalformed {
        /// The file or the setting.
        source_name: String,
    },
    /// Others than the owner can read the key file.
    #[error("{} can be read by others (mode {mode:03o}): run `chmod 600 {}`", path.display(), path.display())]
    KeyTooOpen {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The keys come from the configuration, which names no successor.
    #[error("no new key to rotate to: put it in front, as in CALLPRINT_STORE_VOICEPRINT_KEY=NEW,OLD")]
    KeyNoSuccessor,
    /// Sealed data does not open: altered, or moved from another caller.
    #[error("sealed data does not open: it was altered, or belongs to something else")]
    Sealed,
    /// The turn is ahead of the call; an earlier one is missing.
    #[error("turn {turn} came before turn {expected}")]
    OutOfTurn {
        /// The turn that came.
        turn: u32,
        /// The next one to be committed.
        expected: u32,
    },
    /// There is no such call.
    #[error("no such call")]
    UnknownCall,
    /// There is no such take.
    #[error("no such take")]
    UnknownTake,
    /// There is no such caller, or the call has none yet.
    #[error("no such caller")]
    UnknownCaller,
    /// There is no such API key, or it is revoked.
    #[error("no such API key")]
    UnknownApiKey,
    /// The caller has a voiceprint and this call has proved nothing that would replace it.
    #[error("the caller is already enrolled")]
    AlreadyEnrolled,
    /// The enrollment code is wrong, used, expired or another caller's.
    #[error("the enrollment code is not valid")]
    CodeInvalid,
    /// The call has no finished voiceprint to save.
    #[error("there is no voiceprint to save")]
    NoVoiceprint,
    /// A user id that another caller has.
    #[error("that user id or number belongs to another caller")]
    Taken,
    /// The caller has not consented, or has opted out.
    #[error("the caller has not consented to a voiceprint")]
    NoConsent,
    /// There are as many as there may be.
    #[error("there are as many as there may be")]
    TooMany,
    /// Something else was kept meanwhile.
    #[error("something else was kept meanwhile")]
    Overtaken,
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandom,
    /// The disk or the file system failed.
    #[error("reading or writing the database failed: {0}")]
    Disk(String),
    /// A file beside the database could not be read or written.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The store was closed, or its thread died.
    #[error("the store is closed")]
    Closed,
    /// Anything else the database says.
    #[error("database: {0}")]
    Database(String),
}

impl StoreError {
    /// The stable machine code, `store_…`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Busy => "store_busy",
            Self::Full => "store_full",
            Self::ReadOnly => "store_read_only",
            Self::Corrupt(_) => "store_corrupt",
            Self::NewerSchema { .. } => "store_newer_schema",
            Self::Migration(_) => "store_migration",
            Self::KeyMissing { .. } => "store_key_missing",
            Self::KeyWrong { .. } => "store_key_wrong",
            Self::KeyMalformed { .. } => "store_key_malformed",
            Self::KeyTooOpen { .. } => "store_key_too_open",
            Self::KeyNoSuccessor => "store_key_no_successor",
            Self::Sealed => "store_sealed",
            Self::OutOfTurn { .. } => "store_out_of_turn",
            Self::UnknownCall => "store_unknown_call",
            Self::UnknownTake => "store_unknown_take",
            Self::UnknownCaller => "store_unknown_caller",
            Self::UnknownApiKey => "store_unknown_api_key",
            Self::AlreadyEnrolled => "store_already_enrolled",
            Self::CodeInvalid => "store_code_invalid",
            Self::NoVoiceprint => "store_no_voiceprint",
            Self::Taken => "store_taken",
            Self::NoConsent => "store_no_consent",
            Self::TooMany => "store_too_many",
            Self::Overtaken => "store_overtaken",
            Self::NoRandom => "store_no_random",
            Self::Disk(_) => "store_disk",
            Self::File { .. } => "store_file",
            Self::Closed => "store_closed",
            Self::Database(_) => "store_database",
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // SQLite's own texts name tables and columns, never values.
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Disk(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

impl From<NoRandom> for StoreError {
    fn from(_: NoRandom) -> Self {
        Self::NoRandom
    }
}
