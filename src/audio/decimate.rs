//! From a multiple of 8 kHz down to 8 kHz, sample by sample as a stream brings them.
//!
//! [`resample`](super::resample) does whole clips, in blocks whose delay a caller would hear. Here the delay is 12 ms,
//! the output does not depend on how the input was cut, and the coefficients are shared by all streams.

use std::f64::consts::PI;
use std::sync::OnceLock;

/// Half the filter's length, in output samples: 12 ms.
///
/// With the window below it passes up to 3.8 kHz within 0.1 dB and leaves less than −80 dB from 4.2 kHz on.
const HALF: usize = 96;

/// The window's shape (Kaiser's β): side lobes below −90 dB.
const BETA: f64 = 9.0;

/// The middle of the edge, as a fraction of 8 kHz.
const CUTOFF: f64 = 3_980.0 / 8_000.0;

/// How many used-up samples may lie before they are moved out; with a filter for 48 kHz, 16 KiB hold all.
const SLACK: usize = 1_024;

/// The largest ratio: 48 kHz.
const MAX_FACTOR: usize = 6;

static FILTERS: [OnceLock<Vec<f32>>; MAX_FACTOR + 1] = [const { OnceLock::new() }; MAX_FACTOR + 1];

/// A low-pass filter that gives every n-th sample.
#[derive(Clone, Debug)]
pub(super) struct Decimator {
    factor: usize,
    filter: &'static [f32],
    /// Input not used up: `waiting[next..]` and what comes makes the next output.
    waiting: Vec<f32>,
    next: usize,
}

impl Decimator {
    /// `factor` input samples become one; from 2 to 6.
    pub(super) fn new(factor: usize) -> Option<Self> {
        let filter = FILTERS.get(factor).filter(|_| factor > 1)?.get_or_init(|| filter(factor));
        Some(Self { factor, filter, waiting: vec![0.0; HALF * factor], next: 0 })
    }

    /// Takes samples of any count and appends what they complete.
    pub(super) fn push(&mut self, samples: impl Iterator<Item = i16>, out: &mut Vec<i16>) {
        for sample in samples {
            self.waiting.push(f32::from(sample));
            if let Some(window) = self.waiting.get(self.next..self.next + self.filter.len()) {
                out.push(dot(window, self.filter).round() as i16);
                self.next += self.factor;
                if self.next > SLACK {
                    self.waiting.drain(..self.next);
                    self.next = 0;
                }
            }
        }
    }

    /// Appends the samples still inside the filter and starts anew.
    pub(super) fn flush(&mut self, out: &mut Vec<i16>) {
        self.push(std::iter::repeat_n(0, HALF * self.factor), out);
        self.waiting.clear();
        self.waiting.resize(HALF * self.factor, 0.0);
        self.next = 0;
    }
}

