use std::collections::VecDeque;

use super::super::EngineError;
use super::CHUNK_MS;
use crate::scoring::{Embedding, ScoreError};
use crate::types::Clip8k;
use crate::vad::CHUNK;

/// New net speech after which the voice is examined again, in milliseconds.
const STEP_MS: u32 = 2_000;

/// The speech examined at once, in samples: the newest 4 s, so that every sound is heard twice.
///
/// One second of speech triples the error of three; what a conversation as a whole comes to is in `docs/listening.md`.
const WINDOW: usize = 4 * Clip8k::RATE_HZ as usize;

/// The most speech that is kept until it is examined, in samples: 10 s. Older speech gives way.
const MOST: usize = 10 * Clip8k::RATE_HZ as usize;

/// Less net speech than this, left over at the end, is not examined for itself, in milliseconds.
const LEAST_MS: u32 = 500;

/// Speech to be examined on another thread.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The newest speech, without its pauses.
    pub(in crate::engine) clip: Clip8k,
    /// Net speech in it that was not examined before, in milliseconds.
    pub(in crate::engine) new_ms: u32,
}

/// Speech that was examined.
#[derive(Clone, Debug)]
pub struct Sample {
    pub(in crate::engine) voice: Embedding,
    pub(in crate::engine) new_ms: u32,
}

/// The voice of a conversation, as far as it is known: a mean of unit embeddings, weighed by the speech behind each.
#[derive(Debug, Default)]
pub(super) struct RunningVoice {
    /// The newest speech.
    audio: VecDeque<i16>,
    /// Net speech at its end that was not examined yet, in chunks.
    new: u32,
    is_out: bool,
    sum: Vec<f32>,
    mean: Option<Embedding>,
    examined_ms: u32,
}

impl RunningVoice {
    /// Takes in a chunk of speech, or of the margin around it.
    pub(super) fn push(&mut self, samples: &[i16], is_speech: bool) {
        self.audio.extend(samples);
        self.audio.drain(..self.audio.len().saturating_sub(MOST));
        self.new = (self.new + u32::from(is_speech)).min((MOST / CHUNK) as u32);
    }

    /// The speech to examine, if it is time; at the end, all that is left.
    pub(super) fn due(&mut self, is_end: bool) -> Option<Spoken> {
        let new_ms = self.new * CHUNK_MS as u32;
        let enough_ms = if is_end { LEAST_MS } else { STEP_MS };
        if self.is_out || new_ms < enough_ms {
            return None;
        }
        self.is_out = true;
        let from = self.audio.len().saturating_sub(WINDOW.max(self.new as usize * CHUNK));
        let samples: Vec<f32> = self.audio.range(from..).map(|&sample| f32::from(sample) / 32_768.0).collect();
        self.new = 0;
        // The next examination looks at no more than one window back.
        self.audio.drain(..self.audio.len().saturating_sub(WINDOW));
        Some(Spoken { clip: Clip8k::new(samples), new_ms })
    }

    /// Whether speech is being examined.
    pub(super) fn is_out(&self) -> bool {
        self.is_out
    }

    /// Takes back what was examined.
    pub(super) fn examined(&mut self, sample: &Sample) -> Result<(), EngineError> {
        self.is_out = false;
        let mut sum = self.sum.clone();
        sum.resize(sample.voice.values().len(), 0.0);
        for (sum, value) in sum.iter_mut().zip(sample.voice.values()) {
            *sum += value * sample.new_ms as f32;
        }
        let mean = Embedding::unit(sample.voice.model().clone(), sum.clone());
        match mean {
            Ok(mean) => (self.sum, self.mean) = (sum, Some(mean)),
            // Opposite voices cancel out: what was known before stands.
            Err(ScoreError::NoDirection) => {}
            Err(error) => return Err(error.into()),
        }
        self.examined_ms += sample.new_ms;
        Ok(())
    }

    /// The voice so far.
    pub(super) fn mean(&self) -> Option<&Embedding> {
        self.mean.as_ref()
    }

    /// Net speech behind it, in milliseconds.
    pub(super) fn examined_ms(&self) -> u32 {
        self.examined_ms
    }

    /// Samples held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.audio.len()
    }
}
