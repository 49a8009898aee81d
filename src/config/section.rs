use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use crate::types::Strictness;

/// Where the server listens and how the provider reaches it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The base URL configured at the provider, without a trailing slash; empty on loopback means `http://` and
    /// `listen`.
    pub public_url: String,
    /// How long open calls may finish after a stop signal, in seconds.
    pub shutdown_grace_s: u64,
    /// Requests handled at once; more are refused with 503.
    pub max_requests: usize,
}

/// Logging: which events, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// One JSON object a line, or text for people.
    pub format: LogFormat,
    /// A `tracing` filter, for example `info,callprint=debug`.
    pub filter: String,
}

/// The shape of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Text,
}

/// Where the database and its key live.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Folder of `callprint.db` and the key file; made with mode 0700.
    pub data_dir: PathBuf,
    /// The voiceprint key, 32 bytes in base64; empty reads or makes `voiceprint.key` in the data folder.
    #[serde(deserialize_with = "secret_unless_empty")]
    pub voiceprint_key: Option<SecretString>,
    /// Days after which attempts and ended calls are deleted; 0 keeps them.
    pub retention_days: u32,
}

/// The provider's account and API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Twilio {
    /// `AC` and 32 hex digits; webhooks of another account are refused. Empty only on loopback.
    pub account_sid: String,
    /// The account's primary auth token, which signs webhooks.
    #[serde(deserialize_with = "secret_unless_empty")]
    pub auth_token: Option<SecretString>,
    /// The token before, still taken while it is being rotated.
    #[serde(deserialize_with = "secret_unless_empty")]
    pub auth_token_previous: Option<SecretString>,
    /// An API key (`SK…`) for fetching recordings in place of the auth token.
    pub api_key_sid: String,
    /// The API key's secret.
    #[serde(deserialize_with = "secret_unless_empty")]
    pub api_key_secret: Option<SecretString>,
    /// Base of the REST API; another one for a region or a stand-in.
    pub api_base: String,
    /// How long a recording may take to become available, in milliseconds.
    pub recording_wait_ms: u64,
    /// Delete each recording at the provider once it has been heard.
    pub delete_recordings: bool,
}

/// Which models run, and how many at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// Folder with `manifest.toml`; empty looks beside the executable and in the source tree.
    #[serde(deserialize_with = "path_unless_empty")]
    pub dir: Option<PathBuf>,
    /// The ONNX Runtime library; empty looks in `.runtime` and beside the executable.
    #[serde(deserialize_with = "path_unless_empty")]
    pub onnxruntime: Option<PathBuf>,
    /// Id of the speaker model, heard alone, or of two joined by a plus; empty takes the manifest's default and its
    /// second model.
    pub speaker: String,
    /// A calibration of the operator's own; empty takes the one that comes with the model.
    #[serde(deserialize_with = "path_unless_empty")]
    pub calibration: Option<PathBuf>,
    /// Sessions of each model, each running one inference at a time on one thread.
    pub sessions: usize,
}

/// Limits of the audio taken.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioLimits {
    /// Largest file, in bytes.
    pub max_bytes: usize,
    /// Longest clip, in seconds.
    pub max_seconds: f32,
}

/// Real-time audio.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streams {
    /// Streams open at once.
    pub max_open: usize,
    /// How long audio may wait to be heard before new streams are turned away, in milliseconds.
    pub max_lag_ms: u64,
    /// How long a reply's invitation to stream is good for, in seconds.
    pub start_within_s: u64,
    /// Whether a tone tells the caller to speak.
    pub tone: bool,
}

/// How a voiceprint is made.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrollment {
    /// Bad takes in one call before enrollment is given up.
    pub max_bad_takes: u32,
    /// Times the three takes may disagree before enrollment is given up.
    pub max_restarts: u32,
}

/// How a caller is verified.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Mismatches in one call before it ends in a reject.
    pub max_mismatches: u32,
    /// Takes of poor quality in one call before it ends in a reject.
    pub max_bad_takes: u32,
    /// Longest take, in seconds (Twilio: 2 to 14,400).
    pub max_take_s: u32,
    /// Silence that ends a take, in seconds.
    pub end_silence_s: u32,
    /// How long a challenge may be answered, in seconds.
    pub challenge_ttl_s: u64,
    /// How far below what is accepted a take may be to be asked again, as a natural-log likelihood ratio.
    pub ask_again_within: f32,
    /// Whether what was heard before is refused.
    pub replay: bool,
    /// Whether takes are listened to for synthetic speech.
    pub synthetic: bool,
    /// Whether accepted answers to challenges may adapt a voiceprint.
    pub learn: bool,
}

/// Lock-out after failures, per caller and per number.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lockout {
    /// Mismatches of one caller within the window before a cooldown.
    pub caller_failures: u32,
    /// Mismatches from one number within the window before a cooldown.
    pub number_failures: u32,
    /// The window, in seconds.
    pub window_s: u64,
    /// The first cooldown, in seconds; each further one doubles.
    pub cooldown_s: u64,
    /// The longest cooldown, in seconds.
    pub cooldown_max_s: u64,
    /// Cooldowns in a row after which only an operator unlocks; 0: never.
    pub lock_after: u32,
}

/// The signed result handed to the operator's next step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The `iss` claim.
    pub issuer: String,
    /// Lifetime in seconds.
    pub ttl_s: u64,
    /// HS256 secret shared with the operator's application, at least 32 bytes; empty refuses `redirect`.
    #[serde(deserialize_with = "secret_unless_empty")]
    pub secret: Option<SecretString>,
}

/// Listening to conversations on behalf of a client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listening {
    /// The key that a client must show, at least 32 bytes; empty: no one may listen.
    #[serde(deserialize_with = "secret_unless_empty")]
    pub api_key: Option<SecretString>,
    /// Where the client is told how a listening ended; empty: it asks.
    pub webhook_url: String,
    /// The secret that signs reports, at least 32 bytes.
    #[serde(deserialize_with = "secret_unless_empty")]
    pub webhook_secret: Option<SecretString>,
    /// How long a conversation is listened to at most, in seconds.
    pub limit_s: u64,
    /// Whether the client is told scores.
    pub show_scores: bool,
    /// Telnyx's id of the operator's user, whose streams may come without a signature; empty: none may.
    pub telnyx_user_id: String,
}

/// The API that applications use with a key of `callprint api-keys`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// The false-accept rate aimed at when an upload is verified.
    pub strictness: Strictness,
    /// How long an authentication session may be answered, in seconds.
    pub session_ttl_s: u64,
    /// How long a voice token may be shown, in seconds.
    pub token_ttl_s: u64,
    /// How long a page may use the token it was given for its user, in seconds.
    pub user_token_ttl_s: u64,
    /// How long an upload may take to arrive, in seconds.
    pub upload_s: u64,
    /// Origins of pages that may call the API from a browser; none may unless it is listed.
    pub origins: Vec<String>,
    /// Whether anybody may have a key to try things with, and the demo page is served.
    pub demo_keys: bool,
}

/// An empty string stands for "not set", so that every key can appear in the default file.
pub(super) fn path_unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(PathBuf::from))
}

fn secret_unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(SecretString::from))
}
