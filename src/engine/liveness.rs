//! Whether a take is live: played before (replay), or made by a machine (spoof).
//!
//! Neither speaks of who it is. A replay can be told with confidence; the synthetic score is advice of low weight.

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError};
use crate::audio::resample;
use crate::liveness::{Fingerprint, ReplayScore, worst};
use crate::types::{Clip8k, Clip16k, Llr};
use crate::vad::Speech;

/// How much a take sounds like a person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpoofScore {
    /// The model's own number; it shifts with the line, so that only the calibrated one is worth comparing.
    pub logit: f32,
    /// Below 0 speaks for a synthesizer, by [`SPOOF_WEIGHT`] at most; never above 0.
    pub llr: Llr,
}

/// The most that the synthetic score can say against a take.
///
/// It never speaks for one: modern neural voices score higher than people do. One nat is less than half of what lies
/// between the voice's thresholds for 1 % and 0.1 %; more would refuse callers for their line. See `docs/liveness.md`.
pub const SPOOF_WEIGHT: f32 = 1.0;

/// The logit below which a take is more like a synthesizer's than like a person's, and how fast that changes.
///
/// Of 150 takes of people over phone lines (`tel`, `var`) one in twelve lies below, and one in a hundred so far that it
/// counts fully; of espeak-ng's and flite's one in three to six in ten, of neural voices none. A person's logit varies
/// by 3, with the line and the voice alike, so that neither the line's noise nor its condition explained enough of it
/// to be worth taking out.
const SPOOF_EVEN: f32 = -14.0;
const SPOOF_SLOPE: f32 = 0.3;

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

    /// How much a take's speech sounds like a person: advice, to be asked where a verdict would otherwise be an accept.
    ///
    /// It takes 70 ms and holds 113 MB from the first time on, so that nothing here asks by itself.
    ///
    /// # Errors
    /// [`EngineError::Model`] when the model cannot be opened or fails. It must then not count for the caller.
    pub fn spoof(&self, clip: &Clip16k, speech: &Speech) -> Result<SpoofScore, EngineError> {
        let per_line_sample = (Clip16k::RATE_HZ / Clip8k::RATE_HZ) as usize;
        let samples = clip.samples();
        // Without margins: shown the line's noise between repetitions, the model takes people for machines.
        let (first, last) = match &speech.segments[..] {
            [first, .., last] => (first.start, last.end),
            [only] => (only.start, only.end),
            [] => (speech.trimmed.start, speech.trimmed.end),
        };
        let end = (last * per_line_sample).min(samples.len());
        let start = (first * per_line_sample).min(end);
        let logit = self.models.spoof_logit(&Clip16k::new(&samples[start..end]))?;
        let llr = ((logit - SPOOF_EVEN) * SPOOF_SLOPE).clamp(-SPOOF_WEIGHT, 0.0);
        Ok(SpoofScore { logit, llr: Llr(llr) })
    }

    /// Finds the speech of a clip, and takes its fingerprint.
    ///
    /// For callers without speech at hand; [`examine`](Self::examine) has found it already.
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
