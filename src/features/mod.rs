//! The voice model's front end: log-mel features of phone audio.

use std::ops::Range;

use crate::types::Clip8k;

/// Log-mel features of one stretch of audio, the voice model's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    values: Vec<f32>,
}

impl Features {
    /// Values per frame.
    pub const BINS: usize = 80;

    /// Frames of 10 ms.
    pub fn frames(&self) -> usize {
        self.values.len() / Self::BINS
    }

    /// Every value, frame after frame: `[frames, 80]` row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// The filter bank with its tables; make one and share it.
pub struct Fbank {}

impl Fbank {
    /// Plans the transform and computes the tables.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        todo!()
    }

    /// Computes the features of `range` of a clip; a range beyond the clip is cut to it.
    pub fn compute(&self, _clip: &Clip8k, _range: Range<usize>) -> Features {
        todo!()
    }
}
