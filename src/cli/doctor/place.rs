//! Checks of this machine: the database, the key, the disk, the clock.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::config::Config;
use crate::store::Store;
use crate::types::Timestamp;

/// A year of calls on a small line; below it a full disk, which turns every caller away, is near.
const LEAST_FREE_MB: u64 = 200;
/// When this was written: a clock before it is wrong.
const WRITTEN_AT_S: i64 = 1_793_491_200;

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let folder = &config.store.data_dir;
    let mut findings = vec![clock(), disk(folder)];
    if folder.join("callprint.db").exists() {
        findings.push(permissions(folder));
        findings.push(database(config).await);
    } else {
        findings.push(Finding::good("database", format!("none yet: the first start makes it in {}", folder.display())));
    }
    findings
}

fn clock() -> Finding {
    let now = Timestamp::now();
    if now.as_second() >= WRITTEN_AT_S {
        Finding::good("clock", format!("{now:.0}"))
    } else {
        Finding::bad("clock", format!("{now:.0}"), "it is in the past: synchronise it (ntp)")
    }
}

/// Free space where the data folder is, or will be.
fn disk(folder: &Path) -> Finding {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| PathBuf::from("/"));
    let exists = absolute.ancestors().find(|place| place.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::statvfs(exists) {
        Ok(disk) => {
            let free_mb = disk.f_bavail.saturating_mul(disk.f_frsize) / 1_000_000;
            let found = format!("{free_mb} MB free for {}", folder.display());
            if free_mb >= LEAST_FREE_MB {
                Finding::good("disk", found)
            } else {
                Finding::bad("disk", found, format!("make room: {LEAST_FREE_MB} MB at least"))
            }
        }
        Err(error) => {
            Finding::bad("disk", format!("{}: {error}", exists.display()), "set store.data_dir to a folder that works")
        }
    }
}

/// The rights of others than the owner, of a file's mode.
const OTHERS: u32 = 0o077;

/// Whether others on this machine can look into the data folder.
fn permissions(folder: &Path) -> Finding {
    match fs::metadata(folder).map(|data| data.permissions().mode() & 0o777) {
        Ok(mode) if mode & OTHERS == 0 => {
            Finding::good("data folder", format!("{} (mode {mode:03o})", folder.display()))
        }
        Ok(mode) => {
            let found = format!("{} can be opened by others (mode {mode:03o})", folder.display());
            Finding::bad("data folder", found, format!("run `chmod 700 {}`", folder.display()))
        }
        Err(error) => Finding::bad("data folder", error.to_string(), "set store.data_dir to a folder that works"),
    }
}

async fn database(config: &Config) -> Finding {
    let store = match Store::open(&config.store) {
        Ok(store) => store,
        Err(error) => return Finding::bad("database", error.to_string(), "nothing was changed; see the message"),
    };
    let checked = match store.check().await {
        Ok(()) => store.ping().await,
        damaged => damaged,
    };
    let waiting = store.pending_deletions().await.unwrap_or_default();
    store.close().await;
    match checked {
        Ok(()) => {
            Finding::good("database", format!("whole and writable; {waiting} recordings wait for their deletion"))
        }
        Err(error) => Finding::bad("database", error.to_string(), "stop the server and restore the last backup"),
    }
}
