use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Reason;

/// How an attempt ended. Every attempt ends in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Verdict {
    /// The caller is who they claim to be.
    Accept,
    /// Not decided: the caller is asked once more.
    Retry {
        /// The reason, which says what to do better.
        reason: Reason,
    },
    /// The caller is not authenticated.
    Reject {
        /// Why not.
        reason: Reason,
    },
    /// Nothing was compared: too many failures lately.
    Cooldown {
        /// When the next attempt is allowed.
        until: Timestamp,
    },
}

impl Verdict {
    /// The stable machine code: `accept`, `retry`, `reject` or `cooldown`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Retry { .. } => "retry",
            Self::Reject { .. } => "reject",
            Self::Cooldown { .. } => "cooldown",
        }
    }

    /// The reason it carries; a cooldown's is `locked_out`.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Accept => None,
            Self::Retry { reason } | Self::Reject { reason } => Some(*reason),
            Self::Cooldown { .. } => Some(Reason::LockedOut),
        }
    }

    /// Whether the caller is authenticated.
    pub const fn is_accept(&self) -> bool {
        matches!(self, Self::Accept)
    }
}
