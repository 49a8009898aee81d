use thiserror::Error;

use crate::types::{AccountSid, Attestation, CallSid, Origin, RecordingSid};

/// A decoded form body: every pair in the order it came.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

/// A body that is not a form we take.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FormError {
    /// The body is larger than any webhook of the provider.
    #[error("form is larger than {max} bytes")]
    TooLarge {
        /// The cap, in bytes.
        max: usize,
    },
    /// There are more pairs than any webhook of the provider has.
    #[error("form has more than {max} pairs")]
    TooManyPairs {
        /// The cap.
        max: usize,
    },
    /// A decoded name or value is not UTF-8.
    #[error("form is not UTF-8")]
    NotUtf8,
    /// A parameter every webhook carries is not there.
    #[error("form has no {name}")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A parameter does not have the shape it always has.
    #[error("{name} is malformed")]
    Malformed {
        /// Its name.
        name: &'static str,
    },
}

impl FormError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "form_too_large",
            Self::TooManyPairs { .. } => "form_too_many_pairs",
            Self::NotUtf8 => "form_not_utf8",
            Self::Missing { .. } => "form_missing",
            Self::Malformed { .. } => "form_malformed",
        }
    }
}

impl Form {
    /// Decodes an `application/x-www-form-urlencoded` body, keeping everything.
    ///
    /// # Errors
    /// [`FormError`] when a limit is passed or the text is not UTF-8.
    pub fn parse(_body: &[u8]) -> Result<Self, FormError> {
        todo!()
    }

    /// Adds one pair at the end.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.pairs.push((name.to_owned(), value.into()));
        self
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every pair, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The form as a request body.
    pub fn encode(&self) -> String {
        todo!()
    }
}

/// What a webhook says about a call, in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallForm {
    /// The call leg: the key of everything we keep about it.
    pub call_sid: CallSid,
    /// The account it came through; the caller of this checks that it is ours.
    pub account_sid: AccountSid,
    /// Where the call says it comes from.
    pub origin: Origin,
    /// What was called, as the provider spells it.
    pub to: String,
    /// How far the call is.
    pub status: CallStatus,
    /// What the carrier says about the number.
    pub attestation: Attestation,
    /// Who forwarded the call here, when the carrier says so.
    pub forwarded_from: Option<String>,
    /// Keys pressed since the last reply.
    pub keys: Option<KeysPressed>,
    /// The recording made since the last reply.
    pub recording_sid: Option<RecordingSid>,
    /// Its length in whole seconds, before any trimming.
    pub recording_duration_s: Option<u32>,
}

/// What the caller did with the keypad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysPressed {
    /// Digits, `*` and `#`.
    Keys(String),
    /// The caller hung up while being recorded.
    HungUp,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// Waiting to be placed.
    Queued,
    /// Being placed.
    Initiated,
    /// Ringing here; the first webhook of an inbound call.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended normally.
    Completed,
    /// The other end was busy.
    Busy,
    /// Could not be connected.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// Ended before it was answered.
    Canceled,
    /// Something the provider did not have when this was written.
    Unknown,
}

impl CallStatus {
    /// Whether nobody is on the line any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled)
    }
}

impl CallForm {
    /// Reads what the call flow needs; everything else stays in the form.
    ///
    /// # Errors
    /// [`FormError::Missing`] or [`FormError::Malformed`] for an id that is absent or misshapen.
    pub fn from(_form: &Form) -> Result<Self, FormError> {
        todo!()
    }
}
