//! JSON that applications send and get: shapes without logic. `clients` fills them, `http` sends and describes them.

mod attempts;
mod callers;
mod challenges;
mod codes;
mod identification;
mod keys;
mod listening;
mod sessions;
mod users;
mod verification;
mod voiceit;
mod webhooks;

pub use attempts::{AttemptPage, AttemptView, AttemptsWanted, Decision};
pub use callers::{
    AuditView, CallerExport, CallerPage, CallerStatus, CallerView, CallerWanted, CallersWanted, ConsentView,
    DeletionProof, Erased, ProofVerdict, Unlocked, VoiceprintDates,
};
pub use challenges::{ChallengeForm, ChallengeView};
pub use codes::{CodeView, CodeWanted};
pub use identification::{Candidate, IdentifyView, WatchList, WatchView};
pub use keys::{DemoKey, Throttle, UsageView};
pub use listening::{Invited, Likeness, ListeningRequest, ListeningView, NetSpeech, Scores, Side, StreamAddress, Who};
pub use sessions::{AuthStarted, AuthVerified, VoiceTokenView};
pub use users::{EnrollView, LearningView, ProfileView, UserToken, UserTokenRequest};
pub use verification::{
    CalibrationView, Detail, QualityView, RetriesView, ScoreView, SignalTiers, SpoofView, VerifyView,
};
pub use voiceit::{EnrollmentView, GroupView, PhraseView};
pub use webhooks::{DeliveryPage, DeliveryView, NewWebhookView, WebhookList, WebhookView, WebhookWanted};
