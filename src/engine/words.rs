//! The words of a take: the same as enrolled, or those that a challenge asked for.

use std::ops::Range;

use super::{Engine, EngineError};
use crate::models::Encoded;
use crate::phrase::{self, Challenge, Distance, Fit, Frames, PhraseError, Sound, Spelling};
use crate::types::{Clip8k, Llr, Reason, Strictness};
use crate::vad::{self, Speech};

/// How much less likely than the likeliest text a challenge's tokens may be on average before it tells, and how much it
/// then tells.
///
/// A challenge that was said lies above −0.75 mostly, other speech between −2 and −3; see `callprint eval-challenge
/// --speech`.
const STRANGE_FROM: f32 = 0.75;
const STRANGE_WEIGHT: f32 = 2.0;

/// The words of a take, to be compared; kept no longer than the attempt.
#[derive(Clone, Debug)]
pub struct Words {
    encoded: Encoded,
    frames: Frames,
}

impl Words {
    /// The template of a phrase, which is kept of them.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }
}

/// How well a take fits an enrolled phrase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhraseScore {
    /// To the enrolled takes, the mean.
    pub distance: Distance,
    /// Above 0 speaks for the same phrase.
    pub llr: Llr,
    /// The mean over the passphrase's tokens of the logarithm of each one's probability less the likeliest's; at most
    /// 0.
    pub text: Option<f32>,
}

/// How well a take fits a challenge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChallengeScore {
    /// The mean over its parts, and the least.
    pub fit: Fit,
    /// Above 0 speaks for the challenge having been said.
    pub llr: Llr,
}

impl Engine {
    /// The words of a stretch of a clip; of more than ten seconds the first ten.
    ///
    /// `speech` is where the voice is taken from too: what [`crate::vad`] left of the clip, with its margins.
    ///
    /// # Errors
    /// [`EngineError`] when the model fails.
    pub fn words(&self, clip: &Clip8k, speech: &Range<usize>) -> Result<Words, EngineError> {
        let encoded = self.models.encode(&Sound::of(clip, speech.clone()))?;
        let frames = self.models.phrase_space().project(encoded.speech())?;
        Ok(Words { encoded, frames })
    }

    /// Where the speech of a clip is.
    ///
    /// # Errors
    /// [`EngineError`] when the model fails.
    pub fn speech(&self, clip: &Clip8k) -> Result<Speech, EngineError> {
        Ok(vad::segments(&self.models.speech_probabilities(clip)?, clip.samples().len(), &self.vad))
    }

    /// Compares the words of a take with the takes of an enrolled phrase, and with its text where it is English.
    ///
    /// # Errors
    /// [`EngineError::Phrase`] without a take or with takes of another model; [`EngineError::Model`] when a model
    /// fails.
    pub fn phrase(
        &self,
        enrolled: &[Frames],
        words: &Words,
        passphrase: Option<&str>,
    ) -> Result<PhraseScore, EngineError> {
        let (distance, llr) = self.phrase_of(enrolled, &words.frames)?;
        let text = passphrase.map(|text| self.text(words, text)).transpose()?;
        Ok(PhraseScore { distance, llr, text })
    }

    /// Compares a template with the takes of an enrolled phrase.
    ///
    /// # Errors
    /// [`EngineError::Phrase`] without a take or with takes of another model.
    pub fn phrase_of(&self, enrolled: &[Frames], probe: &Frames) -> Result<(Distance, Llr), EngineError> {
        let comparison = phrase::compare(enrolled, probe)?;
        Ok((comparison.distance, self.models.phrase_calibration().llr(comparison)))
    }

    /// Holds the words of a take against what a challenge asked for.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails.
    pub fn challenge(&self, words: &Words, challenge: &Challenge) -> Result<ChallengeScore, EngineError> {
        let spelling = challenge.spelling(self.models.tokens())?;
        let heard = self.models.weigh(&words.encoded, &spelling)?;
        let silent = self.models.weigh_silence(&spelling)?;
        let fit = Fit::new(&spelling, &heard, &silent).ok_or(PhraseError::Output("readings of another text"))?;
        // Digits are weighed against digits: other speech fits all of them badly, and none best.
        let strange = (mean(&heard.leads) + STRANGE_FROM).min(0.0);
        Ok(ChallengeScore { fit, llr: Llr(self.models.challenge_calibration().llr(fit).0 + STRANGE_WEIGHT * strange) })
    }

    /// Whether the takes of an enrollment say the same.
    ///
    /// # Errors
    /// [`Reason::TakesDiffer`] when two are too far apart; [`Reason::Unavailable`] for takes of different models.
    pub fn same_phrase(&self, takes: &[Frames]) -> Result<(), Reason> {
        let most = self.models.phrase_calibration().max_take_distance;
        let pairs = phrase::pairs(takes).map_err(|_| Reason::Unavailable)?;
        if pairs.iter().all(|distance| *distance <= most) { Ok(()) } else { Err(Reason::TakesDiffer) }
    }

    /// The lowest log-likelihood ratio of a phrase that is accepted.
    pub fn phrase_threshold(&self, strictness: Strictness) -> Llr {
        self.models.phrase_calibration().thresholds.at(strictness)
    }

    /// The lowest log-likelihood ratio of a challenge that is accepted.
    pub fn challenge_threshold(&self, strictness: Strictness) -> Llr {
        self.models.challenge_calibration().thresholds.at(strictness)
    }

    fn text(&self, words: &Words, text: &str) -> Result<f32, EngineError> {
        let spelling = Spelling::of(self.models.tokens(), text)?;
        let reading = self.models.weigh(&words.encoded, &spelling)?;
        Ok(mean(&reading.leads))
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}
