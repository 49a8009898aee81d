//! One voice held against many: identification in a group, and lists of voices to be warned of.

mod error;
mod galleries;
mod identify;
mod watch;

pub use error::IdentificationError;
pub use identify::IdentifyRequest;

use std::sync::Arc;

use super::{Admin, Uploads};
use crate::judging::{Context, Judge};
use galleries::Galleries;

/// Identification among a tenant's callers, and the watch-list. Cheap to clone.
#[derive(Clone)]
pub struct Identification {
    cx: Context,
    judge: Judge,
    uploads: Uploads,
    admin: Admin,
    galleries: Arc<Galleries>,
}

impl Identification {
    pub(super) fn new(cx: Context, judge: Judge, uploads: Uploads, admin: Admin) -> Self {
        Self { cx, judge, uploads, admin, galleries: Arc::default() }
    }
}
