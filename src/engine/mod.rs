//! From a clip to a verdict: speech, quality, voice, score.
//!
//! The engine computes and blocks; it belongs on blocking threads. It knows nothing of calls, callers or stores, and it
//! keeps nothing between two takes.

mod assessment;
mod calibration;
mod claim;
mod enrolled;
mod error;
mod findings;
mod identify;
mod listen;
mod live;
mod liveness;
mod probe;
mod utterances;
mod verdict;
mod words;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread;

pub use assessment::{Assessment, Examined, Signals, Take, Voice};
pub use calibration::{
    CalibrationError, CalibrationFile, FittedOn, Measured, SCHEMA as CALIBRATION_SCHEMA, Thresholds, revision,
};
pub use claim::{Asked, AskedFor, Claim, Claimed};
pub use enrolled::{Enrolled, EnrolledError, EnrolledTake};
pub use error::EngineError;
pub use findings::{Finding, Findings, Lacking, Signal, Tier};
pub use identify::one_of;
pub use listen::{Conversation, ConversationStep, Party, Sample, Showing, Spoken};
pub use live::{Chunk, Heard, Live, LiveEvent, LiveStep};
pub use liveness::{SPOOF_WEIGHT, SpoofScore};
pub use verdict::{Bar, CLEARLY, Evidence, Stage, decide, decide_ongoing};
pub use words::{ChallengeScore, PhraseScore, Words};

use crate::audio::resample;
use crate::features::{Fbank, Features};
use crate::liveness::Fingerprinter;
use crate::models::Library;
pub use crate::scoring::site::SiteThresholds;
use crate::scoring::site::{Site, partners};
use crate::scoring::{Calibration, Embedding, ModelId, ScoreError, TakePrint, Voiceprint};
use crate::types::{Clip8k, Clip16k, Cosine, Llr, Reason, Strictness};
use crate::vad::{self, Quality, QualityLimits, Speech, VadConfig};

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
    /// The calibration's name, for people.
    calibrated_by: Arc<str>,
    fbank: Arc<Fbank>,
    fingerprinter: Fingerprinter,
    vad: VadConfig,
    /// Whether takes are listened to for a machine as well.
    hears_machines: bool,
}

