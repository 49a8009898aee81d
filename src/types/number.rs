use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A phone number in E.164: `+`, then 7 to 15 digits, the first not zero.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

/// The text is not `+` and 7 to 15 digits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not an E.164 number: expected + and 7 to 15 digits")]
pub struct NotE164;

impl E164 {
    /// Checks the shape only; whether the number exists is not known here.
    ///
    /// # Errors
    /// [`NotE164`] for anything but `+` and 7 to 15 digits, the first not zero.
    pub fn parse(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix('+').ok_or(NotE164)?;
        let is_valid =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if is_valid { Ok(Self(text.to_owned())) } else { Err(NotE164) }
    }

    /// The number as text, with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number for logs and screens: all but the last two digits hidden.
    pub fn masked(&self) -> String {
        let (head, tail) = self.0.split_at(self.0.len() - 2);
        format!("+{}{tail}", "•".repeat(head.len() - 1))
    }
}

impl TryFrom<String> for E164 {
    type Error = NotE164;
    fn try_from(text: String) -> Result<Self, NotE164> {
        Self::parse(&text)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.0
    }
}

/// Masked, so that a number cannot reach a log by `{:?}`.
impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Where a call says it comes from. A hint, never an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A phone number.
    Number(E164),
    /// The caller withheld their number.
    Withheld,
    /// Something that is not a phone number: a SIP address, a client name.
    Foreign,
}

impl Origin {
    /// The number, when there is one.
    pub fn number(&self) -> Option<&E164> {
        match self {
            Self::Number(number) => Some(number),
            Self::Withheld | Self::Foreign => None,
        }
    }
}

/// The carrier's word about the caller's right to the number (STIR/SHAKEN).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attestation {
    /// Nothing was said, or nothing we know.
    #[default]
    Absent,
    /// Full attestation, not diverted: the only one that raises trust.
    Full,
    /// The carrier knows the customer or only the gateway, or the call was diverted.
    Partial,
    /// Validation failed: raises risk.
    Failed,
}
