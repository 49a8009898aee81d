use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Lockout;
use crate::types::Verdict;

/// Whether a caller or a number may try now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// May try.
    #[default]
    Clear,
    /// Has to wait.
    Cooldown {
        /// Until then.
        until: Timestamp,
    },
    /// Only an operator opens this again.
    Locked,
}

impl Standing {
    /// The one of the two that keeps the caller out for longer.
    #[must_use]
    pub fn or_stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Locked, _) | (_, Self::Locked) => Self::Locked,
            (Self::Cooldown { until: a }, Self::Cooldown { until: b }) => Self::Cooldown { until: a.max(b) },
            (Self::Clear, standing) | (standing, Self::Clear) => standing,
        }
    }
}

/// Whose failures a [`Tally`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A caller (or a typed account number that nobody has).
    Caller,
    /// A calling number.
    Number,
}

/// Failures of one caller or one number, and what they led to. Kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Failures since the last cooldown began, oldest first; older ones than the window are dropped.
    failures: Vec<Timestamp>,
    /// Cooldowns in a row.
    cooldowns: u32,
    /// End of the last cooldown.
    until: Option<Timestamp>,
    /// Whether only an operator opens this again.
    is_locked: bool,
}

impl Tally {
    /// The tally after an attempt got its verdict: mismatches count, an accept forgives the caller's.
    #[must_use]
    pub fn after(self, verdict: &Verdict, party: Party, policy: &Lockout, now: Timestamp) -> Self {
        match verdict {
            Verdict::Accept if party == Party::Caller => self.after_accept(now),
            Verdict::Retry { reason } | Verdict::Reject { reason } if reason.is_mismatch() => {
                self.after_mismatch(party, policy, now)
            }
            _ => self,
        }
    }

    /// The tally after one more mismatch.
    #[must_use]
    pub fn after_mismatch(self, _party: Party, _policy: &Lockout, _now: Timestamp) -> Self {
        todo!()
    }

    /// The tally after an accept, which forgives failures but opens no running cooldown.
    #[must_use]
    pub fn after_accept(self, _now: Timestamp) -> Self {
        todo!()
    }

    /// The tally after an operator unlocked it.
    #[must_use]
    pub fn unlocked() -> Self {
        Self::default()
    }

    /// Whether the caller or number may try now.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.until {
            _ if self.is_locked => Standing::Locked,
            Some(until) if now < until => Standing::Cooldown { until },
            _ => Standing::Clear,
        }
    }
}
