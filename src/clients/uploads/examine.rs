//! Examining an upload: a slot for it, or a refusal at once.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::{UploadError, Uploads};
use crate::engine::Take;
use crate::judging::Upload;

/// Uploads that may wait for each session of the models. At 150 ms each the last one waits a second and a half; more is
/// refused at once, so that an upload that is let in is answered in time.
const WAITING_PER_SESSION: usize = 10;

/// Slots of uploads that are examined or wait for it.
pub(super) struct UploadSlots(Semaphore);

impl UploadSlots {
    /// Slots for so many sessions of the models.
    pub(super) fn new(sessions: usize) -> Self {
        Self(Semaphore::new(sessions * WAITING_PER_SESSION))
    }
}

impl Uploads {
    /// Examines an upload; also says how long the engine worked.
    ///
    /// # Errors
    /// [`UploadError::Busy`] when too many wait, [`UploadError::Audio`], [`UploadError::Judging`].
    pub(crate) async fn examine(&self, upload: Upload) -> Result<(Take, Duration), UploadError> {
        let _slot = self.slots.0.try_acquire().map_err(|_| UploadError::Busy)?;
        Ok(self.judge.examine_upload(upload).await?)
    }

    /// Examines each utterance of an upload as a take of its own.
    ///
    /// # Errors
    /// As [`Uploads::examine`].
    pub(super) async fn examine_utterances(&self, upload: Upload) -> Result<Vec<Take>, UploadError> {
        let _slot = self.slots.0.try_acquire().map_err(|_| UploadError::Busy)?;
        Ok(self.judge.examine_utterances(upload).await?)
    }
}
