//! Voiceprints of many callers at once; for identification and the estimate of own thresholds.

use crate::store::callers;
use crate::store::columns::At;
use crate::store::{CallerRef, Store, StoreError, StoredVoiceprint};
use crate::types::{CallerId, Tenant, Timestamp};

impl Store {
    /// A number that changes whenever any voiceprint comes, changes or goes, in any process.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn voiceprint_changes(&self) -> Result<i64, StoreError> {
        self.read(|tx, _| {
            Ok(tx.prepare_cached("SELECT count FROM voiceprint_changes")?.query_row([], |row| row.get(0))?)
        })
        .await
    }

    /// Whose voiceprints a tenant has, and when each was made.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn voiceprints_of(&self, tenant: &Tenant) -> Result<Vec<(CallerId, Timestamp)>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |tx, _| {
            let sql = "SELECT caller, made_at FROM callers INDEXED BY callers_of_tenant \
                       CROSS JOIN voiceprints INDEXED BY voiceprints_by_making ON caller = id WHERE tenant = ?";
            let mut statement = tx.prepare_cached(sql)?;
            let made = statement.query_map([tenant], |row| Ok((row.get(0)?, row.get::<_, At>(1)?.0)))?;
            Ok(made.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// These callers' voiceprints, opened; callers without one are left out.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when one was altered or moved.
    pub async fn voiceprints(&self, ids: Vec<CallerId>) -> Result<Vec<(CallerId, StoredVoiceprint)>, StoreError> {
        self.read(move |tx, vault| {
            let mut opened = Vec::with_capacity(ids.len());
            for id in ids {
                opened.extend(callers::voiceprint(tx, vault, id)?.map(|stored| (id, stored)));
            }
            Ok(opened)
        })
        .await
    }

    /// The callers that a tenant's user ids name; ids that name none are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn callers_named(&self, tenant: &Tenant, users: Vec<String>) -> Result<Vec<CallerId>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |tx, _| {
            let mut ids = Vec::with_capacity(users.len());
            for user in users {
                ids.extend(callers::find(tx, &CallerRef::User(tenant.clone(), user))?.map(|caller| caller.id));
            }
            Ok(ids)
        })
        .await
    }
}
