//! Requests of programs written for `VoiceIt`'s API: users, groups, phrases, and enrollments one by one.
//!
//! The engine, the verdict, lock-out and the attempts are the same as for every client. An enrollment is one take with
//! a phrase here, and three takes of one phrase make the voiceprint that a probe is held against.

mod error;
mod groups;
mod users;
mod voice;

pub use error::VoiceItError;
pub use voice::{VoiceItEnrolled, VoiceItIdentified, VoiceItProbe, VoiceItSource, VoiceItVerified};

use super::{Keys, Uploads};
use crate::jobs::Jobs;
use crate::judging::{Context, Judge};

/// Requests of programs written for `VoiceIt`'s API 2. Cheap to clone.
#[derive(Clone)]
pub struct VoiceIt {
    cx: Context,
    judge: Judge,
    jobs: Jobs,
    keys: Keys,
    uploads: Uploads,
}

impl VoiceIt {
    pub(super) fn new(cx: Context, judge: Judge, jobs: Jobs, keys: Keys, uploads: Uploads) -> Self {
        Self { cx, judge, jobs, keys, uploads }
    }
}
