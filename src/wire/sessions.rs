//! Sessions, and the tokens that come of them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::types::Timestamp;

/// A session that waits for its answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuthStarted {
    /// To be sent back with the audio; good once.
    pub session_id: String,
    /// The words that the user has to say.
    pub challenge: String,
    /// From then on it is worth nothing.
    #[serde(rename = "expiresAt")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// How a session ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuthVerified {
    /// Whether the user is who they claim to be.
    pub success: bool,
    /// `accept`, `retry`, `reject` or `cooldown`.
    pub decision: &'static str,
    /// For `/verify-token`, once.
    #[serde(rename = "voiceToken", skip_serializing_if = "Option::is_none")]
    pub voice_token: Option<String>,
    /// The application's id of the user, when it is them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// `voice_rejected`, `voice_retry` or `voice_cooldown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// After a cooldown: when to try again, in milliseconds.
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Whether a token was good.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoiceTokenView {
    /// Whether it was good; it is not any more.
    pub valid: bool,
    /// The application's id of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// When they were verified, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Why not: `token_invalid`, `token_used` or `token_expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'static str>,
}
