//! Voices that come whole, by the API: profiles, enrollment, verification, sessions and tokens.
//!
//! What a call does turn by turn is one request here. The same engine judges, the same tallies and fingerprints are kept, and
//! every attempt has a row beside those of calls.

mod auth;
mod challenges;
mod enroll;
mod error;
mod hear;
mod profile;
mod users;
mod verify;
mod view;

pub use auth::{AuthStarted, AuthVerified, VoiceTokenView};
pub use challenges::{ChallengeError, ChallengeForm, ChallengeView};
pub use enroll::{EnrollRequest, EnrollView};
pub use error::UploadError;
pub use profile::{LearningView, ProfileView};
pub use users::{DemoKey, UserToken, UserTokenRequest};
pub(super) use verify::Probe;
pub use verify::{Verified, VerifyRequest};
pub use view::{Detail, SignalTiers, VerifyView};

use std::sync::Arc;

use super::tokens::Signers;
use crate::judging::{Context, Judge, Upload};
use hear::UploadSlots;

/// Enrollment and verification by upload. Cheap to clone.
#[derive(Clone)]
pub struct Uploads {
    cx: Context,
    judge: Judge,
    slots: Arc<UploadSlots>,
    signers: Arc<Signers>,
}

impl Uploads {
    pub(super) fn new(cx: Context, judge: Judge, signers: Arc<Signers>) -> Self {
        let slots = Arc::new(UploadSlots::new(cx.config.models.sessions));
        Self { cx, judge, slots, signers }
    }
}
