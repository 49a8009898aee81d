//! Whether a take is a recording played again.

use super::{Engine, EngineError};
use crate::audio::resample;
use crate::liveness::{Fingerprint, ReplayScore, worst};
use crate::types::{Clip8k, Clip16k};
use crate::vad::Speech;

impl Engine {
    /// The fingerprint of a take's speech, by which its recording is recognised.
    pub fn fingerprint(&self, clip: &Clip8k, speech: &Speech) -> Fingerprint {
        self.fingerprinter.fingerprint(clip, speech.trimmed.clone())
    }

    /// How much a probe is one of the earlier takes, played again: the score that says so most.
    ///
    /// None without earlier takes: then nothing was measured, which is not the same as fresh.
    pub fn replay<'e>(
        &self,
        probe: &Fingerprint,
        earlier: impl IntoIterator<Item = &'e Fingerprint>,
    ) -> Option<ReplayScore> {
        worst(earlier.into_iter().map(|earlier| probe.likeness(earlier)))
    }

    /// Finds the speech of a clip, and takes its fingerprint.
    ///
    /// For whoever has no speech at hand; [`examine`](Self::examine) has found it already.
    ///
    /// # Errors
    /// [`EngineError::Model`] when the speech model fails.
    pub fn fingerprint_clip(&self, clip: &Clip16k) -> Result<(Fingerprint, Speech), EngineError> {
        let line = resample::to_8k(clip);
        let probabilities = self.models.speech_probabilities(&line)?;
        let speech = crate::vad::segments(&probabilities, line.samples().len(), &self.vad);
        Ok((self.fingerprint(&line, &speech), speech))
    }
}
