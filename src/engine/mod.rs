//! From a clip to a verdict: speech, quality, voice, score.
//!
//! The engine computes and blocks; it belongs on blocking threads. It knows nothing of calls, callers or stores, and it
//! keeps nothing between two takes.

mod assessment;
mod calibration;
mod error;
mod listen;
mod live;
mod verdict;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub use assessment::{Assessment, Examined, Signals, Take, Voice};
pub use calibration::{
    CalibrationError, CalibrationFile, FittedOn, Measured, SCHEMA as CALIBRATION_SCHEMA, Thresholds, revision,
};
pub use error::EngineError;
pub use listen::{Conversation, ConversationStep, Party, Sample, Showing, Spoken};
pub use live::{Chunk, Heard, Live, LiveEvent, LiveStep};
pub use verdict::{Bar, CLEARLY, Evidence, Stage, decide, decide_ongoing};

use crate::audio::resample;
use crate::features::Fbank;
use crate::models::Library;
use crate::scoring::{Calibration, ModelId, ScoreError, TakePrint, Voiceprint};
use crate::types::{Clip8k, Clip16k, Cosine, Llr, Reason, Strictness};
use crate::vad::{self, QualityLimits, Speech, VadConfig};

/// Samples of trimmed speech that are scored, from its beginning: 10 s.
///
/// The calibration was measured on probes of 1 to 5 s and error rates stop falling at about 3 s. The model's time and
/// memory grow with the length (8 s of speech more: 40 ms and 12 MB a session), so longer takes are cut.
const MAX_SCORED_SAMPLES: usize = 10 * Clip8k::RATE_HZ as usize;

/// Examines takes, makes voiceprints and verifies probes. Cheap to clone; clones share the models.
#[derive(Clone, Debug)]
pub struct Engine {
    models: Library,
    calibration: Calibration,
    /// What the calibration is, for people.
    calibrated_by: Arc<str>,
    fbank: Arc<Fbank>,
    vad: VadConfig,
}

impl Engine {
    /// An engine on these models, with the calibration that comes with them.
    pub fn new(models: Library) -> Self {
        let calibration = models.speaker().calibration;
        let calibrated_by = "the model's own".into();
        Self { models, calibration, calibrated_by, fbank: Arc::new(Fbank::new()), vad: VadConfig::default() }
    }

    /// The same with the calibration of a file; without a file, the same.
    ///
    /// # Errors
    /// [`CalibrationError`] when the file is not one of this model's.
    pub fn calibrated(self, file: Option<&Path>) -> Result<Self, CalibrationError> {
        let Some(path) = file else { return Ok(self) };
        let found = CalibrationFile::read(path, &self.models)?;
        let calibration = found.calibration(self.calibration);
        let (speakers, made) = (found.data.speakers, &found.made);
        let calibrated_by = format!("{} of {made}, fitted on {speakers} speakers", path.display()).into();
        Ok(Self { calibration, calibrated_by, ..self })
    }

    /// The calibration in use.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// What the calibration in use is, for people.
    pub fn calibrated_by(&self) -> &str {
        &self.calibrated_by
    }

    /// The models.
    pub fn models(&self) -> &Library {
        &self.models
    }

    /// The speaker model; a voiceprint of another one cannot be verified here.
    pub fn model(&self) -> &ModelId {
        &self.models.speaker().id
    }

    /// The lowest log-likelihood ratio that is accepted.
    pub fn threshold(&self, strictness: Strictness) -> Llr {
        self.calibration.threshold(strictness)
    }

    /// The lowest cosine between two takes of one enrollment.
    pub fn least_agreement(&self) -> Cosine {
        self.models.speaker().least_agreement
    }

    /// Finds the speech of a clip, judges it, and if it is good enough takes its voice.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails. A poor recording is no error: see [`Take::fault`].
    pub fn examine(&self, clip: &Clip16k, limits: &QualityLimits) -> Result<Take, EngineError> {
        let clip = resample::to_8k(clip);
        let probabilities = self.models.speech_probabilities(&clip)?;
        Ok(self.examine_heard(&clip, &probabilities, limits, None)?.take)
    }

    /// Examines a clip whose speech probabilities are known; takes the voice over from `earlier` if the speech is the same.
    fn examine_heard(
        &self,
        clip: &Clip8k,
        probabilities: &[f32],
        limits: &QualityLimits,
        earlier: Option<&Examined>,
    ) -> Result<Examined, EngineError> {
        let speech = vad::segments(probabilities, clip.samples().len(), &self.vad);
        let quality = vad::quality(clip, &speech);
        let known = earlier
            .filter(|earlier| earlier.trimmed == speech.trimmed)
            .and_then(|earlier| earlier.take.voice.as_ref().ok());
        let voice = match (quality.fault(limits), known) {
            (Some(reason), _) => Err(reason),
            (None, Some(voice)) => Ok(voice.clone()),
            (None, None) => Ok(self.voice(clip, &speech)?),
        };
        Ok(Examined { take: Take { quality, voice }, trimmed: speech.trimmed })
    }

