use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Admin;
use crate::clients::admin::{AdminError, AttemptView, CallerView};
use crate::clients::client::Client;
use crate::clients::permission::Administer;
use crate::store::{AttemptQuery, AuditEvent, ConsentRecord};
use crate::types::{CallerId, Timestamp};

/// Everything that is kept of a caller, but for what only this server can read: there is no audio, and a voiceprint is
/// told of and not given out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallerExport {
    /// The caller.
    pub caller: CallerView,
    /// What is known of their voiceprint.
    pub voiceprint: Option<VoiceprintDates>,
    /// Whether they may try now.
    pub standing: Value,
    /// What they have said about being kept, oldest first.
    #[schema(value_type = Vec<Object>)]
    pub consents: Vec<ConsentRecord>,
    /// Their attempts, newest first; what was measured is there for keys with the scope `scores`.
    pub attempts: Vec<AttemptView>,
    /// What was written down about them, newest first.
    #[schema(value_type = Vec<Object>)]
    pub audit: Vec<AuditEvent>,
    /// Whether what was measured was left out, as the key has not the scope `scores`.
    pub scores_withheld: bool,
}

/// A voiceprint's model and dates.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoiceprintDates {
    /// The model that made it.
    pub model: String,
    /// When the caller enrolled.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// Times something was learned of the voice since.
    pub learned_version: u32,
    /// Recent utterances whose fingerprints are kept, to know a recording of them again.
    pub fingerprints: usize,
}

impl Admin {
    /// Everything that is kept of a caller.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`].
    pub async fn export_caller(&self, client: &Client<Administer>, id: CallerId) -> Result<CallerExport, AdminError> {
        let caller = self.own_caller(client, id).await?;
        let store = &self.cx.store;
        let query = AttemptQuery { caller: Some(id), ..AttemptQuery::of(client.tenant().clone(), u32::MAX) };
        let attempts = store.attempts_of(query).await?;
        let standing = store.standing(Some(id), caller.number.as_ref(), None, self.cx.now()).await?;
        let voiceprint = match store.voiceprint(id).await? {
            None => None,
            Some(stored) => Some(VoiceprintDates {
                model: stored.model_id,
                made_at: stored.made_at,
                learned_version: store.learned(id).await?.version,
                fingerprints: store.heard(id).await?.len(),
            }),
        };
        let sees_scores = client.sees_scores();
        Ok(CallerExport {
            voiceprint,
            standing: serde_json::to_value(standing.caller.or_stricter(standing.number)).unwrap_or_default(),
            consents: store.consents(id).await?,
            attempts: attempts.into_iter().map(|own| AttemptView::new(own, sees_scores)).collect(),
            audit: store.audit_events(Some(id), u32::MAX).await?,
            scores_withheld: !sees_scores,
            caller: CallerView::new(caller),
        })
    }
}
