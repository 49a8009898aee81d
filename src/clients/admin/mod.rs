//! What a tenant's administrators see and do: callers, codes, attempts, challenges.
//!
//! Another tenant's caller is answered exactly like one that never was.

mod attempts;
mod callers;
mod codes;
mod cursor;
mod deletion;
mod error;
mod export;

pub use attempts::{AttemptPage, AttemptView, AttemptsWanted};
pub(super) use callers::must_administer;
pub use callers::{CallerPage, CallerView, CallerWanted, CallersWanted, Unlocked};
pub use codes::{CodeView, CodeWanted};
pub use cursor::{BadCursor, Cursor, Listed};
pub(super) use cursor::{cut, page};
pub use deletion::{DeletionProof, ProofVerdict};
pub use error::AccountError;
pub use export::{CallerExport, VoiceprintDates};

use crate::jobs::Jobs;
use crate::judging::Context;

/// Callers, codes and attempts of a tenant. Cheap to clone.
#[derive(Clone)]
pub struct Admin {
    cx: Context,
    jobs: Jobs,
}

impl Admin {
    pub(super) fn new(cx: Context, jobs: Jobs) -> Self {
        Self { cx, jobs }
    }
}
