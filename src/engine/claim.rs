use serde::{Deserialize, Serialize};

use super::{Enrolled, Voice};
use crate::liveness::Fingerprint;
use crate::phrase::Challenge;
use crate::scoring::Learned;

/// Everything that a probe is held against.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose voice it should be.
    pub who: Claimed,
    /// The words that should be said.
    pub asked: AskedFor,
    /// The answer came after the challenge's time.
    pub is_late: bool,
    /// Whether a recording that was heard before is refused.
    pub refuses_replays: bool,
    /// Changes of the voice learned since it enrolled.
    pub learned: Option<Learned>,
    /// Fingerprints of takes from the caller's earlier calls.
    pub earlier: Vec<Fingerprint>,
    /// Voices of earlier takes of this verification, which failed by their voice alone, and by little.
    pub before: Vec<Voice>,
}

/// Whom a probe claims to be.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// A caller with a voiceprint.
    Caller(Box<Enrolled>),
    /// No voiceprint. The probe is compared with a decoy made of this number, so that the result does not reveal it.
    Nobody {
        /// The same for the same claim.
        salt: u64,
    },
}

/// The words that a caller was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum AskedFor {
    /// The enrolled sentence.
    Passphrase,
    /// Something random.
    Challenge(Challenge),
}

/// The kind of what a caller was asked to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// The enrolled sentence.
    Passphrase,
    /// Something random.
    Challenge,
}

impl AskedFor {
    /// Its kind.
    pub const fn kind(&self) -> Asked {
        match self {
            Self::Passphrase => Asked::Passphrase,
            Self::Challenge(_) => Asked::Challenge,
        }
    }
}

impl Claim {
    /// The passphrase of an enrolled caller, of whom nothing else was heard.
    pub fn of(caller: Enrolled) -> Self {
        Self {
            who: Claimed::Caller(Box::new(caller)),
            asked: AskedFor::Passphrase,
            is_late: false,
            refuses_replays: true,
            learned: None,
            earlier: Vec::new(),
            before: Vec::new(),
        }
    }
}