    fn voice(&self, clip: &Clip8k, speech: &Speech) -> Result<Voice, EngineError> {
        let scored = speech.trimmed.start..speech.trimmed.end.min(speech.trimmed.start + MAX_SCORED_SAMPLES);
        let features = self.fbank.compute(clip, scored.clone());
        let raw = self.models.embed(&features)?;
        let embedding = self.models.speaker().backend.project(&raw)?;
        Ok(Voice { embedding, heard_ms: heard_ms(speech, &scored) })
    }

    /// Makes a voiceprint of takes that agree with each other.
    ///
    /// # Errors
    /// [`Reason::TakesDiffer`] when two takes are too unlike to be one speaker's; [`Reason::Unavailable`] when there are
    /// none, or not all are from this engine's model.
    pub fn enroll(&self, takes: &[TakePrint]) -> Result<Voiceprint, Reason> {
        let voiceprint = Voiceprint::new(takes.to_vec()).map_err(|_| Reason::Unavailable)?;
        if voiceprint.model() != self.model() {
            return Err(Reason::Unavailable);
        }
        let agrees = voiceprint.agreement().min >= self.least_agreement();
        if agrees { Ok(voiceprint) } else { Err(Reason::TakesDiffer) }
    }

    /// How long it takes to say the phrase of a voiceprint: net speech in milliseconds, the mean of its takes.
    ///
    /// Not the shortest: a take in which the detector missed a word made every later pause look like the end. See
    /// `docs/endpoint.md`.
    pub fn expected_ms(voiceprint: &Voiceprint) -> Option<u32> {
        let takes = voiceprint.takes();
        let together: u32 = takes.iter().map(|take| take.net_speech_ms).sum();
        together.checked_div(takes.len() as u32)
    }

    /// Scores a voice against a voiceprint.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when they come from different models.
    pub fn score(&self, voiceprint: &Voiceprint, voice: &Voice) -> Result<(Cosine, Llr), ScoreError> {
        let cosine = voiceprint.score(&voice.embedding)?;
        let heard_s = voice.heard_ms as f32 / 1000.0;
        let llr = self.calibration.llr(cosine, heard_s, voiceprint.agreement().mean);
        Ok((cosine, llr))
    }

    /// Scores an enrollment take as a probe: what one caller's take is worth against another's voiceprint.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when they come from different models.
    pub fn score_print(&self, voiceprint: &Voiceprint, take: &TakePrint) -> Result<Llr, ScoreError> {
        let cosine = voiceprint.score(&take.embedding)?;
        Ok(self.calibration.llr(cosine, take.net_speech_ms as f32 / 1000.0, voiceprint.agreement().mean))
    }

    /// Compares a take with a voiceprint, or with nobody's: then it is never better than a mismatch.
    pub fn verify(&self, voiceprint: Option<&Voiceprint>, take: &Take, bar: &Bar) -> Assessment {
        let threshold = self.threshold(bar.strictness);
        let scored = match (voiceprint, &take.voice) {
            (Some(voiceprint), Ok(voice)) => self.score(voiceprint, voice).ok(),
            _ => None,
        };
        let evidence = match (take.fault(), voiceprint, scored) {
            (Some(fault), _, _) => Evidence::Fault(fault),
            (None, None, _) => Evidence::Nobody,
            (None, Some(_), None) => Evidence::Incomparable,
            (None, Some(_), Some((_, llr))) => Evidence::Voice { llr, threshold },
        };
        let (cosine, llr) = scored.unzip();
        let signals = Signals { quality: take.quality, cosine, llr, threshold };
        Assessment { verdict: decide(evidence, bar), signals }
    }
}

/// How long a voice was heard in what was scored: see [`Voice::heard_ms`].
fn heard_ms(speech: &Speech, scored: &Range<usize>) -> u32 {
    let within = |segment: &Range<usize>| segment.start.min(scored.end)..segment.end.min(scored.end);
    let net: usize = speech.segments.iter().map(|segment| within(segment).len()).sum();
    let first = speech.segments.first().map_or(scored.start, |segment| segment.start);
    let last = speech.segments.last().map_or(first, |segment| within(segment).end);
    let samples = (net as f32 * (last - first) as f32).sqrt();
    (samples * 1000.0 / Clip8k::RATE_HZ as f32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_is_heard_as_long_as_it_was_scored() {
        let speech = |segments: &[(usize, usize)]| Speech {
            segments: segments.iter().map(|(from, to)| *from..*to).collect(),
            ..Speech::default()
        };
        //   stretches of speech, what was scored, the geometric mean of net speech and span (8 samples a millisecond)
        let table = [
            (speech(&[(800, 16_800)]), 0..17_600, 2000),
            (speech(&[(800, 4_800), (12_800, 16_800)]), 0..17_600, 1414),
            (speech(&[(0, 8_000), (72_000, 88_000)]), 0..80_000, 4472),
            (speech(&[(0, 8_000), (88_000, 96_000)]), 0..80_000, 3162),
            (speech(&[]), 0..0, 0),
        ];
        for (speech, scored, expected) in table {
            assert_eq!(heard_ms(&speech, &scored), expected, "{speech:?} of {scored:?}");
        }
    }
}
