//! Identification: which of a tenant's callers a voice may belong to.

use std::collections::HashSet;

use super::Identification;
use super::IdentificationError;
use crate::clients::admin::AdminError;
use crate::clients::client::{Client, NamedUser};
use crate::clients::permission::{ByKey, Verify};
use crate::engine::one_of;
use crate::judging::{Fault, Upload};
use crate::types::{CallerId, Llr, OutOfRange};
use crate::wire::{Candidate, IdentifyView};

/// Candidates at most: a longer list would be a search, and no identification.
const MOST: usize = 5;

/// The caution in every answer.
const CAUTION: &str = "\
    A likeness is no proof of identity: nothing was checked but the voice, neither the words nor whether it was \
    played from a recording. Every further voiceprint is another chance to err; the threshold was raised by the \
    natural logarithm of their number so that a stranger is named no more often than in one verification, and those \
    who are meant are missed more often for it. Verify whom it names.";

/// A request to identify a voice.
#[derive(Clone, Default)]
pub struct IdentifyRequest {
    /// The take.
    pub audio: Upload,
    /// Only among these users; among all of the tenant's callers when there are none.
    pub user_ids: Option<Vec<String>>,
    /// At most so many candidates; one when it is not said.
    pub limit: Option<usize>,
}

impl Identification {
    /// Whose voice it may be, among a tenant's callers or some of them.
    ///
    /// # Errors
    /// [`IdentificationError::OutOfRange`], [`IdentificationError::Upload`].
    pub async fn identify(
        &self,
        client: &Client<ByKey<Verify>>,
        request: IdentifyRequest,
    ) -> Result<IdentifyView, IdentificationError> {
        let limit = request.limit.unwrap_or(1);
        if !(1..=MOST).contains(&limit) {
            return Err(OutOfRange { name: "limit", from: 1, to: MOST as u64 }.into());
        }
        let tenant = client.tenant();
        let group: Option<HashSet<CallerId>> = match request.user_ids {
            None => None,
            Some(users) => {
                let users: Vec<NamedUser> = users.iter().map(|user| client.user(user)).collect::<Result<_, _>>()?;
                let ids = users.iter().map(|user| user.id().to_owned()).collect();
                Some(self.cx.store.callers_named(tenant, ids).await?.into_iter().collect())
            }
        };
        let (take, _) = self.uploads.examine(request.audio).await?;
        let voice = take.voice?;

        let gallery = self.gallery(tenant).await?;
        let strictness = self.cx.config.api.strictness;
        let for_one = self.judge.own_threshold(strictness);
        let for_one = for_one.unwrap_or_else(|| self.judge.engine().threshold(strictness));
        let compared = self.judge.workers().compare(move |engine| {
            let is_asked = |id: &CallerId| group.as_ref().is_none_or(|group| group.contains(id));
            let compared = gallery.keys().iter().filter(|id| is_asked(id)).count();
            let threshold = one_of(for_one, compared);
            let nearest = engine.nearest(&gallery, &voice, is_asked, threshold, limit)?;
            Ok::<_, Fault>((compared, threshold, nearest))
        });
        let (compared, threshold, nearest) = compared.await.flatten()?;
        let sees_scores = client.sees_scores();
        let far = strictness.far();
        Ok(IdentifyView {
            candidates: self.named(client, nearest).await?,
            compared,
            false_accept_rate_aimed_at: far,
            false_accept_rate_if_not_raised: 1.0 - (1.0 - far).powf(compared as f32),
            threshold: sees_scores.then_some(threshold.0),
            caution: CAUTION,
        })
    }

    /// The callers of these ids, without those that were deleted meanwhile.
    async fn named(
        &self,
        client: &Client<ByKey<Verify>>,
        nearest: Vec<(CallerId, Llr)>,
    ) -> Result<Vec<Candidate>, IdentificationError> {
        let mut candidates = Vec::with_capacity(nearest.len());
        for (id, llr) in nearest {
            match self.admin.own_caller(client, id).await {
                Ok(caller) if caller.is_enrolled => candidates.push(Candidate {
                    caller: id,
                    user_id: caller.user_id,
                    score: client.sees_scores().then_some(llr.0),
                }),
                Ok(_) | Err(AdminError::UnknownCaller) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(candidates)
    }
}
