//! The voices of tenants that identify, in memory. For `identify` alone.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as TurnMutex;

use super::Identification;
use super::IdentificationError;
use crate::engine::Enrolled;
use crate::judging::Fault;
use crate::scoring::{Gallery, ModelId, Voiceprint};
use crate::store::StoredVoiceprint;
use crate::types::{CallerId, Tenant, Timestamp};

/// Tenants whose voices are held: more than identify at a time on one server. A tenant of 10,000 callers takes 20 MB
/// at most.
const MOST_TENANTS: usize = 64;

/// Voiceprints opened at once: some 20 MB with their phrase templates, of which only the voices stay.
const BATCH: usize = 500;

/// The voices of tenants that identify, in memory.
#[derive(Default)]
pub(crate) struct Galleries(Mutex<HashMap<Tenant, Arc<TurnMutex<TenantGallery>>>>);

/// A tenant's voices as they were at one moment.
#[derive(Default)]
struct TenantGallery {
    /// The store's count of changes then.
    changes: Option<i64>,
    /// When each voiceprint was made that was looked at, also of those that another model made.
    made: HashMap<CallerId, Timestamp>,
    gallery: Option<Arc<Gallery<CallerId>>>,
}

impl Galleries {
    fn of(&self, tenant: &Tenant) -> Arc<TurnMutex<TenantGallery>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_TENANTS && !all.contains_key(tenant) {
            // A tenant that is asked about again has its gallery made again.
            all.clear();
        }
        Arc::clone(all.entry(tenant.clone()).or_default())
    }
}

impl Identification {
    /// The voices of a tenant's callers as they are now, also of those that another process enrolled.
    ///
    /// Only what was made since the last time is opened. The first time takes half a second for each thousand.
    pub(super) async fn gallery(&self, tenant: &Tenant) -> Result<Arc<Gallery<CallerId>>, IdentificationError> {
        let held = self.galleries.of(tenant);
        let mut held = held.lock().await;
        let changes = self.cx.store.voiceprint_changes().await?;
        let empty = || Arc::new(Gallery::new(self.judge.engine().model().clone()));
        let mut gallery = held.gallery.clone().unwrap_or_else(empty);
        if held.changes == Some(changes) {
            return Ok(gallery);
        }
        let now: HashMap<CallerId, Timestamp> = self.cx.store.voiceprints_of(tenant).await?.into_iter().collect();
        let fresh: Vec<CallerId> =
            now.iter().filter(|(id, made_at)| held.made.get(id) != Some(made_at)).map(|(id, _)| *id).collect();
        let is_stale: HashSet<CallerId> =
            held.made.iter().filter(|(id, made_at)| now.get(id) != Some(made_at)).map(|(id, _)| *id).collect();
        if !is_stale.is_empty() {
            Arc::make_mut(&mut gallery).retain(|id| !is_stale.contains(id));
        }
        for batch in fresh.chunks(BATCH) {
            let opened = self.cx.store.voiceprints(batch.to_vec()).await?;
            let voices = self.judge.workers().compare(move |engine| read(&opened, engine.model()));
            let voices = voices.await.flatten()?;
            let gallery = Arc::make_mut(&mut gallery);
            for (id, voiceprint) in voices {
                gallery.push(id, &voiceprint).map_err(Fault::from)?;
            }
        }
        *held = TenantGallery { changes: Some(changes), made: now, gallery: Some(Arc::clone(&gallery)) };
        Ok(gallery)
    }
}

/// The voices of this model among voiceprints.
fn read(opened: &[(CallerId, StoredVoiceprint)], model: &ModelId) -> Result<Vec<(CallerId, Voiceprint)>, Fault> {
    let mut voices = Vec::with_capacity(opened.len());
    for (id, stored) in opened.iter().filter(|(_, stored)| stored.model_id == model.as_str()) {
        let enrolled = Enrolled::from_bytes(&stored.bytes)?;
        voices.push((*id, enrolled.voiceprint().clone()));
    }
    Ok(voices)
}
