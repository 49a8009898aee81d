use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Whose callers are kept together, and apart from all others': 1 to 40 lower-case letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

/// Not a tenant's name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected 1 to 40 lower-case letters, digits and dashes")]
pub struct NotTenant;

impl Tenant {
    /// Checks the spelling.
    ///
    /// # Errors
    /// [`NotTenant`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotTenant> {
        let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_name = (1..=40).contains(&text.len()) && text.bytes().all(is_letter);
        if is_name { Ok(Self(text.to_owned())) } else { Err(NotTenant) }
    }

    /// The tenant of callers who call by phone, and of requests that name none.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// A tenant of its own for a demo key.
    pub fn demo(random: u64) -> Self {
        Self(format!("demo-{random:016x}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tenant {
    type Error = NotTenant;
    fn try_from(text: String) -> Result<Self, NotTenant> {
        Self::parse(&text)
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
