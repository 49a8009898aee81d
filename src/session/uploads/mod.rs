//! Voices that come whole, by the API: profiles, enrollment, verification, sessions and tokens.
//!
//! What a call does turn by turn is one request here. The same engine judges, the same tallies and fingerprints are kept, and
//! every attempt has a row beside those of calls.

mod auth;
mod enroll;
mod error;
mod hear;
mod profile;
mod users;
mod verify;
mod view;

pub use auth::{AuthStarted, AuthVerified, VoiceTokenView};
pub use enroll::{EnrollRequest, EnrollView};
pub use error::UploadError;
pub(super) use hear::Rooms;
pub use hear::Upload;
pub(super) use profile::check_user;
pub use profile::{LearningView, ProfileView};
pub use users::{DemoKey, UserToken, UserTokenRequest};
pub(super) use users::{PageUser, Seals};
pub use verify::{Verified, VerifyRequest};
pub use view::{Detail, SignalTiers, VerifyView};