impl Engine {
    /// An engine on these models, with the calibration that comes with them.
    pub fn new(models: Library) -> Self {
        let calibration = models.second_model().map_or(models.speaker().calibration, |second| second.calibration);
        Self {
            models,
            calibration,
            calibrated_by: "the model's own".into(),
            fbank: Arc::new(Fbank::new()),
            fingerprinter: Fingerprinter::new(),
            vad: VadConfig::default(),
            hears_machines: false,
        }
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

    /// The name of the calibration in use, for people.
    pub fn calibrated_by(&self) -> &str {
        &self.calibrated_by
    }

    /// The models.
    pub fn models(&self) -> &Library {
        &self.models
    }

    /// The same, which listens for synthetic speech as well: 70 ms more a take, and what it hears is advice.
    #[must_use]
    pub fn hearing_machines(self, hears_machines: bool) -> Self {
        Self { hears_machines, ..self }
    }

    /// The models that make voices: the speaker model, and the second model where one is heard.
    ///
    /// A voiceprint of another one cannot be verified here.
    pub fn model(&self) -> &ModelId {
        self.models.voice_id()
    }

    /// The lowest log-likelihood ratio that is accepted.
    pub fn threshold(&self, strictness: Strictness) -> Llr {
        self.calibration.threshold(strictness)
    }

    /// The lowest cosine between two takes of one enrollment.
    pub fn least_agreement(&self) -> Cosine {
        self.models.second_model().map_or(self.models.speaker().least_agreement, |second| second.least_agreement)
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

    /// Examines a clip whose speech probabilities are known; takes the voice over from `earlier` if the speech is the
    /// same.
    fn examine_heard(
        &self,
        clip: &Clip8k,
        probabilities: &[f32],
        limits: &QualityLimits,
        earlier: Option<&Examined>,
    ) -> Result<Examined, EngineError> {
        let speech = vad::segments(probabilities, clip.samples().len(), &self.vad);
        let quality = vad::quality(clip, &speech);
        let known = earlier.filter(|earlier| earlier.trimmed == speech.trimmed && earlier.take.voice.is_ok());
        let take = match (quality.fault(limits), known) {
            (Some(reason), _) => Take { quality, voice: Err(reason), words: None, fingerprint: None, spoof: None },
            (None, Some(known)) => Take { quality, ..known.take.clone() },
            (None, None) => self.listen(clip, &speech, quality)?,
        };
        Ok(Examined { take, trimmed: speech.trimmed })
    }

    /// Takes voice, words and fingerprint of speech, on two threads: the words are then ready when the voice is.
    fn listen(&self, clip: &Clip8k, speech: &Speech, quality: Quality) -> Result<Take, EngineError> {
        let (voice, words) = thread::scope(|scope| {
            let words = scope.spawn(|| self.words(clip, &speech.trimmed));
            let voice = self.voice(clip, speech);
            (voice, words.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let fingerprint = Some(self.fingerprint(clip, speech));
        let spoof = if self.hears_machines {
            let clip = resample::to_16k(clip.samples(), Clip8k::RATE_HZ)?;
            Some(self.spoof(&clip, speech)?)
        } else {
            None
        };
        Ok(Take { quality, voice: Ok(voice?), words: Some(words?), fingerprint, spoof })
    }

    fn voice(&self, clip: &Clip8k, speech: &Speech) -> Result<Voice, EngineError> {
        let scored = speech.trimmed.start..speech.trimmed.end.min(speech.trimmed.start + MAX_SCORED_SAMPLES);
        let features = self.fbank.compute(clip, scored.clone());
        let first = self.first_voice(&features)?;
        let embedding = match (self.models.second_model(), self.models.second_embed(&features)?) {
            (Some(model), Some(raw)) => {
                let second = model.backend.project(&raw)?;
                Embedding::joined(model.id.clone(), &first, &second, model.share)?
            }
            _ => first,
        };
        Ok(Voice { embedding, heard_ms: heard_ms(speech, &scored) })
    }

    /// The voice by the speaker model alone.
    fn first_voice(&self, features: &Features) -> Result<Embedding, EngineError> {
        let speaker = self.models.speaker();
        Ok(speaker.backend.project(&self.models.embed(features)?)?)
    }

    /// Makes what is kept of a caller, of takes that agree with each other.
    ///
    /// # Errors
    /// [`Reason::TakesDiffer`] when two takes are too unlike to be one speaker's, or say different things;
    /// [`Reason::Unavailable`] when there are none, or not all are from this engine's models.
    pub fn enroll(&self, takes: Vec<EnrolledTake>) -> Result<Enrolled, Reason> {
        let enrolled = Enrolled::new(takes).map_err(|_| Reason::Unavailable)?;
        if enrolled.model() != self.model() {
            return Err(Reason::Unavailable);
        }
        if enrolled.voiceprint().agreement().min < self.least_agreement() {
            return Err(Reason::TakesDiffer);
        }
        self.same_phrase(enrolled.words())?;
        Ok(enrolled)
    }

    /// Whether an enrollment take is an earlier one, played again.
    pub fn is_repeated(&self, take: &EnrolledTake, earlier: &[EnrolledTake]) -> bool {
        let earlier = earlier.iter().map(|earlier| &earlier.fingerprint);
        self.replay(&take.fingerprint, earlier).is_some_and(|score| score.is_replay())
    }

    /// The voice's thresholds that hold for these callers: some takes of each are tried against others' voiceprints.
    pub fn site(&self, callers: &[Voiceprint]) -> SiteThresholds {
        let keys: Vec<i64> = (0..).take(callers.len()).collect();
        let voiceprint = |key: i64| callers.get(key as usize);
        let mut site = Site::new();
        for &key in &keys {
            let Some(caller) = voiceprint(key) else { continue };
            let against = |other: i64| {
                let owner = voiceprint(other)?;
                let ratios = caller.takes().iter().filter_map(|take| Some(self.score_print(owner, take).ok()?.0));
                Some((other, ratios.collect()))
            };
            let scores: Vec<_> = partners(key, &keys).into_iter().filter_map(against).collect();
            site.add(key, &scores);
        }
        site.thresholds(&self.calibration)
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

    /// Whether a take is clearly the enrolled voice: more speech would hardly change it.
    pub fn is_clearly(&self, voiceprint: &Voiceprint, take: &Take, bar: &Bar) -> bool {
        let scored = take.voice.as_ref().ok().and_then(|voice| self.score(voiceprint, voice).ok());
        scored.is_some_and(|(_, llr)| llr.0 >= self.voice_threshold(bar).0 + findings::CLEAR)
    }

    /// Scores what the speaker model alone made of a voice, without the second model.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    fn score_first(
        &self,
        voiceprint: &Voiceprint,
        first: &Embedding,
        heard_ms: u32,
    ) -> Result<(Cosine, Llr), ScoreError> {
        let speaker = self.models.speaker();
        let voiceprint = match self.models.second_model() {
            Some(second) if *voiceprint.model() == second.id => {
                &voiceprint.first_of(&speaker.id, speaker.backend.dimension())?
            }
            _ => voiceprint,
        };
        let cosine = voiceprint.score(first)?;
        let net_speech_s = heard_ms as f32 / 1000.0;
        Ok((cosine, speaker.calibration.llr(cosine, net_speech_s, voiceprint.agreement().mean)))
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
