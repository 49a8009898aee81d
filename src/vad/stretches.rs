use std::ops::Range;

use super::track::{Tracker, chunks};
use super::{CHUNK, VadConfig};
use crate::types::Clip8k;

/// Longer speech without a pause is heard in parts, in milliseconds: audio that waits for its end stays small.
const LONGEST_MS: u32 = 2_000;

/// Finds the speech of a track that has no end in sight.
///
/// The stretches are those that [`segments`](super::segments) finds in the same probabilities, except that a long one
/// comes in parts. Nothing is remembered of what is over.
#[derive(Clone, Debug)]
pub struct Stretches {
    tracker: Tracker,
    shortest: usize,
    longest: usize,
}

impl Stretches {
    /// At the beginning of a track.
    pub fn new(config: &VadConfig) -> Self {
        let shortest = (config.min_speech_ms as usize * Clip8k::RATE_HZ as usize / 1000).div_ceil(CHUNK);
        Self { tracker: Tracker::new(config), shortest, longest: chunks(LONGEST_MS) }
    }

    /// Hears the next chunk's speech probability; a stretch, in chunks since the beginning, once it is over.
    pub fn hear(&mut self, probability: f32) -> Option<Range<usize>> {
        let over = self.tracker.hear(probability);
        let is_long = self.tracker.open().is_some_and(|open| open.len() >= self.longest);
        let over = if is_long { self.tracker.close() } else { over };
        over.filter(|stretch| self.is_speech(stretch))
    }

    /// Where the stretch begins that is not over yet.
    pub fn open(&self) -> Option<usize> {
        self.tracker.open().map(|open| open.start)
    }

    /// Ends the stretch that is not over yet: the track ends here.
    pub fn close(&mut self) -> Option<Range<usize>> {
        self.tracker.close().filter(|stretch| self.is_speech(stretch))
    }

    fn is_speech(&self, stretch: &Range<usize>) -> bool {
        stretch.len() >= self.shortest
    }
}

#[cfg(test)]
mod tests {
    use super::super::segments;
    use super::*;

    /// Every stretch of these probabilities, in chunks.
    fn found(probabilities: &[f32]) -> Vec<Range<usize>> {
        let mut stretches = Stretches::new(&VadConfig::default());
        let mut found: Vec<_> = probabilities.iter().filter_map(|&probability| stretches.hear(probability)).collect();
        found.extend(stretches.close());
        found
    }

    #[test]
    fn the_stretches_are_those_of_a_clip() {
        let mut probabilities = vec![0.0; 200];
        for (from, to) in [(3, 9), (20, 22), (30, 70), (73, 80), (190, 200)] {
            probabilities[from..to].fill(0.9);
        }
        let clip = segments(&probabilities, probabilities.len() * CHUNK, &VadConfig::default());
        let in_chunks: Vec<_> = clip.segments.iter().map(|range| range.start / CHUNK..range.end / CHUNK).collect();
        assert_eq!(found(&probabilities), in_chunks);
        assert_eq!(in_chunks, [3..9, 30..80, 190..200]);
    }

    #[test]
    fn whoever_never_pauses_is_heard_in_parts() {
        let parts = found(&[0.9; 200]);
        assert_eq!(parts, [0..63, 63..126, 126..189, 189..200]);
    }
}
