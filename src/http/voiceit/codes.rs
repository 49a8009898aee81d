//! `VoiceIt`'s response codes: which one a verdict, a reason and an error are told as.

use crate::clients::{ClientError, UploadError, VoiceItError};
use crate::types::{Reason, Verdict};

/// The code of every success.
pub(super) const SUCCESS: &str = "SUCC";

/// The code of any failure that `VoiceIt` has no word for.
const GENERAL: &str = "GERR";

/// The code of a verdict.
pub(super) const fn of_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => SUCCESS,
        Verdict::Retry { reason } | Verdict::Reject { reason } => of_reason(reason),
        Verdict::Cooldown { .. } => GENERAL,
    }
}

/// The code of an error.
pub(super) const fn of_error(error: &VoiceItError) -> &'static str {
    match error {
        VoiceItError::Account
        | VoiceItError::Upload(UploadError::Client(ClientError::Unauthorized | ClientError::Forbidden(_))) => "UNAC",
        VoiceItError::UserUnknown | VoiceItError::Upload(UploadError::ProfileNotFound) => "UNFD",
        VoiceItError::Absent(_) => "DDNE",
        VoiceItError::Missing(_) => "MISP",
        VoiceItError::NoPhrases => "NPFC",
        VoiceItError::OtherPhrase => "PDNM",
        VoiceItError::NotEnrolled => "NFEF",
        VoiceItError::NotOfPhrase => "PNTE",
        VoiceItError::OtherWords => "STTF",
        VoiceItError::OtherVoice => "NSPE",
        VoiceItError::Url(_) => "IFAD",
        VoiceItError::Upload(UploadError::Take(reason)) => of_reason(*reason),
        VoiceItError::Upload(UploadError::Audio(_)) => "IFVD",
        VoiceItError::GroupTooLarge(_)
        | VoiceItError::Unsupported(_)
        | VoiceItError::Upload(_)
        | VoiceItError::Store(_) => GENERAL,
    }
}

/// The code of a reason.
const fn of_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NoSpeech | Reason::TooNoisy => "SRNR",
        Reason::TooShort => "NEHSD",
        Reason::TooQuiet => "SSTQ",
        Reason::TooLoud | Reason::Clipped => "SSTL",
        Reason::PhraseMismatch | Reason::ChallengeExpired => "STTF",
        Reason::TakesDiffer => "NSPE",
        Reason::VoiceMismatch => "FAIL",
        Reason::ReplaySuspected => "RWPU",
        Reason::SyntheticSuspected => "FALI",
        Reason::NotEnrolled => "NFEF",
        Reason::LockedOut | Reason::OptedOut | Reason::Unavailable => GENERAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;

    #[test]
    fn no_verdict_but_an_accept_is_told_as_a_success() {
        let verdicts =
            Reason::ALL.into_iter().flat_map(|reason| [Verdict::Retry { reason }, Verdict::Reject { reason }]);
        for verdict in verdicts.chain([Verdict::Cooldown { until: Timestamp::UNIX_EPOCH }]) {
            let code = of_verdict(verdict);
            assert!(code != SUCCESS && code.len() >= 4, "{verdict:?}");
        }
        assert_eq!(of_verdict(Verdict::Accept), SUCCESS);
    }
}
