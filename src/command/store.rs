//! The store beside a running server, for commands that read or change it.

use anyhow::{Context, bail};

use super::settings::ConfigArgs;
use crate::store::Store;

/// Runs `work` on the store, which a server may be using at the same time.
///
/// A folder without a database is most likely a wrong folder, so none is made.
pub(crate) fn with_store<T>(
    config: &ConfigArgs,
    work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = config.load(&[])?;
    let folder = &config.store.data_dir;
    if !folder.join("callprint.db").exists() {
        bail!("there is no database in {}: `callprint serve` makes it, store.data_dir says where", folder.display());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = Store::open(&config.store).context("store")?;
    runtime.block_on(async {
        let done = work(&store).await;
        store.close().await;
        done
    })
}
