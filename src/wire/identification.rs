//! Identification in a group, and the watch-list.

use serde::Serialize;
use utoipa::ToSchema;

use crate::types::{CallerId, Timestamp};

/// Whose voice it may be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentifyView {
    /// Those above the threshold, the most alike first; often empty.
    pub candidates: Vec<Candidate>,
    /// Voiceprints that were compared.
    pub compared: usize,
    /// How often a stranger is to be named at most; as true as the calibration is here.
    #[schema(example = 0.001)]
    pub false_accept_rate_aimed_at: f32,
    /// How often a stranger would be named had the threshold not been raised for so many comparisons.
    pub false_accept_rate_if_not_raised: f32,
    /// The lowest log-likelihood ratio of a candidate; for keys with the scope `scores`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
    /// The limits of this answer.
    pub caution: &'static str,
}

/// A caller whose voice it may be.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Candidate {
    /// Ours.
    #[schema(value_type = Uuid)]
    pub caller: CallerId,
    /// The application's id of the person.
    pub user_id: Option<String>,
    /// The log-likelihood ratio of the voice; for keys with the scope `scores`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
}

/// A voice that the tenant wants to be warned of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WatchView {
    /// Ours.
    pub id: String,
    /// The name that the client gave it.
    pub label: String,
    /// The model that made it; another model's voices are not compared with it.
    pub model: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The voices of a tenant's list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WatchList {
    /// Oldest first.
    pub voices: Vec<WatchView>,
}
