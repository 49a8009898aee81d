//! The voice model's front end: log-mel features of phone audio.
//!
//! Kaldi's filter bank at 8 kHz, as the voice model was trained with it at 16 kHz: 80 bins are laid over 20–8000 Hz,
//! and those a telephone cannot carry stay zero. Held to kaldi-native-fbank and torchaudio by
//! `fixtures/vectors/fbank_golden.json`.

mod mel;

use std::f64::consts::TAU;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use self::mel::MelBank;
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
///
/// Levels below it are noise of the line, not voice.
pub const FLOOR_RATIO: f32 = 1e-4;

/// Samples per frame.
const FRAME: usize = (Clip8k::RATE_HZ * FRAME_MS / 1000) as usize;
/// Samples from frame to frame.
const SHIFT: usize = (Clip8k::RATE_HZ * SHIFT_MS / 1000) as usize;
/// Length of the transform: the next power of two, as Kaldi rounds.
const FFT: usize = FRAME.next_power_of_two();
/// Kaldi computes on 16-bit samples; ours are ±1.0.
const KALDI_SCALE: f32 = 32_768.0;

/// Log-mel features of one stretch of audio, the voice model's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    values: Vec<f32>,
}

impl Features {
    /// Values per frame; the model was trained with 80.
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
pub struct Fbank {
    fft: Arc<dyn RealToComplex<f32>>,
    window: [f32; FRAME],
    mel: MelBank,
}

impl fmt::Debug for Fbank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fbank").finish_non_exhaustive()
    }
}

impl Default for Fbank {
    fn default() -> Self {
        Self::new()
    }
}

