use std::ops::Range;

use super::{CHUNK, VadConfig};
use crate::types::Clip8k;

/// Finds stretches of speech as probabilities come, in chunks from the first probability.
///
/// A stretch begins at the threshold, and ends where probabilities first fell below the negative threshold, once they
/// stayed below the threshold for the shortest pause.
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    threshold: f32,
    negative_threshold: f32,
    pause_chunks: usize,
    at: usize,
    start: Option<usize>,
    quiet: Option<usize>,
}

impl Tracker {
    pub(super) fn new(config: &VadConfig) -> Self {
        Self {
            threshold: config.threshold,
            negative_threshold: config.negative_threshold,
            pause_chunks: chunks(config.min_silence_ms).max(1),
            at: 0,
            start: None,
            quiet: None,
        }
    }

    /// Takes the next probability; a stretch is returned once it has ended.
    pub(super) fn hear(&mut self, probability: f32) -> Option<Range<usize>> {
        let now = self.at;
        self.at += 1;
        if probability >= self.threshold {
            self.start = self.start.or(Some(now));
            self.quiet = None;
        } else if probability < self.negative_threshold && self.start.is_some() {
            let until = *self.quiet.get_or_insert(now);
            if self.at - until >= self.pause_chunks {
                return self.close();
            }
        }
        None
    }

    /// The stretch that has not ended yet, as far as it is speech.
    pub(super) fn open(&self) -> Option<Range<usize>> {
        self.start.map(|from| from..self.quiet.unwrap_or(self.at))
    }

    /// Whether the last probability may be speech.
    pub(super) fn is_speaking(&self) -> bool {
        self.start.is_some() && self.quiet.is_none()
    }

    /// How many probabilities were taken.
    pub(super) fn heard(&self) -> usize {
        self.at
    }

    /// Ends the stretch that has not ended yet.
    pub(super) fn close(&mut self) -> Option<Range<usize>> {
        let open = self.open();
        (self.start, self.quiet) = (None, None);
        open
    }
}

/// The fewest whole chunks that last so long.
pub(super) fn chunks(ms: u32) -> usize {
    (ms as usize * Clip8k::RATE_HZ as usize / 1000).div_ceil(CHUNK)
}
