//! Examining: bytes of a recording, an upload or a stream become a [`Take`], on the compute pool.

use std::time::{Duration, Instant};

use super::{Fault, Judge, PASSPHRASE, meters};
use crate::audio::{self, AudioError};
use crate::config::AudioLimits;
use crate::engine::{Engine, EngineError, Examined, Heard, Sample, Spoken, Take};
use crate::types::Clip16k;

/// Audio that came whole.
#[derive(Clone, Default)]
pub struct Upload {
    /// The file.
    pub bytes: Vec<u8>,
    /// The media type that the client declares.
    pub content_type: Option<String>,
}

/// Whole audio, by the formats that may be in it.
enum Whole {
    /// A provider's recording: WAV.
    Recording(Vec<u8>),
    /// An application's file: any format that is served.
    Upload(Upload),
}

impl Whole {
    fn decode(&self, limits: &AudioLimits) -> Result<Clip16k, AudioError> {
        let decoded = match self {
            Self::Recording(bytes) => audio::wav::decode(bytes, limits),
            Self::Upload(Upload { bytes, content_type }) => {
                audio::upload::decode(bytes, content_type.as_deref(), limits)
            }
        };
        match decoded {
            // A file without a sample is silence: the speaker's doing, not ours.
            Err(AudioError::Empty) => Ok(Clip16k::new(Vec::new())),
            decoded => decoded,
        }
    }
}

impl Judge {
    /// Examines a provider's recording once a place at the models is free; `is_wanted` is asked just before.
    ///
    /// # Errors
    /// [`Fault::Unwanted`] when it no longer is, and whatever kept the take from being examined.
    pub(crate) async fn examine(
        &self,
        recording: Vec<u8>,
        is_wanted: impl Future<Output = Result<bool, Fault>> + Send,
    ) -> Result<Take, Fault> {
        let whole = Whole::Recording(recording);
        let (take, _) = self.examine_whole(whole, is_wanted, |engine, clip| engine.examine(clip, &PASSPHRASE)).await?;
        Ok(take)
    }

    /// Examines an upload once a place at the models is free; also says how long the engine worked.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn examine_upload(&self, upload: Upload) -> Result<(Take, Duration), Fault> {
        let whole = Whole::Upload(upload);
        self.examine_whole(whole, async { Ok(true) }, |engine, clip| engine.examine(clip, &PASSPHRASE)).await
    }

    /// Examines each utterance of an upload as a take of its own; there is at least one.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn examine_utterances(&self, upload: Upload) -> Result<Vec<Take>, Fault> {
        let whole = Whole::Upload(upload);
        let examine = |engine: &Engine, clip: &Clip16k| engine.examine_parts(clip, &PASSPHRASE);
        Ok(self.examine_whole(whole, async { Ok(true) }, examine).await?.0)
    }

    async fn examine_whole<T: Send + 'static>(
        &self,
        whole: Whole,
        is_wanted: impl Future<Output = Result<bool, Fault>> + Send,
        examine: fn(&Engine, &Clip16k) -> Result<T, EngineError>,
    ) -> Result<(T, Duration), Fault> {
        let came = Instant::now();
        let place = self.workers().place().await;
        // Work for callers who are gone would make those wait who are still there.
        if !is_wanted.await? {
            return Err(Fault::Unwanted);
        }
        let limits = self.cx().config.audio;
        let examined = place.run(move |engine| -> Result<_, Fault> {
            let begun = Instant::now();
            let examined = examine(engine, &whole.decode(&limits)?)?;
            Ok((examined, begun.elapsed()))
        });
        let examined = examined.await.flatten();
        metrics::histogram!(meters::JUDGE_SECONDS).record(came.elapsed());
        examined
    }

    /// Examines a streamed turn, or the part of it up to a pause. With an `earlier` examination of the same turn, which
    /// holds the voice, no model is used and no place waited for.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn examine_live(&self, heard: Heard, earlier: Option<Examined>) -> Result<Examined, Fault> {
        // One without the voice is of no use: the models would be used without a place.
        match earlier.filter(|earlier| earlier.take.voice.is_ok()) {
            None => {
                let place = self.workers().place().await;
                Ok(place.run(move |engine| engine.examine_live(&heard, &PASSPHRASE, None)).await??)
            }
            Some(earlier) => {
                let examine = move |engine: &Engine| engine.examine_live(&heard, &PASSPHRASE, Some(&earlier));
                Ok(self.workers().compare(examine).await??)
            }
        }
    }

    /// Examines speech of a conversation once a place at the models is free.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn examine_spoken(&self, spoken: Spoken) -> Result<Sample, Fault> {
        let place = self.workers().place().await;
        Ok(place.run(move |engine| engine.examine_spoken(&spoken)).await??)
    }
}
