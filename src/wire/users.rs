//! An application's users: their profiles, enrollment and pages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::Timestamp;

/// How far a user has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileView {
    /// The application's id of the user.
    pub user_id: String,
    /// `created`, `enrolling`, `enrolled` or `opted_out`.
    pub status: &'static str,
}

/// How far a voiceprint has followed its user's voice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LearningView {
    /// The application's id of the user.
    pub user_id: String,
    /// 0 to 1: as enrolled, to as far as it follows.
    pub learning_progress: f32,
    /// How often something was learned since the user enrolled.
    pub version: u32,
    /// Whether the operator lets voiceprints follow.
    pub enabled: bool,
}

/// How far an enrollment has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnrollView {
    /// Whether the audio was taken.
    pub success: bool,
    /// The application's id of the user.
    pub user_id: String,
    /// `enrolling` or `enrolled`.
    pub status: &'static str,
    /// Takes so far.
    pub takes: u32,
    /// Takes of a voiceprint.
    pub needed: u32,
    /// Takes still missing.
    pub remaining: u32,
    /// Takes in this audio.
    pub accepted: u32,
}

/// A back end's wish for a token that its page can use for one user.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserTokenRequest {
    /// The application's id of the user.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    pub user_id: String,
}

/// A token that a page can use for one user, in place of a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserToken {
    /// To be shown as a key is.
    pub token: String,
    /// The application's id of the user.
    pub user_id: String,
    /// From then on it is worth nothing.
    #[serde(rename = "expiresAt")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
