//! Callers of a tenant: asked for, shown, listed, exported, deleted.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::AttemptView;
use crate::types::{AttemptId, CallSid, CallerId, E164, Tenant, Timestamp};

/// How far a caller has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallerStatus {
    /// Known, without a voiceprint.
    Created,
    /// With a voiceprint.
    Enrolled,
    /// Nothing of the voice is kept any more.
    OptedOut,
}

/// A caller to be made.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerWanted {
    /// The application's id of the person.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub user_id: Option<String>,
    /// The number they call from, as `+` and digits; for the tenant `main`, which answers the phone.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "+15550100001", pattern = r"^\+[1-9][0-9]{6,14}$")]
    pub number: Option<E164>,
    /// Whether they have agreed to a voiceprint.
    #[serde(default)]
    pub consent: bool,
}

/// Which callers to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallersWanted {
    /// Only those who have come so far.
    #[param(inline)]
    pub status: Option<CallerStatus>,
    /// Rows of a page, 50 when it is not said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallerView {
    /// Ours.
    #[schema(value_type = Uuid)]
    pub id: CallerId,
    /// The application's id of the person.
    pub user_id: Option<String>,
    /// The number they call from.
    #[schema(value_type = Option<String>)]
    pub number: Option<E164>,
    /// Eight digits to type in when the number is withheld.
    pub account_number: String,
    /// How far they have come; who is enrolling is `created`.
    pub status: CallerStatus,
    /// `none`, `given` or `opted_out`.
    pub consent: &'static str,
    /// When the caller was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Callers, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallerPage {
    /// The callers.
    pub callers: Vec<CallerView>,
    /// Asks for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// The result of unlocking a caller.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Unlocked {
    /// Whether failures were counted against them.
    pub had_failures: bool,
}

/// Everything that is kept of a caller, but for what only this server can read: there is no audio, and a voiceprint is
/// told of and not given out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallerExport {
    /// The caller.
    pub caller: CallerView,
    /// The model and the dates of their voiceprint.
    pub voiceprint: Option<VoiceprintDates>,
    /// Whether they may try now.
    pub standing: Value,
    /// Their consents and withdrawals, oldest first.
    #[schema(value_type = Vec<Object>)]
    pub consents: Vec<ConsentView>,
    /// Their attempts, newest first; the measurements are there for keys with the scope `scores`.
    pub attempts: Vec<AttemptView>,
    /// Audit events about them, newest first.
    #[schema(value_type = Vec<Object>)]
    pub audit: Vec<AuditView>,
    /// Whether the measurements were left out, as the key has not the scope `scores`.
    pub scores_withheld: bool,
}

/// One change of a caller's consent.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentView {
    /// When.
    pub at: Timestamp,
    /// `none`, `given` or `opted_out`.
    pub consent: &'static str,
    /// The call it was said in.
    pub call: Option<CallSid>,
}

/// One thing that happened to a caller.
#[derive(Clone, Debug, Serialize)]
pub struct AuditView {
    /// When.
    pub at: Timestamp,
    /// A stable code: `consent_given`, `enrolled`, …
    pub kind: String,
    /// The caller.
    pub caller: Option<CallerId>,
    /// The call it happened in.
    pub call: Option<CallSid>,
    /// The attempt by upload it happened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// `caller`, `operator` or `system`.
    pub actor: &'static str,
    /// Particulars; never audio, embeddings or numbers in clear.
    pub detail: Value,
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

/// Counts of a deletion; proof without personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Whether there was a voiceprint.
    pub had_voiceprint: bool,
    /// Calls, with their turns, takes and attempts.
    pub calls: u64,
    /// Consent records.
    pub consents: u64,
    /// Other calls from the same number, in which the number was blanked.
    pub numbers_blanked: u64,
    /// Recordings queued for deletion at the provider.
    pub recordings_queued: u64,
}

/// Proof that a caller was deleted; it names no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletionProof {
    /// The id that the caller had; it leads nowhere any more.
    #[schema(value_type = Uuid)]
    pub id: CallerId,
    /// Whose caller it was.
    #[schema(value_type = String)]
    pub tenant: Tenant,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Counts of the deletion.
    pub erased: Erased,
    /// HMAC-SHA256 over the other fields as JSON, with a secret of this server's database.
    pub signature: String,
}

/// Whether a proof is good.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ProofVerdict {
    /// Whether this server gave it out, for this tenant, as it is.
    pub valid: bool,
}
