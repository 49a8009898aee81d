use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::house::LINE;

/// A folder's `call.toml`; `fixtures/calls/README.md` says what its keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// What it shows, in one sentence.
    pub(super) shows: String,
    /// Settings, as in the configuration file.
    #[serde(default)]
    pub(super) config: toml::Table,
    /// The operator's own prompts.
    #[serde(default)]
    pub(super) prompts: toml::Table,
    #[serde(rename = "call")]
    pub(super) calls: Vec<CallStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallStep {
    pub(super) from: String,
    #[serde(default = "line")]
    pub(super) to: String,
    /// Seconds that pass before the call.
    #[serde(default)]
    pub(super) after_s: i64,
    /// Unlocks this number and its caller before the call.
    pub(super) unlock: Option<String>,
    /// Issues an enrollment code before the call: for this number's caller, or `anybody`.
    pub(super) code_for: Option<String>,
    /// What the caller does, question by question.
    pub(super) answers: Vec<String>,
    #[serde(default)]
    pub(super) params: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) lag_requests: u32,
    #[serde(default)]
    pub(super) trouble: Trouble,
    #[serde(default)]
    pub(super) repeat: Repeat,
    #[serde(default)]
    pub(super) silence: Silence,
    /// How the call ends.
    #[serde(default = "hung_up")]
    pub(super) ended: String,
    /// Every verdict of the call, in order.
    pub(super) verdicts: Vec<String>,
    /// Prompts by their keys, or parts of sentences or URLs, heard in this order, others between them.
    #[serde(default)]
    pub(super) hears: Vec<String>,
    #[serde(default)]
    pub(super) never_hears: Vec<String>,
    /// Language of those prompts.
    #[serde(default = "english")]
    pub(super) locale: String,
    /// Where the call goes on, without the query.
    pub(super) goes_to: Option<String>,
    /// What the signed token says there.
    pub(super) token: Option<BTreeMap<String, String>>,
    pub(super) dialed: Option<String>,
    /// Whether the calling number's caller is enrolled afterwards.
    pub(super) enrolled: Option<bool>,
    /// What the store knows about the call: `attestation`, `forwarded_from`.
    pub(super) risk: Option<BTreeMap<String, String>>,
}

/// What goes wrong when recordings are fetched.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trouble {
    #[default]
    None,
    NeverReady,
    ServerError,
    ErrorAsAudio,
    CutFile,
    CutConnection,
    Huge,
}

/// How often every webhook comes.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Repeat {
    #[default]
    Never,
    Afterwards,
    AtOnce,
}

/// What becomes of silent recordings.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Silence {
    #[default]
    Recorded,
    FallsThrough,
}

fn line() -> String {
    LINE.to_owned()
}

fn hung_up() -> String {
    "hung_up".to_owned()
}

fn english() -> String {
    "en-US".to_owned()
}

impl CallStep {
    /// Whether it is about what the provider does with recordings.
    pub(super) fn is_about_recordings(&self) -> bool {
        self.lag_requests > 0 || self.trouble != Trouble::None || self.silence != Silence::Recorded
    }
}

impl Scenario {
    pub(super) fn load(folder: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(folder.join("call.toml")).map_err(|error| error.to_string())?;
        toml::from_str(&text).map_err(|error| error.to_string())
    }
}
