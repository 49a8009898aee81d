//! Everything that is kept of a caller, for the caller.

use super::Admin;
use super::attempts::attempt_view;
use super::callers::word;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::permission::Administer;
use crate::store::{Actor, AttemptQuery, AuditEvent, ConsentRecord};
use crate::types::CallerId;
use crate::wire::{AuditView, CallerExport, ConsentView, VoiceprintDates};

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
            consents: store.consents(id).await?.into_iter().map(ConsentView::from).collect(),
            attempts: attempts.into_iter().map(|own| attempt_view(own, sees_scores)).collect(),
            audit: store.audit_events(Some(id), u32::MAX).await?.into_iter().map(AuditView::from).collect(),
            scores_withheld: !sees_scores,
            caller: caller.into(),
        })
    }
}

impl From<ConsentRecord> for ConsentView {
    fn from(ConsentRecord { at, consent, call }: ConsentRecord) -> Self {
        Self { at, consent: word(consent), call }
    }
}

impl From<AuditEvent> for AuditView {
    fn from(AuditEvent { at, kind, caller, call, attempt, actor, detail }: AuditEvent) -> Self {
        let actor = match actor {
            Actor::Caller => "caller",
            Actor::Operator => "operator",
            Actor::System => "system",
        };
        Self { at, kind, caller, call, attempt, actor, detail }
    }
}
