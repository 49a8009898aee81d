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
    /// An account at the provider: `AC` and 32 hex digits.
    AccountSid, "account", "AC"
}
