//! Challenges that a back end asks for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::Timestamp;

/// A challenge to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeForm {
    /// Six digits.
    #[default]
    Digits,
    /// Two digits and two words.
    Mixed,
}

/// Words that cannot have been recorded before they were asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChallengeView {
    /// To be sent back with the audio; good once.
    pub id: String,
    /// How it is read out: `4 7 2, 9 1 3`.
    pub challenge: String,
    /// How it is written: `472913`.
    pub text: String,
    /// From then on it is worth nothing.
    #[serde(rename = "expiresAt")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
