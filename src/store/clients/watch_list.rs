//! Voices that a tenant wants to be warned of; for the admin API and the code that judges takes.

use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::store::audit::Happened;
use crate::store::audit::happening::Happening;
use crate::store::columns::{At, kept};
use crate::store::seal::crypto::Label;
use crate::store::seal::vault::Vault;
use crate::store::{Lasting, Store, StoreError};
use crate::types::{CallerId, Tenant, Timestamp};

/// Voices on one tenant's list: a voice is compared with all of them, one after the other.
pub const MOST_WATCHED: u32 = 500;

/// A voice that a tenant wants to be warned of, without the voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Ours: `wl_` and 32 hex digits.
    pub id: String,
    /// The tenant's name for it.
    pub label: String,
    /// The model that made it; another model's voices are not compared with it.
    pub model_id: String,
    /// Since when.
    pub made_at: Timestamp,
}

impl Store {
    /// Puts a voice in its byte form on a tenant's list.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn watch(
        &self,
        tenant: &Tenant,
        label: String,
        model_id: String,
        clear: Vec<u8>,
        at: Timestamp,
    ) -> Result<Watched, StoreError> {
        let tenant = tenant.clone();
        self.write(Lasting::PowerCut, move |tx, vault| {
            let clear = zeroize::Zeroizing::new(clear);
            let sql = "SELECT count(*) FROM watch_list WHERE tenant = ?";
            let count: u32 = tx.prepare_cached(sql)?.query_row([&tenant], |row| row.get(0))?;
            if count >= MOST_WATCHED {
                return Err(StoreError::TooMany);
            }
            let id = format!("wl_{}", Uuid::new_v4().simple());
            let sealed = vault.seal(tx, &seal_label(&id, &model_id), &clear)?;
            let sql = "INSERT INTO watch_list (id, tenant, label, model_id, sealed, made_at) VALUES (?, ?, ?, ?, ?, ?)";
            tx.prepare_cached(sql)?.execute((&id, &tenant, &label, &model_id, sealed, At(at)))?;
            let added = Happening::WatchListAdded { id: &id, tenant: &tenant };
            Happened::by_operator(at, None).record(tx, added)?;
            Ok(Watched { id, label, model_id, made_at: kept(at) })
        })
        .await
    }

    /// A tenant's list, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn watch_list(&self, tenant: &Tenant) -> Result<Vec<Watched>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |tx, _| {
            let sql = "SELECT id, label, model_id, made_at FROM watch_list WHERE tenant = ? ORDER BY made_at, id";
            let mut statement = tx.prepare_cached(sql)?;
            let list = statement.query_map([tenant], watched)?;
            Ok(list.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A tenant's list with the voices that a model made, opened.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one was altered or moved.
    pub async fn watched_voices(&self, tenant: &Tenant, model: &str) -> Result<Vec<(Watched, Vec<u8>)>, StoreError> {
        let (tenant, model) = (tenant.clone(), model.to_owned());
        self.read(move |tx, vault| voices(tx, vault, &tenant, &model)).await
    }

    /// Takes a voice off a tenant's list; says which it was.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn unwatch(&self, tenant: &Tenant, id: &str, at: Timestamp) -> Result<Option<Watched>, StoreError> {
        let Some(found) = self.watch_list(tenant).await?.into_iter().find(|watched| watched.id == id) else {
            return Ok(None);
        };
        let (tenant, id) = (tenant.clone(), id.to_owned());
        let gone = self
            .write(Lasting::PowerCut, move |tx, _| {
                let gone = tx.execute("DELETE FROM watch_list WHERE id = ? AND tenant = ?", (&id, &tenant))?;
                if gone > 0 {
                    let removed = Happening::WatchListRemoved { id: &id, tenant: &tenant };
                    Happened::by_operator(at, None).record(tx, removed)?;
                }
                Ok(gone > 0)
            })
            .await?;
        self.fold_log().await?;
        Ok(gone.then_some(found))
    }

    /// Writes down that the voice of a caller's take resembles one on the list.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn note_watch_hit(&self, caller: CallerId, hit: &Watched, at: Timestamp) -> Result<(), StoreError> {
        let hit = hit.clone();
        self.write(Lasting::PowerCut, move |tx, _| note_hit(tx, caller, &hit, at)).await
    }
}

/// A tenant's list with the voices that a model made, opened.
pub(in crate::store) fn voices(
    db: &Connection,
    vault: &Vault,
    tenant: &Tenant,
    model: &str,
) -> Result<Vec<(Watched, Vec<u8>)>, StoreError> {
    let sql = "SELECT id, label, model_id, made_at, sealed FROM watch_list WHERE tenant = ? AND model_id = ?";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map((tenant, model), |row| Ok((watched(row)?, row.get::<_, Vec<u8>>(4)?)))?;
    let mut voices = Vec::new();
    for row in rows {
        let (watched, sealed) = row?;
        let clear = vault.open(&seal_label(&watched.id, &watched.model_id), &sealed)?;
        voices.push((watched, clear));
    }
    Ok(voices)
}

/// Writes down that the voice of a caller's take resembles one on the list.
pub(in crate::store) fn note_hit(
    db: &Connection,
    caller: CallerId,
    hit: &Watched,
    at: Timestamp,
) -> Result<(), StoreError> {
    let happened = Happened { caller: Some(caller), ..Happened::by_itself(at) };
    happened.record(db, Happening::WatchListHit { id: &hit.id, label: &hit.label })
}

fn watched(row: &Row<'_>) -> rusqlite::Result<Watched> {
    Ok(Watched { id: row.get(0)?, label: row.get(1)?, model_id: row.get(2)?, made_at: row.get::<_, At>(3)?.0 })
}

/// A voice opens for its place on the list and its model only.
pub(in crate::store) fn seal_label<'a>(id: &'a str, model: &'a str) -> Label<'a> {
    Label { kind: "watch", subject: id, model }
}
