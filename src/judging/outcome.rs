//! The outcome of a take, kept as JSON until the turn is committed, so that a restart does not judge twice.

use serde::{Deserialize, Serialize};

use crate::dialog::{Event, TakeOutcome};
use crate::types::{Reason, Verdict};

/// The outcome of a take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// A good enrollment take.
    Enrolled {
        /// Whether it completed a voiceprint.
        is_ready: bool,
    },
    /// An enrollment take that was not good.
    EnrollFault {
        /// The quality or difference to mend.
        reason: Reason,
    },
    /// A verification take with its verdict.
    Verified {
        /// The verdict.
        verdict: Verdict,
    },
    /// The caller pressed star instead of speaking.
    Star,
    /// It never came, or could not be judged.
    Lost,
}

impl Outcome {
    /// The kept form.
    pub(crate) fn to_json(self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Reads the kept form.
    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The event that the dialogue is told.
    pub(crate) fn event(self) -> Event {
        match self {
            Self::Enrolled { is_ready } => Event::Take(TakeOutcome::Enrolled { is_ready }),
            Self::EnrollFault { reason } => Event::Take(TakeOutcome::EnrollFault(reason)),
            Self::Verified { verdict } => Event::Take(TakeOutcome::Verified(verdict)),
            Self::Star => Event::Keys("*".to_owned()),
            Self::Lost => Event::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_being_kept() {
        let until = "2026-11-21T06:00:00Z".parse().unwrap();
        for outcome in [
            Outcome::Enrolled { is_ready: true },
            Outcome::EnrollFault { reason: Reason::TakesDiffer },
            Outcome::Verified { verdict: Verdict::Accept },
            Outcome::Verified { verdict: Verdict::Retry { reason: Reason::TooNoisy } },
            Outcome::Verified { verdict: Verdict::Cooldown { until } },
            Outcome::Star,
            Outcome::Lost,
        ] {
            assert_eq!(Outcome::from_json(&outcome.to_json()).unwrap(), outcome);
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_an_accept() {
        for text in ["", "null", "{}", r#"{"outcome":"verified"}"#, r#"{"outcome":"accepted"}"#] {
            assert!(Outcome::from_json(text).is_err(), "{text}");
        }
    }
}
