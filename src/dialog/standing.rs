use jiff::{SignedDuration, Timestamp};
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
    /// A caller, or a typed account number without an account.
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

    /// The tally after one more mismatch: enough of them within the window lead to a cooldown, then to the next.
    ///
    /// A mismatch never shortens a cooldown. Mismatches during one come from calls that were under way already, and
    /// count like any other.
    #[must_use]
    pub fn after_mismatch(mut self, party: Party, policy: &Lockout, now: Timestamp) -> Self {
        let window = seconds(policy.window_s);
        self.failures.retain(|at| now.duration_since(*at) < window);
        self.failures.push(now);
        let limit = match party {
            Party::Caller => policy.caller_failures,
            Party::Number => policy.number_failures,
        };
        if self.failures.len() < limit as usize {
            return self;
        }
        self.failures.clear();
        if self.is_row_over(policy, now) {
            self.cooldowns = 0;
        }
        if policy.lock_after > 0 && self.cooldowns >= policy.lock_after {
            self.is_locked = true;
            return self;
        }
        let factor = 2_u64.saturating_pow(self.cooldowns);
        let length = policy.cooldown_s.saturating_mul(factor).min(policy.cooldown_max_s);
        let until = now.checked_add(seconds(length)).unwrap_or(Timestamp::MAX);
        self.until = self.until.max(Some(until));
        self.cooldowns = self.cooldowns.saturating_add(1);
        self
    }

    /// Whether the last cooldown is so long ago that the next one is the first again.
    ///
    /// The longest cooldown's length is taken: a caller who was quiet for that long is not guessing on.
    fn is_row_over(&self, policy: &Lockout, now: Timestamp) -> bool {
        let quiet = seconds(policy.cooldown_max_s);
        self.until.is_some_and(|until| now.duration_since(until) >= quiet)
    }

    /// The tally after an accept, which forgives failures but opens no running cooldown and no lock.
    #[must_use]
    pub fn after_accept(mut self, now: Timestamp) -> Self {
        self.failures.clear();
        if self.standing(now) == Standing::Clear { Self::default() } else { self }
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

/// Seconds of the configuration as a duration; more than there are count as the most there are.
fn seconds(count: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(count).unwrap_or(i64::MAX))
}
