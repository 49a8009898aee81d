use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::UploadError;
use crate::audio::{self, AudioError};
use crate::engine::Take;
use crate::session::give_way::give_way;
use crate::session::judge::PASSPHRASE;
use crate::session::service::Service;
use crate::types::{Clip16k, Reason};

/// Uploads that may wait for each session of the models. At 150 ms each the last one waits a second and a half; more is
/// refused at once, so that whoever is let in is answered in time.
const WAITING_PER_SESSION: usize = 10;

/// Audio that came whole.
#[derive(Clone, Default)]
pub struct Upload {
    /// The file.
    pub bytes: Vec<u8>,
    /// What the client says it is.
    pub content_type: Option<String>,
}

/// What was heard of an upload.
pub(in crate::session) struct Heard {
    /// A take for each utterance; at least one.
    pub(in crate::session) takes: Vec<Take>,
    /// How long the engine was at it.
    pub(in crate::session) engine: Duration,
}

impl Heard {
    /// The one take there is.
    pub(in crate::session) fn only(self) -> Result<(Take, Duration), UploadError> {
        let Self { mut takes, engine } = self;
        Ok((takes.pop().ok_or(UploadError::Take(Reason::NoSpeech))?, engine))
    }
}

/// The room there is for uploads that wait.
pub(in crate::session) struct Rooms(Semaphore);

impl Rooms {
    /// Room for as many sessions of the models.
    pub(in crate::session) fn new(sessions: usize) -> Self {
        Self(Semaphore::new(sessions * WAITING_PER_SESSION))
    }
}

impl Service {
    /// Decodes and examines an upload, once a model is free; of several utterances in one file each is a take.
    ///
    /// # Errors
    /// [`UploadError::Busy`] when too many wait, [`UploadError::Audio`], [`UploadError::Judging`].
    pub(in crate::session) async fn hear_upload(&self, upload: Upload, in_parts: bool) -> Result<Heard, UploadError> {
        let _waiting = self.rooms().0.try_acquire().map_err(|_| UploadError::Busy)?;
        let _place = self.takes().listening.acquire().await;
        let (engine, limits) = (self.engine().clone(), self.config().audio);
        let heard = tokio::task::spawn_blocking(move || -> Result<Heard, UploadError> {
            give_way();
            let begun = Instant::now();
            let clip = match audio::upload::decode(&upload.bytes, upload.content_type.as_deref(), &limits) {
                // A file without a sample is silence.
                Err(AudioError::Empty) => Clip16k::new(Vec::new()),
                decoded => decoded?,
            };
            let takes = if in_parts {
                engine.examine_parts(&clip, &PASSPHRASE)
            } else {
                engine.examine(&clip, &PASSPHRASE).map(|take| vec![take])
            };
            let takes = takes.map_err(|error| UploadError::Judging(error.to_string()))?;
            Ok(Heard { takes, engine: begun.elapsed() })
        });
        heard.await.map_err(|_| UploadError::Judging("the models failed badly".to_owned()))?
    }
}
