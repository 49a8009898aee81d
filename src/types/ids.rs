use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// A caller's own id, independent of any phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallerId(pub Uuid);

impl CallerId {
    /// A new id, ordered by time of creation.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for CallerId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a configured line: lower-case letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineName(pub String);

impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A provider's id is two capital letters and 32 lower-case hex digits.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("not a {kind} id: expected {prefix} and 32 hex digits")]
pub struct BadSid {
    kind: &'static str,
    prefix: &'static str,
}

macro_rules! sid {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the shape: the prefix and 32 lower-case hex digits.
            ///
            /// # Errors
            /// [`BadSid`] for anything else.
            pub fn parse(text: &str) -> Result<Self, BadSid> {
                let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
                match text.strip_prefix($prefix) {
                    Some(hex) if hex.len() == 32 && hex.bytes().all(is_hex) => Ok(Self(text.to_owned())),
                    _ => Err(BadSid { kind: $kind, prefix: $prefix }),
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadSid;
            fn try_from(text: String) -> Result<Self, BadSid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(sid: $name) -> Self {
                sid.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

sid! {
    /// One call leg at the provider: `CA` and 32 hex digits.
    CallSid, "call", "CA"
}
sid! {
    /// One recording at the provider: `RE` and 32 hex digits.
    RecordingSid, "recording", "RE"
}
sid! {
    /// One stream of ours, for one take of one call: `ST` and 32 hex digits. The provider has its own name for it.
    StreamId, "stream", "ST"
}
sid! {
    /// An account at the provider: `AC` and 32 hex digits.
    AccountSid, "account", "AC"
}

sid! {
    /// One listening of ours, to one conversation: `LI` and 32 hex digits.
    ListeningId, "listening", "LI"
}

sid! {
    /// One attempt of ours that came by upload and not by a call: `AT` and 32 hex digits.
    AttemptId, "attempt", "AT"
}

impl AttemptId {
    /// An id that no other attempt has.
    pub fn new() -> Self {
        Self(format!("AT{}", Uuid::new_v4().simple()))
    }

    /// The id of an upload that was kept under an id in the form of a call's: the same digits.
    pub fn of_former(sid: &CallSid) -> Self {
        Self(format!("AT{}", &sid.0[2..]))
    }
}

impl Default for AttemptId {
    fn default() -> Self {
        Self::new()
    }
}

/// The beginning of a token for a listening: a dot is in no token for a turn.
const LISTENING_TOKEN: &str = "li.";

impl ListeningId {
    /// A token that stands for a listening, of random bytes in URL-safe letters.
    pub fn token(random: &str) -> String {
        format!("{LISTENING_TOKEN}{random}")
    }

    /// Whether a stream's token stands for a listening, and not for a turn.
    pub fn is_token(token: &str) -> bool {
        token.starts_with(LISTENING_TOKEN)
    }

    /// A fresh random id.
    pub fn new() -> Self {
        Self(format!("LI{}", Uuid::new_v4().simple()))
    }
}

impl Default for ListeningId {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamId {
    /// A fresh random id.
    pub fn new() -> Self {
        Self(format!("ST{}", Uuid::new_v4().simple()))
    }
}

impl Default for StreamId {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a take's audio comes from; no two takes share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A recording, which can be fetched again.
    Recording(RecordingSid),
    /// A stream, which was heard once, by one process.
    Stream(StreamId),
}

impl Source {
    /// Reads either kind of id.
    pub fn parse(text: &str) -> Option<Self> {
        let stream = || StreamId::parse(text).ok().map(Self::Stream);
        RecordingSid::parse(text).ok().map(Self::Recording).or_else(stream)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Recording(sid) => sid.as_str(),
            Self::Stream(id) => id.as_str(),
        }
    }

    /// The recording at the provider, if it is one.
    pub fn recording(&self) -> Option<&RecordingSid> {
        match self {
            Self::Recording(sid) => Some(sid),
            Self::Stream(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_known_by_its_id() {
        let stream = StreamId::new();
        assert_eq!(Source::parse(stream.as_str()), Some(Source::Stream(stream.clone())));
        assert_eq!(Source::Stream(stream).recording(), None);
        let recording = format!("RE{}", "0".repeat(32));
        let source = Source::parse(&recording).unwrap();
        assert_eq!(
            (source.as_str(), source.recording().map(RecordingSid::as_str)),
            (&recording[..], Some(&recording[..]))
        );
        assert_eq!(Source::parse("CA00000000000000000000000000000001"), None);
    }
}
