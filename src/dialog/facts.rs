use crate::config::{AfterVerdict, ChallengePolicy, Enrollment, EnrollmentPolicy, Line, Verification};
use crate::dialog::{Risk, Standing};
use crate::types::CallerId;

/// Facts from outside the dialogue when a turn is decided; read anew for every turn.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The line that was called.
    pub line: LineFacts,
    /// Whether the number may stand for an account: false when withheld, foreign, or of a country the line excludes.
    pub has_number_hint: bool,
    /// The caller by number, by the typed account number, or by the code's owner; none when no caller is known.
    pub caller: Option<CallerFacts>,
    /// Standing of the calling number; [`Standing::Clear`] without one.
    pub number_standing: Standing,
    /// Standing of a typed account number without an account, kept as for a real one so that they sound alike.
    pub claim_standing: Standing,
    /// Suspicions against the call besides the words said in it.
    pub risk: Risk,
    /// A challenge that no caller was asked yet; none where the line cannot hear one.
    pub fresh_challenge: Option<FreshChallenge>,
}

/// A challenge drawn for this turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshChallenge {
    /// The bytes by which the engine knows it again.
    pub code: String,
    /// How the caller is told to say it.
    pub spoken: String,
}

impl Facts {
    /// The strictest of all standings that apply to the call.
    pub fn standing(&self) -> Standing {
        let caller = self.caller.as_ref().map_or(self.claim_standing, |caller| caller.standing);
        caller.or_stricter(self.number_standing)
    }
}

/// The part of a line's configuration that the dialogue follows.
#[derive(Clone, Debug)]
pub struct LineFacts {
    /// The service's name in the greeting.
    pub service_name: String,
    /// The sentence to enroll and verify with.
    pub passphrase: String,
    /// Whether callers say a sentence of their own instead.
    pub own_passphrase: bool,
    /// When something random is asked for in its place.
    pub challenge: ChallengePolicy,
    /// Who may enroll.
    pub policy: EnrollmentPolicy,
    /// The step after an accept.
    pub after_accept: AfterVerdict,
    /// The step after the last reject of a call.
    pub after_reject: AfterVerdict,
    /// Bounds of an enrollment.
    pub enrollment: Enrollment,
    /// Bounds of a verification, and how long to listen.
    pub verification: Verification,
}

impl LineFacts {
    /// Takes what the dialogue needs out of the configuration.
    pub fn new(line: &Line, enrollment: Enrollment, verification: Verification) -> Self {
        Self {
            service_name: line.service_name.clone(),
            passphrase: line.passphrase.clone(),
            own_passphrase: line.own_passphrase,
            challenge: line.challenge,
            policy: line.enrollment,
            after_accept: line.after_accept.clone(),
            after_reject: line.after_reject.clone(),
            enrollment,
            verification,
        }
    }
}

/// The store's facts about the caller of this call.
#[derive(Clone, Debug)]
pub struct CallerFacts {
    /// Their id.
    pub id: CallerId,
    /// Whether we may keep a voiceprint.
    pub consent: Consent,
    /// Whether there is a voiceprint to compare with.
    pub is_enrolled: bool,
    /// Whether they may try now.
    pub standing: Standing,
    /// The eight digits they type when their number is withheld.
    pub account_number: String,
}

/// Whether a caller allows us to keep a voiceprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Never asked, or never answered.
    #[default]
    None,
    /// Given and not withdrawn.
    Given,
    /// Refused or withdrawn: nothing is kept until it is given again.
    OptedOut,
}
