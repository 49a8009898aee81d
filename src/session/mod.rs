//! One turn of one call: look up, ask the dialogue, listen, keep, answer.
//!
//! What a call needs is in the store, so that any node, or this one after a restart, can answer any turn. Only the
//! takes being judged right now are also known here, so that a verdict goes out the moment it falls.

mod account;
mod backoff;
mod claim;
mod clients;
mod deletions;
mod error;
mod facts;
mod give_way;
mod hear;
mod jobs;
mod judge;
mod likeness;
mod listen;
mod meters;
mod outcome;
mod reply;
mod seal;
mod sender;
mod service;
mod sign;
mod site;
mod step;
mod stream;
mod takes;
mod token;
mod turn;
mod uploads;
mod voiceit;
mod voices;
mod webhooks;

pub use account::{
    AccountError, AttemptPage, AttemptView, AttemptsWanted, BadCursor, CallerExport, CallerPage, CallerView,
    CallerWanted, CallersWanted, ChallengeError, ChallengeForm, ChallengeView, CodeView, CodeWanted, Cursor,
    DeletionProof, Listed, ProofVerdict, Unlocked, VoiceprintDates,
};
pub use clients::{Client, ClientError, Throttle, UsageView, Window};
pub use error::SessionError;
pub use likeness::{Candidate, IdentifyRequest, IdentifyView, WatchHit, WatchList, WatchView};
pub use listen::{Invited, ListeningError, ListeningRequest, ListeningView};
pub use service::{Clock, NotReady, Service};
pub use stream::{Close, Dialect, Gone, MediaSocket, Received, StreamPlace};
pub use token::{Claims, TokenError};
pub use uploads::{
    AuthStarted, AuthVerified, DemoKey, Detail, EnrollRequest, EnrollView, LearningView, ProfileView, SignalTiers,
    Upload, UploadError, UserToken, UserTokenRequest, Verified, VerifyRequest, VerifyView, VoiceTokenView,
};
pub use voiceit::{
    EnrollmentView, Identified, PhraseView, VoiceItEnrolled, VoiceItError, VoiceItProbe, VoiceItSource, VoiceItVerified,
};
pub use voices::Xml;
pub use webhooks::{DeliveryPage, DeliveryView, NewWebhookView, WebhookError, WebhookList, WebhookView, WebhookWanted};
