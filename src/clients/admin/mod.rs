//! Callers, codes and attempts of a tenant, for its administrators' back ends.
//!
//! Another tenant's caller is answered exactly like one that never was.

mod attempts;
mod callers;
mod codes;
mod deletion;
mod error;
mod export;

pub use error::AdminError;

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
