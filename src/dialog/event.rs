use crate::types::{Reason, Verdict};

/// An event on the line since the last reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Keys were pressed. While [`super::Lookup::Account`] is due, [`super::Facts::caller`] is whose account they are.
    ///
    /// During a take only `*` is reported this way (that recording is not judged); any other key just ended the take.
    Keys(String),
    /// An enrollment code was typed while [`super::Lookup::Code`] was due, and looked up.
    Code {
        /// The keys as typed.
        keys: String,
        /// The store's facts about them.
        check: CodeCheck,
    },
    /// The provider went on without keys or a recording.
    Silence,
    /// A take was judged.
    Take(TakeOutcome),
    /// A take never came or could not be judged: download, model or store failed.
    Lost,
    /// The caller is gone.
    HungUp,
}

/// The store's answer about a typed enrollment code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCheck {
    /// Unknown, used, expired, or issued for another caller than the call's.
    Wrong,
    /// Valid, and issued for no particular caller: it never replaces a voiceprint.
    Unbound,
    /// Valid, and issued for [`super::Facts::caller`]; a call without a caller has taken the code's caller by now.
    Bound,
}

/// How a take was judged, by the purpose it was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TakeOutcome {
    /// An enrollment take was good.
    Enrolled {
        /// Whether it was the third and they agree: a voiceprint is waiting to be saved.
        is_ready: bool,
    },
    /// An enrollment take was not good; `takes_differ` means that all three go.
    EnrollFault(Reason),
    /// A verification take got its verdict; the attempt is recorded already.
    Verified(Verdict),
}

/// A change that the store makes together with keeping the turn, in order, in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Makes a caller and binds the call to them.
    CreateCaller {
        /// Whether the calling number becomes theirs.
        keeps_number: bool,
    },
    /// Binds the call to [`super::Facts::caller`], whose account number or code was typed.
    BindCaller,
    /// Records the call's caller's consent.
    GiveConsent,
    /// Records that the call's caller refuses or withdraws consent, and deletes their voiceprint.
    OptOut,
    /// Makes the pending voiceprint the caller's, replacing any they had.
    SaveVoiceprint,
    /// Deletes the takes of the unfinished enrollment.
    DiscardTakes,
    /// Uses up this enrollment code; the turn fails when another call was faster.
    RedeemCode(String),
    /// Counts a wrong enrollment code as a mismatch of the calling number.
    CountWrongCode,
    /// Records an attempt that was decided without judging a take.
    RecordVerdict(Verdict),
    /// Marks the call as ended.
    End,
}
