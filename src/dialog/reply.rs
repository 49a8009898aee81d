use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::types::E164;

/// The sentences that the caller hears and the provider's next step, before any XML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Sentences in order.
    pub say: Vec<Sentence>,
    /// The step after they were said.
    pub next: Next,
}

/// One entry of the prompts file with its arguments filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Key in `twiml/prompts/<locale>.toml`.
    pub key: String,
    /// Values for the `{name}` places of the sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
}

impl Sentence {
    /// A sentence without arguments.
    pub fn new(key: &str) -> Self {
        Self { key: key.to_owned(), args: BTreeMap::new() }
    }

    /// Fills one place of the sentence.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }
}

/// The provider's step once the sentences are said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Collects keys; sentences may be interrupted by a key.
    Gather {
        /// How many keys, and what ends them.
        keys: Keys,
        /// Seconds without a key before the turn goes on as "no input".
        timeout_s: u32,
    },
    /// Listens for one take after the beep.
    Listen {
        /// Longest take, in seconds.
        max_s: u32,
        /// Trailing silence that ends it, in seconds.
        end_silence_s: u32,
    },
    /// Holds the line while a take is judged, then asks again.
    Wait {
        /// How many times it has asked.
        poll: u32,
        /// Seconds to pause before asking again; 0 asks at once.
        pause_s: u32,
    },
    /// Ends the call.
    Hangup,
    /// Hands the call to the operator's application.
    Redirect {
        /// Where to, the signed token already in its query.
        url: String,
    },
    /// Connects the caller to an agent, then ends the call.
    Dial {
        /// The agent's number.
        number: E164,
    },
    /// The caller has hung up.
    Nothing,
}

/// How many keys a [`Next::Gather`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// Exactly one.
    One,
    /// Up to this many, ended by the pound key.
    UntilPound(u32),
}
