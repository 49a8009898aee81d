//! Voices that come whole, by the API: profiles, enrollment, verification, sessions and tokens.
//!
//! A call takes many turns; here each step is one request. The same engine judges, the same tallies and fingerprints
//! are kept, and every attempt has a row beside those of calls.

mod challenges;
mod demo;
mod enroll;
mod error;
mod examine;
mod page_tokens;
mod profile;
mod sessions;
mod verify;
mod view;

pub use challenges::ChallengeError;
pub use enroll::EnrollRequest;
pub use error::UploadError;
pub(super) use verify::Probe;
pub use verify::{Verified, VerifyRequest};

use std::sync::Arc;

use super::tokens::Signers;
use crate::judging::{Context, Judge, Upload};
use examine::UploadSlots;

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