impl Fbank {
    /// Plans the transform and computes the tables.
    pub fn new() -> Self {
        // Povey's window: a symmetric Hann window to the power of 0.85, which does not quite reach zero's slope.
        let povey = |n: usize| (0.5 - 0.5 * (TAU * n as f64 / (FRAME - 1) as f64).cos()).powf(0.85) as f32;
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
            window: std::array::from_fn(povey),
            mel: MelBank::new(f64::from(Clip8k::RATE_HZ) / FFT as f64, FFT / 2),
        }
    }

    /// Computes the features of `range` of a clip.
    ///
    /// Only whole frames count; a range beyond the clip is cut to it. Each bin's mean over the range is 0; bins above
    /// the telephone's band are 0 throughout. Silence gives zeros.
    pub fn compute(&self, clip: &Clip8k, range: Range<usize>) -> Features {
        let end = range.end.min(clip.samples().len());
        let samples = &clip.samples()[range.start.min(end)..end];
        let mut values = self.energies(samples);
        let frames = values.len() / Features::BINS;
        let total: f64 = values.iter().map(|&energy| f64::from(energy)).sum();
        let floor = FLOOR_RATIO * (total / (frames * BINS_USED).max(1) as f64) as f32;
        let mut means = [0.0_f64; BINS_USED];
        for frame in values.chunks_exact_mut(Features::BINS) {
            for (value, mean) in frame.iter_mut().zip(&mut means) {
                *value = (*value + floor).max(f32::EPSILON).ln();
                *mean += f64::from(*value);
            }
        }
        let means = means.map(|sum| (sum / frames.max(1) as f64) as f32);
        for frame in values.chunks_exact_mut(Features::BINS) {
            for (value, mean) in frame.iter_mut().zip(means) {
                *value -= mean;
            }
        }
        Features { values }
    }

    /// Mel energies `[frames, 80]` in Kaldi's scale, the last 21 bins zero.
    fn energies(&self, samples: &[f32]) -> Vec<f32> {
        let frames = (samples.len() + SHIFT).saturating_sub(FRAME) / SHIFT;
        let mut values = vec![0.0; frames * Features::BINS];
        let mut padded = [0.0; FFT];
        let mut power = [0.0; FFT / 2];
        let mut spectrum = vec![Complex::default(); FFT / 2 + 1];
        let mut scratch = self.fft.make_scratch_vec();
        for (row, frame) in values.chunks_exact_mut(Features::BINS).zip(samples.windows(FRAME).step_by(SHIFT)) {
            self.shape(frame, &mut padded);
            self.fft
                .process_with_scratch(&mut padded, &mut spectrum, &mut scratch)
                .expect("every buffer has the length the plan asks for");
            for (power, value) in power.iter_mut().zip(&spectrum) {
                *power = value.norm_sqr();
            }
            self.mel.apply(&power, row);
        }
        values
    }

    /// Removes the frame's mean, emphasises its high frequencies, windows it and fills up with zeros.
    fn shape(&self, frame: &[f32], padded: &mut [f32; FFT]) {
        let mean = frame.iter().sum::<f32>() / FRAME as f32;
        // The first sample has none before it and is taken against itself.
        let mut before = frame[0] - mean;
        for ((out, &sample), window) in padded.iter_mut().zip(frame).zip(self.window) {
            let level = sample - mean;
            *out = (level - PREEMPHASIS * before) * window * KALDI_SCALE;
            before = level;
        }
        padded[FRAME..].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The golden signal, from its formula: a swept tone with noise.
    fn sweep() -> Clip8k {
        let mut noise = 12_345_u32;
        let sample = |n: u32| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let t = f64::from(n) / 8_000.0;
            let tone = 6_000.0 * (TAU * (300.0 * t + 450.0 * t * t)).sin() * (0.6 + 0.4 * (TAU * 3.0 * t).sin());
            let pcm = (tone + (f64::from(noise >> 16) - 32_768.0) / 64.0).round();
            (pcm / 32_768.0) as f32
        };
        Clip8k::new((0..24_000).map(sample).collect::<Vec<_>>())
    }

    fn golden() -> Value {
        serde_json::from_str(include_str!("../../fixtures/vectors/fbank_golden.json")).unwrap()
    }

    /// The largest difference of rows of ours from the golden rows.
    fn worst(golden: &Value, rows: &str, ours: impl Fn(usize, usize) -> f32) -> f64 {
        let mut worst: f64 = 0.0;
        for (frame, row) in golden["frames_written"].as_array().unwrap().iter().zip(golden[rows].as_array().unwrap()) {
            for (bin, wanted) in row.as_array().unwrap().iter().enumerate() {
                let ours = f64::from(ours(frame.as_u64().unwrap() as usize, bin));
                worst = worst.max((ours - wanted.as_f64().unwrap()).abs());
            }
        }
        worst
    }

    #[test]
    fn the_test_signal_is_the_golden_one() {
        let golden = golden();
        let pcm: Vec<i64> = sweep().samples().iter().map(|s| (s * KALDI_SCALE) as i64).collect();
        assert_eq!(serde_json::json!(pcm[..16]), golden["signal"]["pcm_first16"]);
        assert_eq!(serde_json::json!(pcm.iter().sum::<i64>()), golden["signal"]["pcm_sum"]);
    }

    #[test]
    fn mel_energies_are_those_of_kaldi() {
        let golden = golden();
        let energies = Fbank::new().energies(sweep().samples());
        let worst = worst(&golden, "plain_log_mel", |frame, bin| energies[frame * Features::BINS + bin].ln());
        assert!(worst < golden["plain_log_mel_tolerance"].as_f64().unwrap(), "{worst}");
    }

    #[test]
    fn features_are_those_of_the_outside_tools() {
        let golden = golden();
        let features = Fbank::new().compute(&sweep(), 0..24_000);
        assert_eq!(serde_json::json!([features.frames(), BINS_USED]), golden["shape"]);
        let worst =
            worst(&golden, "floor40_mean_subtracted", |frame, bin| features.values()[frame * Features::BINS + bin]);
        assert!(worst < golden["floor40_tolerance"].as_f64().unwrap(), "{worst}");
    }

    #[test]
    fn bins_a_telephone_cannot_carry_are_zero() {
        let features = Fbank::new().compute(&sweep(), 0..24_000);
        assert!(
            features.values().chunks_exact(Features::BINS).all(|frame| frame[BINS_USED..].iter().all(|&v| v == 0.0))
        );
    }

    #[test]
    fn a_range_is_as_good_as_a_clip_of_its_own() {
        let (fbank, clip) = (Fbank::new(), sweep());
        let own = Clip8k::new(&clip.samples()[800..9_000]);
        assert_eq!(fbank.compute(&clip, 800..9_000), fbank.compute(&own, 0..usize::MAX));
    }

    #[test]
    fn only_whole_frames_count() {
        let fbank = Fbank::new();
        for (samples, frames) in [(0, 0), (199, 0), (200, 1), (279, 1), (280, 2), (8_000, 98)] {
            assert_eq!(fbank.compute(&sweep(), 0..samples).frames(), frames, "{samples} samples");
        }
        assert_eq!(fbank.compute(&sweep(), 30_000..40_000).frames(), 0);
    }

    #[test]
    fn silence_has_no_features_but_finite_ones() {
        let features = Fbank::new().compute(&Clip8k::new(vec![0.0; 8_000]), 0..8_000);
        assert!(features.values().iter().all(|&value| value == 0.0));
    }

    #[test]
    fn the_level_does_not_matter() {
        let fbank = Fbank::new();
        let quiet = Clip8k::new(sweep().samples().iter().map(|s| s * 0.01).collect::<Vec<_>>());
        let (loud, quiet) = (fbank.compute(&sweep(), 0..24_000), fbank.compute(&quiet, 0..24_000));
        assert!(loud.values().iter().zip(quiet.values()).all(|(a, b)| (a - b).abs() < 1e-3));
    }
}
