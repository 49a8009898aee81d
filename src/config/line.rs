use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::section::path_unless_empty;
use crate::types::{E164, LineName, Strictness};

/// One phone number's (or several numbers') way of talking: passphrase, language, policy, what follows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Its name in logs, attempts and URLs: the `NAME` of `[lines.NAME]`.
    #[serde(skip, default = "main_line")]
    pub name: LineName,
    /// The numbers it answers; empty answers any number no other line lists.
    pub numbers: Vec<E164>,
    /// The service's name in the greeting.
    pub service_name: String,
    /// The sentence to enroll and verify with.
    pub passphrase: String,
    /// BCP 47 tag of the prompts, for example `en-US`; also the voice's language.
    pub locale: String,
    /// The provider's voice for `<Say>`; empty leaves it to the provider.
    pub voice: String,
    /// A prompts file that replaces sentences, or names recordings for them.
    #[serde(deserialize_with = "path_unless_empty")]
    pub prompts: Option<PathBuf>,
    /// How the audio comes in.
    pub audio: Audio,
    /// Who may enroll.
    pub enrollment: EnrollmentPolicy,
    /// The false-accept rate aimed at.
    pub strictness: Strictness,
    /// When callers are asked for something random in place of the passphrase.
    pub challenge: ChallengePolicy,
    /// The parts that challenges are made of.
    pub challenge_form: ChallengeForm,
    /// Whether callers choose their own sentence: the first take defines it, the others repeat it.
    pub own_passphrase: bool,
    /// ISO 3166 codes of the countries whose numbers count as an identity hint; empty: any country.
    pub countries: Vec<String>,
    /// The step after an accept.
    pub after_accept: AfterVerdict,
    /// The step after the last reject of a call.
    pub after_reject: AfterVerdict,
}

/// How a line's audio reaches us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audio {
    /// As a stream where the provider reaches us by `https://`, else by recordings.
    Auto,
    /// The provider records each take and we fetch it.
    Record,
    /// The provider streams each take to us while it is spoken; a stream that fails is replaced by a recording.
    Stream,
}

/// When a caller is asked for a challenge: something random, to be said once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengePolicy {
    /// Never: the passphrase is all there is.
    Never,
    /// When the call or the last take raises risk.
    Risk,
    /// In every verification.
    Always,
}

/// The parts of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeForm {
    /// Six digits.
    Digits,
    /// Two digits and two words.
    Mixed,
}

/// Who may become an enrolled caller on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrollmentPolicy {
    /// Anyone who calls and consents.
    Open,
    /// Only who types an enrollment code that the operator gave them.
    Code,
    /// Closed: unknown callers are turned away.
    Closed,
}

/// The call's step after the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterVerdict {
    /// Says the prompt `after_accept` or `after_reject` and hangs up.
    Say,
    /// Sends the call to this URL with a short-lived signed token in `callprint_token`.
    Redirect(String),
    /// Connects the caller to this number.
    Dial(E164),
}

impl Line {
    /// Whether the models can tell what was said on this line: they hear English.
    pub fn is_english(&self) -> bool {
        self.locale == "en" || self.locale.starts_with("en-")
    }
}

/// The name of the only line when none is configured.
pub(super) fn main_line() -> LineName {
    LineName("main".to_owned())
}
