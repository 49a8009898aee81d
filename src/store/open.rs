//! Opens the database: folder, file, keys and migrations; called once by each process.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::config;
use crate::store::lane::Lane;
use crate::store::seal::keyring::KeySource;
use crate::store::seal::vault::Vault;
use crate::store::{Inner, Store, StoreError};
use crate::types::Timestamp;

/// The database's name in the data folder.
const FILE: &str = "callprint.db";

/// Locked while a process opens the database or rotates keys.
const LOCK: &str = "callprint.lock";

/// How long a write waits for another process: well under the 15 s after which Twilio gives a webhook up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Threads that read: two cores is what the measurements in `dependencies.md` were made on; a read takes microseconds.
const READERS: usize = 2;

mod migrations {
    refinery::embed_migrations!("src/store/migrations");
}

impl Store {
    /// Opens the database, making the folder, the key and the tables where they are missing.
    ///
    /// Blocks for a few milliseconds. Another process may have the same database open.
    ///
    /// # Errors
    /// See [`StoreError`]: a newer schema, a missing, wrong or too-open key, a folder that cannot be written.
    pub fn open(config: &config::Store) -> Result<Self, StoreError> {
        let dir = &config.data_dir;
        let source = KeySource::new(config.voiceprint_key.as_ref(), dir)?;
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| at(dir, source))?;
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        // SQLite gives the write-ahead log the mode of the database, so this is all it takes.
        drop(owned(&path).map_err(|source| at(&path, source))?);
        let mut writer = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        migrate(&mut writer)?;
        let vault = Vault::unlock(&mut writer, source, Timestamp::now())?;
        drop(lock);
        let readers =
            (0..READERS).map(|_| connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)).collect::<Result<_, _>>()?;
        let started = |source| at(&path, source);
        Ok(Self(Arc::new(Inner {
            writer: Lane::start("store-writer", vec![writer], fold).map_err(started)?,
            readers: Lane::start("store-reader", readers, |_| ()).map_err(started)?,
            vault: Arc::new(vault),
            data_dir: dir.clone(),
            retention_days: config.retention_days,
        })))
    }
}

/// Waits until no other process opens this database or rotates its keys; dropping the file lets go.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let file = owned(&path).map_err(|source| at(&path, source))?;
    file.lock().map_err(|source| at(&path, source))?;
    Ok(file)
}

fn at(path: &Path, cause: std::io::Error) -> StoreError {
    StoreError::File { path: PathBuf::from(path), cause }
}

/// Opens a file, made with mode 0600 when it is missing.
fn owned(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // A tampered schema cannot call functions with side effects.
    db.pragma_update(None, "trusted_schema", false)?;
    // Deleted data is overwritten, not just unlinked; nothing spills into files elsewhere.
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(db)
}

fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    // One transaction for all: a crash between a migration and its mark would run it twice.
    let runner = migrations::migrations::runner().set_grouped(true);
    let known = runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0);
    let history = "SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    let has_history = db.query_row(history, [], |_| Ok(())).optional()?.is_some();
    if has_history {
        let found: Option<i64> =
            db.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0))?;
        if let Some(found) = found.filter(|&found| found > known) {
            return Err(StoreError::NewerSchema { found, known });
        }
    }
    runner.run(db).map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(())
}

/// Folds the write-ahead log into the database; a reader in another process may hold that up, which does no harm.
pub(super) fn fold(db: &Connection) {
    let folded = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    if !matches!(folded, Ok(false)) {
        tracing::info!("the write-ahead log could not be folded into the database now");
    }
}
