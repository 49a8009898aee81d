//! The voice's thresholds as this site's own callers have them.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use rand::seq::IteratorRandom;
use tokio::time::{Instant, sleep_until};

use super::give_way::give_way;
use super::meters;
use super::service::Service;
use crate::engine::{Engine, Enrolled, Site};
use crate::store::StoreError;
use crate::types::{Llr, Strictness};

/// Callers that are looked at: with 500 the rate of 0.1 % rests on 750 attempts of 750,000, and it takes a second.
const SAMPLE: u32 = 500;

/// How often the callers are looked at again. A caller more or less moves the thresholds by hundredths.
const EVERY: Duration = Duration::from_mins(10);

/// What is known of the site; nothing before its callers were looked at.
#[derive(Default)]
pub(super) struct SiteThresholds(RwLock<Option<Site>>);

impl Service {
    /// The threshold that holds here; none until the callers were looked at, and the shipped one counts.
    pub(super) fn site_threshold(&self, strictness: Strictness) -> Option<Llr> {
        let site = self.site().0.read().unwrap_or_else(PoisonError::into_inner);
        let site = site.as_ref()?;
        Some(site.threshold(strictness, self.engine().threshold(strictness)))
    }

    /// Looks at the callers there are, once.
    async fn look_at_the_site(&self) -> Result<(), StoreError> {
        let ids = self.store().enrolled_callers().await?;
        let sample = ids.into_iter().sample(&mut rand::rng(), SAMPLE as usize);
        let mut callers = Vec::with_capacity(sample.len());
        for id in sample {
            let stored = self.store().voiceprint(id).await?;
            let enrolled = stored.and_then(|stored| Enrolled::from_bytes(&stored.bytes).ok());
            // Only the voices are looked at; a phrase template is ten times as large.
            callers.extend(enrolled.map(|enrolled| enrolled.voiceprint().clone()));
        }
        let engine: Engine = self.engine().clone();
        let looked = tokio::task::spawn_blocking(move || {
            give_way();
            engine.site(&callers)
        });
        let Ok(site) = looked.await else { return Ok(()) };
        for &(one, other) in site.twins() {
            tracing::warn!(one, other, "two callers sound like one person: did somebody enroll twice?");
        }
        metrics::gauge!(meters::SITE_CALLERS).set(f64::from(site.callers()));
        *self.site().0.write().unwrap_or_else(PoisonError::into_inner) = Some(site);
        for strictness in Strictness::ALL {
            let threshold = self.site_threshold(strictness).map_or(f64::NAN, |llr| f64::from(llr.0));
            metrics::gauge!(meters::SITE_THRESHOLD, "far" => strictness.to_string()).set(threshold);
        }
        Ok(())
    }
}

/// Looks at the callers now and then, for as long as the service runs.
pub(super) async fn work(service: Service) {
    let mut due = Instant::now();
    loop {
        tokio::select! {
            () = service.stopping() => return,
            () = sleep_until(due) => {}
        }
        if let Err(error) = service.look_at_the_site().await {
            meters::store_failed("the callers could not be looked at", &error);
        }
        due = Instant::now() + EVERY;
    }
}
