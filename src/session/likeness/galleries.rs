use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as TurnMutex;

use crate::engine::Enrolled;
use crate::scoring::{Gallery, ModelId, Voiceprint};
use crate::session::UploadError;
use crate::session::give_way::give_way;
use crate::session::service::Service;
use crate::store::StoredVoiceprint;
use crate::types::{CallerId, Tenant, Timestamp};

/// Tenants whose voices are held; more than identify at a time in any one house. One of 10,000 callers takes 20 MB at most.
const MOST_TENANTS: usize = 64;

/// Voiceprints opened at once: some 20 MB with their phrase templates, of which only the voices stay.
const BATCH: usize = 500;

/// The voices of tenants that identify, in memory.
#[derive(Default)]
pub(in crate::session) struct Galleries(Mutex<HashMap<Tenant, Arc<TurnMutex<Held>>>>);

/// A tenant's voices as they were at one moment.
#[derive(Default)]
struct Held {
    /// The store's count of changes then.
    changes: Option<i64>,
    /// When each voiceprint was made that was looked at, also of those that another model made.
    made: HashMap<CallerId, Timestamp>,
    gallery: Option<Arc<Gallery<CallerId>>>,
}

impl Galleries {
    fn of(&self, tenant: &Tenant) -> Arc<TurnMutex<Held>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_TENANTS && !all.contains_key(tenant) {
            // Whoever needs theirs again has it made again.
            all.clear();
        }
        Arc::clone(all.entry(tenant.clone()).or_default())
    }
}

impl Service {
    /// The voices of a tenant's callers as they are now, whichever process enrolled them.
    ///
    /// Only what was made since the last time is opened. The first time takes half a second for each thousand.
    pub(super) async fn gallery(&self, tenant: &Tenant) -> Result<Arc<Gallery<CallerId>>, UploadError> {
        let held = self.galleries().of(tenant);
        let mut held = held.lock().await;
        let changes = self.store().voiceprint_changes().await?;
        let empty = || Arc::new(Gallery::new(self.engine().model().clone()));
        let mut gallery = held.gallery.clone().unwrap_or_else(empty);
        if held.changes == Some(changes) {
            return Ok(gallery);
        }
        let now: HashMap<CallerId, Timestamp> = self.store().voiceprints_of(tenant).await?.into_iter().collect();
        let fresh: Vec<CallerId> =
            now.iter().filter(|(id, made_at)| held.made.get(id) != Some(made_at)).map(|(id, _)| *id).collect();
        let is_stale: HashSet<CallerId> =
            held.made.iter().filter(|(id, made_at)| now.get(id) != Some(made_at)).map(|(id, _)| *id).collect();
        if !is_stale.is_empty() {
            Arc::make_mut(&mut gallery).retain(|id| !is_stale.contains(id));
        }
        for batch in fresh.chunks(BATCH) {
            let opened = self.store().voiceprints(batch.to_vec()).await?;
            let model = self.engine().model().clone();
            let read = tokio::task::spawn_blocking(move || {
                give_way();
                read(&opened, &model)
            });
            let voices = read.await.map_err(|_| UploadError::Judging("voices could not be read".to_owned()))??;
            let gallery = Arc::make_mut(&mut gallery);
            for (id, voiceprint) in voices {
                gallery.push(id, &voiceprint).map_err(|error| UploadError::Judging(error.to_string()))?;
            }
        }
        *held = Held { changes: Some(changes), made: now, gallery: Some(Arc::clone(&gallery)) };
        Ok(gallery)
    }
}

/// The voices of this model among voiceprints.
fn read(opened: &[(CallerId, StoredVoiceprint)], model: &ModelId) -> Result<Vec<(CallerId, Voiceprint)>, UploadError> {
    let mut voices = Vec::with_capacity(opened.len());
    for (id, stored) in opened.iter().filter(|(_, stored)| stored.model_id == model.as_str()) {
        let enrolled = Enrolled::from_bytes(&stored.bytes).map_err(|error| UploadError::Judging(error.to_string()))?;
        voices.push((*id, enrolled.voiceprint().clone()));
    }
    Ok(voices)
}
