//! Thresholds of the voice as this site's own callers have them; recomputed by a job, read by every verification.

use std::sync::{PoisonError, RwLock};

use rand::seq::IteratorRandom;

use super::{Fault, Judge, meters};
use crate::engine::{Enrolled, SiteThresholds};
use crate::types::{Llr, Strictness};

/// Callers in the sample: as many as the estimate takes. Opening their voiceprints takes a second.
const SAMPLE: usize = 2_000;

/// Thresholds of the site; none before its callers were looked at.
#[derive(Default)]
pub(super) struct OwnThresholds(RwLock<Option<SiteThresholds>>);

impl Judge {
    /// The voice's threshold at this site; none until the callers were looked at, and the shipped one counts.
    pub(crate) fn own_threshold(&self, strictness: Strictness) -> Option<Llr> {
        let site = self.0.own_thresholds.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(site.as_ref()?.threshold(strictness))
    }

    /// Looks at a sample of the callers there are now, and sets the thresholds by it.
    ///
    /// # Errors
    /// [`Fault`]; the thresholds stay as they were.
    pub(crate) async fn renew_own_thresholds(&self) -> Result<(), Fault> {
        let store = &self.cx().store;
        let ids = store.enrolled_callers().await?;
        let sample = ids.into_iter().sample(&mut rand::rng(), SAMPLE);
        let mut callers = Vec::with_capacity(sample.len());
        for id in sample {
            let stored = store.voiceprint(id).await?;
            let enrolled = stored.and_then(|stored| Enrolled::from_bytes(&stored.bytes).ok());
            // Only the voices are looked at; a phrase template is ten times as large.
            callers.extend(enrolled.map(|enrolled| enrolled.voiceprint().clone()));
        }
        let site = self.workers().compare(move |engine| engine.site(&callers)).await?;
        for (one, other) in &site.alike {
            tracing::warn!(one, other, "two callers sound like one person: is one person enrolled twice?");
        }
        metrics::gauge!(meters::SITE_CALLERS).set(site.callers as f64);
        *self.0.own_thresholds.0.write().unwrap_or_else(PoisonError::into_inner) = Some(site);
        for strictness in Strictness::ALL {
            let threshold = self.own_threshold(strictness).map_or(f64::NAN, |llr| f64::from(llr.0));
            metrics::gauge!(meters::SITE_THRESHOLD, "far" => strictness.to_string()).set(threshold);
        }
        Ok(())
    }
}
