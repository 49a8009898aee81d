use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::dialog::{LineFacts, Risk};
use crate::types::{Reason, Timestamp, Verdict};

/// Version of the kept form; a call in progress survives an upgrade as long as this stays.
const VERSION: u32 = 1;

/// Where a call stands. Kept as JSON between turns, on the server only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the call by itself; no two exclude each other")]
pub struct State {
    /// Version of this form.
    v: u32,
    /// Where in the conversation we are.
    pub(super) stage: Stage,
    /// Turns taken so far.
    #[serde(default)]
    pub(super) turns: u32,
    /// Times the current question was asked again.
    #[serde(default)]
    pub(super) repeats: u32,
    /// The caller's wish once verified.
    #[serde(default)]
    pub(super) intent: Intent,
    /// Whether a verification was passed in this call.
    #[serde(default)]
    pub(super) is_verified: bool,
    /// Whether the caller came by a typed account number.
    #[serde(default)]
    pub(super) by_account: bool,
    /// Whether an enrollment code was redeemed in this call.
    #[serde(default)]
    pub(super) has_code: bool,
    /// Mismatches of the current verification.
    #[serde(default)]
    pub(super) mismatches: u32,
    /// Bad takes of the current verification or enrollment.
    #[serde(default)]
    pub(super) bad_takes: u32,
    /// Times the enrollment takes disagreed.
    #[serde(default)]
    pub(super) restarts: u32,
    /// Takes lost by us in this call.
    #[serde(default)]
    pub(super) lost: u32,
    /// Why the last take was not good.
    #[serde(default)]
    pub(super) last_fault: Option<Reason>,
    /// The challenge the caller was asked, where it was not the passphrase.
    #[serde(default)]
    pub(super) asked: Option<Asked>,
    /// A take of this verification sounded like a recording or a machine.
    #[serde(default)]
    pub(super) is_suspected: bool,
    /// The risk of the call when the last question was put.
    #[serde(default)]
    pub(super) risk: Risk,
    /// How the call was decided, once it was.
    #[serde(default)]
    pub(super) verdict: Option<Verdict>,
}

/// A question of the conversation that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The account number, by keypad.
    Account,
    /// The enrollment code, by keypad.
    Code,
    /// Consent, by one key.
    Consent,
    /// Consent again, after an opt-out.
    OptedOut,
    /// The enrolled caller's wish.
    Menu,
    /// An enrollment take, after this many good ones.
    Enroll {
        /// Good takes so far.
        good: u32,
    },
    /// A verification take.
    Verify,
    /// Whether the voiceprint shall really go.
    ConfirmOptOut,
    /// Nothing: the call is over.
    Over,
}

/// A caller's wish once verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Intent {
    /// To be let in.
    #[default]
    Login,
    /// To give a new voiceprint.
    Reenroll,
    /// To have the voiceprint deleted.
    OptOut,
}

/// A challenge that a caller was asked. It is asked once: the next question has another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The bytes by which the engine knows it again.
    pub code: String,
    /// How the caller was told to say it.
    pub spoken: String,
    /// When it is too late to answer.
    pub until: Timestamp,
}

/// The look-up that must happen before the keys of this turn can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing.
    None,
    /// Whose account number the keys are: put them into [`super::Facts::caller`].
    Account,
    /// Whether the keys are an enrollment code: send [`super::Event::Code`].
    Code,
}

/// The purpose of the take that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A voiceprint's take.
    Enroll {
        /// 1, 2 or 3.
        take: u32,
    },
    /// A verification.
    Verify,
}

/// Whether one more failure ends the verification: the verdict is then a reject, not a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTry {
    /// The next mismatch is the last one.
    pub mismatch: bool,
    /// The next take of poor quality is the last one.
    pub bad_take: bool,
}

/// The kept state cannot be read.
#[derive(Debug, Error)]
pub enum StateError {
    /// Not JSON of a state.
    #[error("call state is not readable: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by another version.
    #[error("call state has version {0}, this build reads version {VERSION}")]
    Version(u32),
}

impl StateError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "state_malformed",
            Self::Version(_) => "state_version",
        }
    }
}

impl State {
    /// The state before the first reply.
    pub(super) fn new() -> Self {
        Self {
            v: VERSION,
            stage: Stage::Over,
            turns: 0,
            repeats: 0,
            intent: Intent::Login,
            is_verified: false,
            by_account: false,
            has_code: false,
            mismatches: 0,
            bad_takes: 0,
            restarts: 0,
            lost: 0,
            last_fault: None,
            asked: None,
            is_suspected: false,
            risk: Risk::default(),
            verdict: None,
        }
    }

    /// Reads a kept state.
    ///
    /// # Errors
    /// [`StateError`] when it is not JSON of a state, or of another version; [`super::give_up`] then ends the call.
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        let version = value.get("v").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version != u64::from(VERSION) {
            return Err(StateError::Version(version as u32));
        }
        Ok(serde_json::from_value(value)?)
    }

    /// The form to keep.
    pub fn to_json(&self) -> String {
        // Cannot fail: numbers, flags and unit variants only, no map with keys that are not text.
        serde_json::json!(self).to_string()
    }

    /// The look-up that must happen before [`super::Event::Keys`] of this turn can be answered.
    pub fn lookup(&self) -> Lookup {
        match self.stage {
            Stage::Account => Lookup::Account,
            Stage::Code => Lookup::Code,
            _ => Lookup::None,
        }
    }

    /// The purpose of the take asked for in this turn, if one was.
    pub fn purpose(&self) -> Option<Purpose> {
        match self.stage {
            Stage::Enroll { good } => Some(Purpose::Enroll { take: good + 1 }),
            Stage::Verify => Some(Purpose::Verify),
            _ => None,
        }
    }

    /// The challenge that the take of this turn has to answer, if it was asked for one.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref().filter(|_| self.stage == Stage::Verify)
    }

    /// The risk of the call whose take is judged, as of when the take was asked for.
    pub fn risk(&self) -> &Risk {
        &self.risk
    }

    /// Whether the next failed take is the last one, for the engine's verdict.
    pub fn last_try(&self, line: &LineFacts) -> LastTry {
        LastTry {
            mismatch: self.mismatches + 1 >= line.verification.max_mismatches,
            bad_take: self.bad_takes + 1 >= line.verification.max_bad_takes,
        }
    }

    /// How the call was decided, for the signed token; none before, or when nothing was decided.
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Whether the conversation is over.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }
}
