//! How a try at a job ended, and when it is tried again; for the queue and for what posts or deletes.

use jiff::SignedDuration;

use crate::types::Timestamp;

/// The first wait after a failed try, in seconds; it doubles with each.
const FIRST_WAIT_S: i64 = 5;
/// The longest wait between two tries, in seconds: an outage of a day costs 24 tries.
const LONGEST_WAIT_S: i64 = 3_600;

/// How a try at a job ended.
pub(super) struct Tried {
    /// Whether the work is done.
    pub is_done: bool,
    /// The receiver's status or a short code, for the log of deliveries.
    pub status: String,
}

/// The fate of a job after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is done.
    Done,
    /// It is tried again.
    Again(Timestamp),
    /// It was tried for too long.
    GivenUp,
}

impl Next {
    /// The word for metrics.
    pub(super) const fn result(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Again(_) => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

/// When to try again after this many failed tries before.
pub(super) fn next_try(tries: u32, now: Timestamp) -> Timestamp {
    let wait_s = FIRST_WAIT_S.saturating_mul(1 << tries.min(20)).min(LONGEST_WAIT_S);
    now.saturating_add(SignedDuration::from_secs(wait_s)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (tries, wait_s) in [(0, 5), (1, 10), (5, 160), (9, 2_560), (10, 3_600), (4_000_000, 3_600)] {
            assert_eq!(next_try(tries, now).as_second() - now.as_second(), wait_s, "after {tries} tries");
        }
    }
}
