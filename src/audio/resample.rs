//! Rate conversion without aliases, keeping time: sample 0 stays at sample 0.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use super::AudioError;
use crate::types::{Clip8k, Clip16k};

/// The lowest rate taken: a telephone's. Below it half the voice is missing.
pub const MIN_RATE_HZ: u32 = 8_000;

/// The highest rate taken: what browsers and sound cards record at.
pub const MAX_RATE_HZ: u32 = 48_000;

/// Transform blocks per second; a longer block has a steeper edge at 4 kHz.
///
/// 125 ms pass everything the voice model hears (up to 3.86 kHz) 8 → 16 → 8 kHz with an error below −120 dB, and
/// nothing from above 4.01 kHz with more than −138 dB. 40 ms lost everything above 3.7 kHz. Either takes 0.1 ms per
/// second of audio.
const BLOCKS_PER_SECOND: usize = 8;

/// Brings samples at `rate_hz` to 16 kHz; the duration is kept to the sample.
///
/// # Errors
/// [`AudioError::Rate`] outside 8 to 48 kHz, [`AudioError::Empty`] for no samples.
pub fn to_16k(samples: &[f32], rate_hz: u32) -> Result<Clip16k, AudioError> {
    check_rate(rate_hz)?;
    if samples.is_empty() {
        return Err(AudioError::Empty);
    }
    let clip = Clip16k::new(convert(samples, rate_hz, Clip16k::RATE_HZ));
    Ok(if rate_hz == Clip8k::RATE_HZ { clip.with_line(Clip8k::new(samples)) } else { clip })
}

/// Brings a clip to the 8 kHz the voice models listen at; what came from a telephone line is as it was there.
pub fn to_8k(clip: &Clip16k) -> Clip8k {
    clip.line().cloned().unwrap_or_else(|| Clip8k::new(convert(clip.samples(), Clip16k::RATE_HZ, Clip8k::RATE_HZ)))
}

/// Refuses rates that are not taken.
pub(super) fn check_rate(hz: u32) -> Result<(), AudioError> {
    if (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&hz) {
        Ok(())
    } else {
        Err(AudioError::Rate { hz, min_hz: MIN_RATE_HZ, max_hz: MAX_RATE_HZ })
    }
}

/// Resamples all of `samples`, giving `len · to / from` samples, rounded up.
fn convert(samples: &[f32], from_hz: u32, to_hz: u32) -> Vec<f32> {
    if from_hz == to_hz || samples.is_empty() {
        return samples.to_vec();
    }
    let (from, to) = (from_hz as usize, to_hz as usize);
    // Both rates must divide into a block. Its filter delays by half of it: an odd one would shift time by half a
    // sample.
    let unit = 2 * (from / greatest_common_divisor(from, to));
    let block = (from / BLOCKS_PER_SECOND).div_ceil(unit) * unit;
    let mut fft = Fft::<f32>::new_custom(from, to, block, 1, 1, WindowFunction::BlackmanHarris2, FixedSync::Input)
        .expect("both rates and the block are above zero");
    let input = InterleavedSlice::new(samples, 1, samples.len()).expect("one channel fills its slice");
    let mut output = fft.process_all(&input, samples.len(), None).expect("the call makes its own output").take_data();
    // The length in whole numbers: the crate's own goes through a rounded ratio.
    output.resize((samples.len() * to).div_ceil(from), 0.0);
    output
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// Half-scale cosines, whose samples at any rate are known from outside the resampler.
    fn cosine(hz: f64, rate_hz: u32, seconds: usize) -> Vec<f32> {
        let wave = |n: usize| 0.5 * (TAU * hz * n as f64 / f64::from(rate_hz)).cos();
        (0..seconds * rate_hz as usize).map(|n| wave(n) as f32).collect()
    }

    /// Compares all but the first and last 0.1 s, where a wave that starts at once has no band.
    fn snr_db(wanted: &[f32], found: &[f32], rate_hz: u32) -> f64 {
        assert_eq!(wanted.len(), found.len());
        let edge = rate_hz as usize / 10;
        let middle = wanted.iter().zip(found).skip(edge).take(wanted.len() - 2 * edge);
        let (signal, error) = middle.fold((0.0, 0.0), |(signal, error), (&w, &f)| {
            (signal + f64::from(w).powi(2), error + (f64::from(w) - f64::from(f)).powi(2))
        });
        10.0 * (signal / error).log10()
    }

    #[test]
    fn a_tone_of_any_rate_arrives_at_16k_in_time_and_at_its_level() {
        for rate_hz in [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
            let clip = to_16k(&cosine(1_000.0, rate_hz, 1), rate_hz).unwrap();
            assert!(snr_db(&cosine(1_000.0, 16_000, 1), clip.samples(), 16_000) > 80.0, "{rate_hz} Hz");
        }
    }

    #[test]
    fn phone_audio_survives_the_way_to_16k_and_back() {
        for hz in [60.0, 300.0, 1_000.0, 3_000.0, 3_400.0, 3_860.0] {
            let phone = cosine(hz, 8_000, 1);
            let up = to_16k(&phone, 8_000).unwrap();
            let back = to_8k(&Clip16k::new(up.samples()));
            assert!(snr_db(&phone, back.samples(), 8_000) > 80.0, "{hz} Hz");
        }
    }

    #[test]
    fn what_a_line_carried_comes_back_to_the_bit() {
        let phone = cosine(3_990.0, 8_000, 1);
        assert_eq!(to_8k(&to_16k(&phone, 8_000).unwrap()).samples(), phone);
        assert_eq!(to_16k(&phone, 16_000).unwrap().line(), None);
    }

    #[test]
    fn what_8k_cannot_carry_does_not_fold_back() {
        for hz in [4_050.0, 4_600.0, 6_000.0, 7_900.0] {
            let down = to_8k(&Clip16k::new(cosine(hz, 16_000, 1)));
            let loudest = down.samples()[800..7_200].iter().fold(0.0, |peak: f32, s| peak.max(s.abs()));
            assert!(loudest < 1e-5, "{hz} Hz leaves {loudest}");
        }
    }

    #[test]
    fn the_length_is_exact_however_short_or_odd() {
        for (samples, rate_hz, expected) in
            [(1, 8_000, 2), (1, 48_000, 1), (7, 44_100, 3), (44_101, 44_100, 16_001), (8_001, 8_001, 16_000)]
        {
            assert_eq!(
                to_16k(&vec![0.1; samples], rate_hz).unwrap().samples().len(),
                expected,
                "{samples} at {rate_hz} Hz"
            );
        }
    }

    #[test]
    fn rates_that_no_line_or_microphone_has_are_refused() {
        for rate_hz in [0, 7_999, 48_001, u32::MAX] {
            assert_eq!(to_16k(&[0.0], rate_hz).unwrap_err().code(), "audio_rate");
        }
        assert_eq!(to_16k(&[], 8_000), Err(AudioError::Empty));
    }
}
