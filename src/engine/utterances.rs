//! One recording in which a sentence is said several times.

use std::ops::Range;

use super::{Engine, EngineError, Take};
use crate::audio::resample;
use crate::phrase::Frames;
use crate::types::{Clip8k, Clip16k};
use crate::vad::{QualityLimits, Speech};

/// The shortest pause between two utterances, in samples: 600 ms. Pauses within the fixtures' sentences end at 350 ms.
const PAUSE: usize = 600 * Clip8k::RATE_HZ as usize / 1000;

/// The part of the pause kept on either side of an utterance, in samples: 250 ms, so that neighbours share nothing.
const MARGIN: usize = 250 * Clip8k::RATE_HZ as usize / 1000;

/// More utterances than anybody needs.
const MOST: usize = 8;

impl Engine {
    /// Examines a recording; where one sentence is said several times, with pauses between, each time is a take.
    ///
    /// A pause within a sentence makes parts that differ in their words: then the whole is one take.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails. A poor recording is no error: see [`Take::fault`].
    pub fn examine_parts(&self, clip: &Clip16k, limits: &QualityLimits) -> Result<Vec<Take>, EngineError> {
        let heard = resample::to_8k(clip);
        let parts = utterances(&self.speech(&heard)?, heard.samples().len());
        if (2..=MOST).contains(&parts.len()) {
            let mut takes = Vec::with_capacity(parts.len());
            for part in parts {
                let alone = resample::to_16k(&heard.samples()[part], Clip8k::RATE_HZ)?;
                takes.push(self.examine(&alone, limits)?);
            }
            let words: Vec<Frames> =
                takes.iter().filter_map(|take| take.words.as_ref()).map(|words| words.frames().clone()).collect();
            if words.len() == takes.len() && self.same_phrase(&words).is_ok() {
                return Ok(takes);
            }
        }
        Ok(vec![self.examine(clip, limits)?])
    }
}

/// Where each utterance is, with its margins, in samples.
fn utterances(speech: &Speech, samples: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for segment in &speech.segments {
        match found.last_mut() {
            Some(last) if segment.start < last.end + PAUSE => last.end = segment.end,
            _ => found.push(segment.clone()),
        }
    }
    found.iter().map(|range| range.start.saturating_sub(MARGIN)..(range.end + MARGIN).min(samples)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utterances_are_told_apart_by_long_pauses() {
        let speech = Speech { segments: vec![1_000..5_000, 8_000..12_000, 17_000..20_000], ..Speech::default() };
        assert_eq!(utterances(&speech, 21_000), [0..14_000, 15_000..21_000]);
        assert!(utterances(&Speech::default(), 100).is_empty());
    }
}
