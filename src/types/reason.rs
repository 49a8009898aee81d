use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a take was not accepted: a machine code, each with a spoken hint in `twiml/prompts/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The voice-activity detector found no speech.
    NoSpeech,
    /// There was speech, but less than a score needs.
    TooShort,
    /// The speech level is below what the models were measured on.
    TooQuiet,
    /// The speech level is so high that the line distorts.
    TooLoud,
    /// The speech does not stand out enough from the noise.
    TooNoisy,
    /// Samples sit at full scale: the waveform is cut off.
    Clipped,
    /// The words are not the expected ones.
    PhraseMismatch,
    /// The enrollment takes do not agree with each other.
    TakesDiffer,
    /// The voice is not the enrolled one.
    VoiceMismatch,
    /// The same recording was heard before.
    ReplaySuspected,
    /// The voice appears to be made by a machine.
    SyntheticSuspected,
    /// The challenge was answered too late or twice.
    ChallengeExpired,
    /// Too many failures: the caller or the number has to wait, or to be unlocked.
    LockedOut,
    /// The caller has withdrawn consent.
    OptedOut,
    /// There is no voiceprint to compare with.
    NotEnrolled,
    /// Something on our side failed: never a pass.
    Unavailable,
}

impl Reason {
    /// Every reason, in the order of the design's table.
    pub const ALL: [Self; 16] = [
        Self::NoSpeech,
        Self::TooShort,
        Self::TooQuiet,
        Self::TooLoud,
        Self::TooNoisy,
        Self::Clipped,
        Self::PhraseMismatch,
        Self::TakesDiffer,
        Self::VoiceMismatch,
        Self::ReplaySuspected,
        Self::SyntheticSuspected,
        Self::ChallengeExpired,
        Self::LockedOut,
        Self::OptedOut,
        Self::NotEnrolled,
        Self::Unavailable,
    ];

    /// The stable machine code, `snake_case`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSpeech => "no_speech",
            Self::TooShort => "too_short",
            Self::TooQuiet => "too_quiet",
            Self::TooLoud => "too_loud",
            Self::TooNoisy => "too_noisy",
            Self::Clipped => "clipped",
            Self::PhraseMismatch => "phrase_mismatch",
            Self::TakesDiffer => "takes_differ",
            Self::VoiceMismatch => "voice_mismatch",
            Self::ReplaySuspected => "replay_suspected",
            Self::SyntheticSuspected => "synthetic_suspected",
            Self::ChallengeExpired => "challenge_expired",
            Self::LockedOut => "locked_out",
            Self::OptedOut => "opted_out",
            Self::NotEnrolled => "not_enrolled",
            Self::Unavailable => "unavailable",
        }
    }

    /// The reason of a code, if there is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether the recording, not the speaker, is at fault: bounded, but no step towards lock-out.
    pub const fn is_quality(self) -> bool {
        matches!(
            self,
            Self::NoSpeech | Self::TooShort | Self::TooQuiet | Self::TooLoud | Self::TooNoisy | Self::Clipped
        )
    }

    /// Whether it counts towards lock-out: an impostor or a machine may be speaking.
    pub const fn is_mismatch(self) -> bool {
        matches!(self, Self::PhraseMismatch | Self::VoiceMismatch | Self::ReplaySuspected | Self::SyntheticSuspected)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
