use std::f64::consts::PI;

/// Taps on either side of an interpolated sample; 16 keep errors below −60 dB up to 3.6 kHz.
const TAPS: isize = 16;
/// Stretching works on windows of 32 ms, about three periods of a deep voice, half over each other.
const WINDOW: usize = 256;
const HOP: usize = WINDOW / 2;
/// How far a window is moved to continue the one before, in samples: one period of 80 Hz in all.
const SEARCH: usize = 50;

/// Played `factor` times as fast, the pitch with it, as by a record player.
pub(crate) fn speed(samples: &[f32], factor: f64) -> Vec<f32> {
    warped(samples, |_| factor)
}

/// Played at a speed that varies: `factor` tells it for each moment of the result, in samples.
pub(crate) fn warped(samples: &[f32], factor: impl Fn(usize) -> f64) -> Vec<f32> {
    let (mut at, mut result) = (0.0, Vec::with_capacity(samples.len()));
    while at < samples.len() as f64 {
        let faster = factor(result.len()).clamp(0.25, 4.0);
        result.push(between(samples, at, faster));
        at += faster;
    }
    result
}

/// `factor` times as long at the same pitch: windows are overlapped where they fit best (WSOLA: Verhelst, Roelands
/// 1993).
pub(crate) fn stretch(samples: &[f32], factor: f64) -> Vec<f32> {
    let length = (samples.len() as f64 * factor) as usize;
    let mut result = vec![0.0_f32; length + WINDOW];
    let hann = |n: usize| (0.5 - 0.5 * (2.0 * PI * n as f64 / WINDOW as f64).cos()) as f32;
    let sample = |at: isize| usize::try_from(at).ok().and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
    let mut natural: isize = 0;
    for start in (0..length).step_by(HOP) {
        let wanted = (start as f64 / factor) as isize;
        let best = if start == 0 { wanted } else { best_fit(&sample, natural, wanted) };
        for n in 0..WINDOW {
            result[start + n] += sample(best + n.cast_signed()) * hann(n);
        }
        natural = best + HOP.cast_signed();
    }
    result.truncate(length);
    result
}

/// Higher by a factor of `factor` at the same length.
pub(crate) fn pitch(samples: &[f32], factor: f64) -> Vec<f32> {
    speed(&stretch(samples, factor), factor)
}

/// Where around `wanted` the samples are most like those at `natural`.
fn best_fit(sample: &impl Fn(isize) -> f32, natural: isize, wanted: isize) -> isize {
    let likeness = |at: isize| {
        let (mut product, mut power) = (0.0, 1e-9);
        for n in 0..WINDOW.cast_signed() {
            let there = sample(at + n);
            product += sample(natural + n) * there;
            power += there * there;
        }
        product / power.sqrt()
    };
    let search = SEARCH.cast_signed();
    let score = |at: &isize| likeness(*at);
    (wanted - search..=wanted + search).max_by(|a, b| score(a).total_cmp(&score(b))).unwrap_or(wanted)
}

/// A value between samples, by a windowed sinc that leaves away what the new speed cannot carry.
fn between(samples: &[f32], at: f64, faster: f64) -> f32 {
    let cutoff = 1.0_f64.min(1.0 / faster);
    let first = at.floor() as isize;
    let mut sum = 0.0;
    for n in first - TAPS + 1..=first + TAPS {
        let Some(&sample) = usize::try_from(n).ok().and_then(|n| samples.get(n)) else { continue };
        let distance = at - n as f64;
        let window = 0.5 + 0.5 * (PI * distance / (TAPS as f64 + 1.0)).cos();
        let sinc = if distance == 0.0 { cutoff } else { (PI * distance * cutoff).sin() / (PI * distance) };
        sum += f64::from(sample) * sinc * window;
    }
    sum as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.3 * (2.0 * PI * hz * n as f64 / 8_000.0).sin() as f32).collect()
    }

    /// The frequency by counting how often a tone rises through zero.
    fn hz(samples: &[f32]) -> f64 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        let rises = middle.windows(2).filter(|two| two[0] < 0.0 && two[1] >= 0.0).count();
        rises as f64 * 8_000.0 / middle.len() as f64
    }

    #[test]
    fn speed_changes_length_and_pitch() {
        let fast = speed(&tone(500.0, 16_000), 1.25);
        assert!((fast.len() as f64 - 12_800.0).abs() < 2.0 && (hz(&fast) - 625.0).abs() < 5.0);
    }

    #[test]
    fn stretching_changes_the_length_alone() {
        for factor in [0.9, 0.98, 1.02, 1.2] {
            let longer = stretch(&tone(500.0, 16_000), factor);
            assert!((longer.len() as f64 - 16_000.0 * factor).abs() < 2.0 && (hz(&longer) - 500.0).abs() < 8.0);
        }
    }

    #[test]
    fn pitch_changes_the_pitch_alone() {
        let higher = pitch(&tone(500.0, 16_000), 1.1);
        assert!((higher.len() as f64 - 16_000.0).abs() < 4.0 && (hz(&higher) - 550.0).abs() < 8.0);
    }
}
