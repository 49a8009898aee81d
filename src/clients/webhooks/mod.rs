//! Webhooks of a tenant: which events are told where, and how each delivery went. `jobs` sends them.

mod error;
mod manage;

pub use error::WebhookError;

use crate::jobs::Jobs;
use crate::judging::Context;

/// Webhooks of a tenant. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    cx: Context,
    jobs: Jobs,
}

impl Webhooks {
    pub(super) fn new(cx: Context, jobs: Jobs) -> Self {
        Self { cx, jobs }
    }
}
