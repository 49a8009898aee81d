//! The events that webhooks are told of, and their names outside; for the audit, the queue and the webhooks' API.

/// An event that a webhook can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookEvent {
    /// A caller was made.
    Created,
    /// A voiceprint was kept.
    Enrolled,
    /// A caller agreed to a voiceprint.
    ConsentGiven,
    /// A caller withdrew consent.
    OptedOut,
    /// A voiceprint was deleted.
    VoiceprintDeleted,
    /// A caller was deleted with everything that belonged to them.
    Deleted,
    /// A caller or a number may not try for a while.
    Locked,
    /// An operator forgot the failures counted against a caller.
    Unlocked,
    /// An attempt was accepted.
    Verified,
    /// An attempt was rejected, or refused because of failures before it.
    Rejected,
    /// An attempt sounded synthetic.
    SpoofSuspected,
    /// An attempt was a recording of an earlier one.
    ReplayDetected,
    /// An enrollment code was made.
    CodeMade,
    /// An enrollment code was used up.
    CodeRedeemed,
    /// The voice of an attempt resembles one on the watch list.
    WatchListHit,
    /// A listening ended with a verdict.
    ListeningVerdict,
    /// A listening ended without a verdict.
    ListeningFailed,
    /// A test that a tenant asked for, to see whether deliveries arrive.
    Test,
}

impl WebhookEvent {
    /// Every event, in the order in which the API names them.
    pub const ALL: [Self; 18] = [
        Self::Created,
        Self::Enrolled,
        Self::ConsentGiven,
        Self::OptedOut,
        Self::VoiceprintDeleted,
        Self::Deleted,
        Self::Locked,
        Self::Unlocked,
        Self::Verified,
        Self::Rejected,
        Self::SpoofSuspected,
        Self::ReplayDetected,
        Self::CodeMade,
        Self::CodeRedeemed,
        Self::WatchListHit,
        Self::ListeningVerdict,
        Self::ListeningFailed,
        Self::Test,
    ];

    /// The stable name outside.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Enrolled => "enrolled",
            Self::ConsentGiven => "consent_given",
            Self::OptedOut => "opted_out",
            Self::VoiceprintDeleted => "voiceprint_deleted",
            Self::Deleted => "deleted",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::SpoofSuspected => "spoof_suspected",
            Self::ReplayDetected => "replay_detected",
            Self::CodeMade => "code_made",
            Self::CodeRedeemed => "code_redeemed",
            Self::WatchListHit => "watch_list_hit",
            Self::ListeningVerdict => "listening.verdict",
            Self::ListeningFailed => "listening.failed",
            Self::Test => "test",
        }
    }
}

/// The names of [`WebhookEvent::ALL`].
pub const EVENTS: [&str; WebhookEvent::ALL.len()] = {
    let mut names = [""; WebhookEvent::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = WebhookEvent::ALL[at].as_str();
        at += 1;
    }
    names
};
