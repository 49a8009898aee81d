//! Enrollment codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{CallerId, Timestamp};

/// A code to be made.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeWanted {
    /// Whose, by our id.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub caller: Option<CallerId>,
    /// Whose, by the application's id; an unknown user becomes a caller.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub user_id: Option<String>,
    /// For how long it is good, in seconds; 72 hours when it is not said.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 2_592_000)]
    pub ttl_s: Option<u64>,
}

/// An enrollment code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CodeView {
    /// Eight digits, shown this once.
    pub code: String,
    /// The caller whose code it is; null for a code that any new caller may use.
    #[schema(value_type = Option<Uuid>)]
    pub caller: Option<CallerId>,
    /// From then on it is worth nothing.
    #[serde(rename = "expiresAt")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
