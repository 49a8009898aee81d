//! The voice model's front end: log-mel features of phone audio.

use std::ops::Range;

use crate::types::Clip8k;

/// Length of a frame, in milliseconds.
pub const FRAME_MS: u32 = 25;
/// Distance between the beginnings of two frames, in milliseconds.
pub const SHIFT_MS: u32 = 10;
/// Weight of the sample before, subtracted from each sample.
pub const PREEMPHASIS: f32 = 0.97;
/// The window laid over a frame: a symmetric Hann window to the power of 0.85.
pub const WINDOW: &str = "povey";
/// Lower edge of the lowest mel triangle.
pub const MEL_LOW_HZ: f32 = 20.0;
/// Upper edge of the highest of [`Features::BINS`] mel triangles, as for 16 kHz audio.
pub const MEL_HIGH_HZ: f32 = 8000.0;
/// Triangles below half of 8 kHz; the features above stay zero.
pub const BINS_USED: usize = 59;
/// Share of the mean energy that is added before the logarithm: a floor of −40 dB.
pub const FLOOR_RATIO: f32 = 1e-4;

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
#[derive(Debug)]
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
