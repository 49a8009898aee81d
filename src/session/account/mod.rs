//! What a tenant's administrators see and do: callers, codes, attempts, challenges.
//!
//! Another tenant's caller is answered exactly like one that never was.

mod attempts;
mod callers;
mod challenges;
mod codes;
mod cursor;
mod deletion;
mod error;
mod export;

pub use attempts::{AttemptPage, AttemptView, AttemptsWanted};
pub(super) use callers::must_administer;
pub use callers::{CallerPage, CallerView, CallerWanted, CallersWanted, Unlocked};
pub use challenges::{ChallengeError, ChallengeForm, ChallengeView};
pub use codes::{CodeView, CodeWanted};
pub use cursor::{BadCursor, Cursor, Listed};
pub(super) use cursor::{cut, page};
pub use deletion::{DeletionProof, ProofVerdict};
pub use error::AccountError;
pub use export::{CallerExport, VoiceprintDates};
