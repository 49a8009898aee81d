use std::f32::consts::TAU;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Samples of a frame: 64 ms tell the harmonics of a voice of 80 Hz apart.
pub(super) const WINDOW: usize = 512;
/// Samples from frame to frame: 16 ms.
pub(super) const HOP: usize = 128;
/// The first line kept, 281 Hz: below it telephones differ too much.
const FIRST_LINE: usize = 18;
/// Lines kept, 15.6 Hz apart: up to 3281 Hz, what a telephone surely carries.
pub(super) const LINES: usize = 192;
/// Lines in a band.
const PER_BAND: usize = 2;
/// Bands of 31.25 Hz.
pub(super) const BANDS: usize = LINES / PER_BAND;
/// The lowest band's middle, in bands: what frequencies are proportional to.
pub(super) const FIRST_BAND: f32 = (FIRST_LINE as f32 + 0.5) / PER_BAND as f32;
/// Added to a line's power, full scale 1: −110 dB, far below any line's noise.
const FLOOR: f32 = 1e-11;

/// Levels of a stretch of sound in dB: `[frames, LINES]`, row-major.
pub(super) struct Spectrum {
    pub(super) levels: Vec<f32>,
}

impl Spectrum {
    pub(super) fn frames(&self) -> usize {
        self.levels.len() / LINES
    }

    pub(super) fn frame(&self, frame: usize) -> &[f32] {
        &self.levels[frame * LINES..][..LINES]
    }
}

/// The transform with its tables.
#[derive(Clone)]
pub(super) struct Analyser {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Arc<[f32]>,
}

impl fmt::Debug for Analyser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analyser").finish_non_exhaustive()
    }
}

impl Analyser {
    pub(super) fn new() -> Self {
        // Hann: its side lobes fall fast enough that a loud harmonic does not hide the valley beside it.
        let hann = |n: usize| (0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos()) * 4.0 / WINDOW as f32;
        Self { fft: RealFftPlanner::new().plan_fft_forward(WINDOW), window: (0..WINDOW).map(hann).collect() }
    }

    /// The spectrum of whole frames; a stretch shorter than one has none.
    pub(super) fn spectrum(&self, samples: &[f32]) -> Spectrum {
        let mut padded = [0.0; WINDOW];
        let mut lines = vec![Complex::default(); WINDOW / 2 + 1];
        let mut scratch = self.fft.make_scratch_vec();
        let mut levels = Vec::with_capacity(samples.len() / HOP * LINES);
        for frame in samples.windows(WINDOW).step_by(HOP) {
            for ((padded, sample), window) in padded.iter_mut().zip(frame).zip(&*self.window) {
                *padded = sample * window;
            }
            self.fft
                .process_with_scratch(&mut padded, &mut lines, &mut scratch)
                .expect("every buffer has the length the plan asks for");
            levels.extend(lines[FIRST_LINE..][..LINES].iter().map(|line| 10.0 * (line.norm_sqr() + FLOOR).log10()));
        }
        Spectrum { levels }
    }
}