/// Eight sums side by side, which the compiler turns into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    let (a_rest, b_rest) = (a.chunks_exact(8).remainder(), b.chunks_exact(8).remainder());
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// A windowed sinc of odd length, symmetric, with a sum of one.
fn filter(factor: usize) -> Vec<f32> {
    let half = (HALF * factor) as f64;
    let tap = |n: usize| {
        let n = n as f64 - half;
        let t = n / factor as f64;
        let sinc = if n == 0.0 { 2.0 * CUTOFF } else { (2.0 * PI * CUTOFF * t).sin() / (PI * t) };
        sinc * bessel(BETA * (1.0 - (n / half).powi(2)).sqrt())
    };
    let taps: Vec<f64> = (0..=2 * HALF * factor).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| (tap / sum) as f32).collect()
}

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn wave(hz: f64, rate_hz: f64, count: usize) -> Vec<i16> {
        (0..count).map(|n| (16_000.0 * (TAU * hz * n as f64 / rate_hz).cos()).round() as i16).collect()
    }

    fn decimate(factor: usize, samples: &[i16]) -> Vec<i16> {
        let (mut decimator, mut out) = (Decimator::new(factor).unwrap(), Vec::new());
        decimator.push(samples.iter().copied(), &mut out);
        decimator.flush(&mut out);
        out
    }

    /// Power relative to a full-length wave of amplitude 16 000, the ends left away.
    fn level_db(samples: impl Iterator<Item = f64>) -> f64 {
        let (power, count) = samples.fold((0.0, 0), |(power, count), s| (power + s * s, count + 1));
        10.0 * (power / f64::from(count) / (16_000.0_f64.powi(2) / 2.0)).log10()
    }

    #[test]
    fn a_tone_arrives_in_time_and_at_its_level() {
        for (factor, hz) in
            [2, 3, 4, 6].into_iter().flat_map(|factor| [100.0, 1_000.0, 3_400.0, 3_800.0].map(|hz| (factor, hz)))
        {
            let rate_hz = 8_000.0 * f64::from(factor);
            let found = decimate(factor as usize, &wave(hz, rate_hz, 8_000 * factor as usize));
            let wanted = wave(hz, 8_000.0, 8_000);
            assert_eq!(found.len(), wanted.len());
            let error = found.iter().zip(&wanted).skip(400).take(7_200).map(|(f, w)| f64::from(*f) - f64::from(*w));
            let floor = if hz < 3_500.0 { -75.0 } else { -38.0 };
            let error_db = level_db(error);
            assert!(error_db < floor, "{hz} Hz from {rate_hz} Hz: error {error_db:.1} dB");
        }
    }

    #[test]
    fn what_8k_cannot_carry_does_not_fold_back() {
        for (factor, hz) in [(2, 4_200.0), (2, 7_900.0), (3, 5_000.0), (4, 12_000.0), (6, 4_200.0), (6, 23_000.0)] {
            let found = decimate(factor, &wave(hz, 8_000.0 * factor as f64, 8_000 * factor));
            let left_db = level_db(found[400..7_600].iter().map(|s| f64::from(*s)));
            assert!(left_db < -75.0, "{hz} Hz leaves {left_db:.1} dB");
        }
    }

    #[test]
    fn the_output_does_not_depend_on_how_the_input_was_cut() {
        let samples = wave(700.0, 24_000.0, 10_007);
        let whole = decimate(3, &samples);
        let (mut decimator, mut out) = (Decimator::new(3).unwrap(), Vec::new());
        for piece in samples.chunks(7).flat_map(|piece| [piece, &[]]) {
            decimator.push(piece.iter().copied(), &mut out);
        }
        decimator.flush(&mut out);
        assert_eq!(out, whole);
        assert_eq!(out.len(), 10_007_usize.div_ceil(3));
    }

    #[test]
    fn full_scale_saturates_instead_of_wrapping() {
        let square: Vec<i16> = (0..16_000).map(|n| if n / 40 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let out = decimate(2, &square);
        let middles = out.iter().skip(10).step_by(20).zip(square.iter().skip(20).step_by(40));
        assert!(
            middles.clone().count() == 400 && middles.clone().all(|(found, wanted)| found.signum() == wanted.signum())
        );
        assert!(out.contains(&i16::MAX) && out.contains(&i16::MIN));
    }

    #[test]
    fn memory_stays_bounded_however_long_the_stream() {
        let (mut decimator, mut out) = (Decimator::new(6).unwrap(), Vec::new());
        for _ in 0..20 {
            out.clear();
            decimator.push(wave(300.0, 48_000.0, 960).into_iter(), &mut out);
        }
        assert!(decimator.waiting.capacity() <= 4 * SLACK, "{}", decimator.waiting.capacity());
    }

    #[test]
    fn only_ratios_of_the_telephone_world_are_taken() {
        assert_eq!([0, 1, 7, usize::MAX].map(|factor| Decimator::new(factor).is_none()), [true; 4]);
    }
}
