//! The voice's thresholds as this site's own callers have them.

use std::sync::{PoisonError, RwLock};

use rand::seq::IteratorRandom;

use super::give_way::give_way;
use super::meters;
use super::service::Service;
use crate::engine::{Enrolled, SiteThresholds};
use crate::store::StoreError;
use crate::types::{Llr, Strictness};

/// Callers that are looked at: as many as the estimate takes. Opening their voiceprints takes a second.
const SAMPLE: usize = 2_000;

/// What is known of the site; nothing before its callers were looked at.
#[derive(Default)]
pub(super) struct OwnThresholds(RwLock<Option<SiteThresholds>>);

impl Service {
    /// The threshold that holds here; none until the callers were looked at, and the shipped one counts.
    pub(super) fn site_threshold(&self, strictness: Strictness) -> Option<Llr> {
        let site = self.site().0.read().unwrap_or_else(PoisonError::into_inner);
        Some(site.as_ref()?.threshold(strictness))
    }

    /// Looks at the callers there are, once.
    async fn look_at_the_site(&self) -> Result<(), StoreError> {
        let ids = self.store().enrolled_callers().await?;
        let sample = ids.into_iter().sample(&mut rand::rng(), SAMPLE);
        let mut callers = Vec::with_capacity(sample.len());
        for id in sample {
            let stored = self.store().voiceprint(id).await?;
            let enrolled = stored.and_then(|stored| Enrolled::from_bytes(&stored.bytes).ok());
            // Only the voices are looked at; a phrase template is ten times as large.
            callers.extend(enrolled.map(|enrolled| enrolled.voiceprint().clone()));
        }
        let engine = self.engine().clone();
        let looked = tokio::task::spawn_blocking(move || {
            give_way();
            engine.site(&callers)
        });
        let Ok(site) = looked.await else { return Ok(()) };
        for (one, other) in &site.alike {
            tracing::warn!(one, other, "two callers sound like one person: did somebody enroll twice?");
        }
        metrics::gauge!(meters::SITE_CALLERS).set(site.callers as f64);
        *self.site().0.write().unwrap_or_else(PoisonError::into_inner) = Some(site);
        for strictness in Strictness::ALL {
            let threshold = self.site_threshold(strictness).map_or(f64::NAN, |llr| f64::from(llr.0));
            metrics::gauge!(meters::SITE_THRESHOLD, "far" => strictness.to_string()).set(threshold);
        }
        Ok(())
    }
}

/// Looks at the callers, now and then.
pub(super) async fn look(service: Service) {
    if let Err(error) = service.look_at_the_site().await {
        meters::store_failed("the callers could not be looked at", &error);
    }
}
