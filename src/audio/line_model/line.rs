use std::f64::consts::TAU;

use audiopus::coder::Encoder;
use audiopus::{Application, Bitrate, Channels, SampleRate};

use super::Dice;
use crate::audio::mulaw as g711;
use crate::audio::opus::Opus;
use crate::audio::{AudioError, resample};
use crate::types::{Clip8k, Clip16k};

const RATE_HZ: f64 = Clip8k::RATE_HZ as f64;
/// 20 ms, what telephony sends in one Opus packet.
const PACKET: usize = 160;

/// Through a telephone line once: G.711 µ-law and back.
pub(crate) fn mulaw(samples: &[f32]) -> Vec<f32> {
    samples.iter().map(|&sample| f32::from(g711::to_linear(g711::from_linear(to_pcm(sample)))) / 32_768.0).collect()
}

/// Louder or softer by `db`; what leaves full scale is cut off.
pub(crate) fn gain(samples: &[f32], db: f64) -> Vec<f32> {
    let factor = 10_f64.powf(db / 20.0) as f32;
    samples.iter().map(|sample| (sample * factor).clamp(-1.0, 1.0)).collect()
}

/// Brought to a mean power of `dbfs`; what leaves full scale is cut off.
pub(crate) fn level(samples: &[f32], dbfs: f64) -> Vec<f32> {
    let power: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    let mean = (power / samples.len().max(1) as f64).max(1e-12);
    gain(samples, dbfs - 10.0 * mean.log10())
}

/// Brought to 16 kHz and back, without the shortcut that a telephone's own samples take.
///
/// # Errors
/// [`AudioError`] as [`resample::to_16k`] gives it.
pub(crate) fn through_16k(samples: &[f32]) -> Result<Vec<f32>, AudioError> {
    let up = resample::to_16k(samples, Clip8k::RATE_HZ)?;
    Ok(resample::to_8k(&Clip16k::new(up.samples())).samples().to_vec())
}

/// Through Opus at `bits` per second and back; the coder's delay stays in.
///
/// # Errors
/// [`AudioError::Codec`] when libopus has no memory, or refuses the rate or a packet of its own.
pub(crate) fn opus(samples: &[f32], bits: i32) -> Result<Vec<f32>, AudioError> {
    let failed = |_| AudioError::Codec("opus");
    let mut encoder = Encoder::new(SampleRate::Hz8000, Channels::Mono, Application::Voip).map_err(failed)?;
    encoder.set_bitrate(Bitrate::BitsPerSecond(bits)).map_err(failed)?;
    let (mut far_end, mut heard) = (Opus::new()?, Vec::with_capacity(samples.len() + PACKET));
    for chunk in samples.chunks(PACKET) {
        let mut pcm = [0; PACKET];
        pcm.iter_mut().zip(chunk).for_each(|(pcm, &sample)| *pcm = to_pcm(sample));
        // The longest packet of 20 ms that Opus makes has 1275 bytes.
        let mut packet = [0; 1_275];
        let length = encoder.encode(&pcm, &mut packet).map_err(failed)?;
        if !far_end.decode(&packet[..length], &mut heard) {
            return Err(AudioError::Codec("opus"));
        }
    }
    Ok(heard.iter().map(|&sample| f32::from(sample) / 32_768.0).collect())
}

/// Another handset than before: its band, and three bumps of up to 6 dB.
pub(crate) fn random_handset(samples: &[f32], dice: &mut Dice) -> Vec<f32> {
    let mut samples = samples.to_vec();
    Filter::high_pass(dice.between(120.0, 400.0)).run(&mut samples);
    Filter::low_pass(dice.between(3_000.0, 3_800.0)).run(&mut samples);
    for _ in 0..3 {
        Filter::bump(dice.between(300.0, 3_300.0), dice.between(0.7, 2.5), dice.between(-6.0, 6.0)).run(&mut samples);
    }
    samples
}

/// A filter of second order (R. Bristow-Johnson's cookbook), direct form I.
pub(super) struct Filter {
    ahead: [f64; 3],
    back: [f64; 2],
}

impl Filter {
    /// 12 dB an octave below `hz`, without a peak.
    pub(super) fn high_pass(hz: f64) -> Self {
        let (cos, alpha) = angle(hz, std::f64::consts::FRAC_1_SQRT_2);
        let edge = f64::midpoint(1.0, cos);
        Self::new([edge, -2.0 * edge, edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// 12 dB an octave above `hz`, without a peak.
    pub(super) fn low_pass(hz: f64) -> Self {
        let (cos, alpha) = angle(hz, std::f64::consts::FRAC_1_SQRT_2);
        let edge = (1.0 - cos) / 2.0;
        Self::new([edge, 2.0 * edge, edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// `db` more or less around `hz`.
    pub(super) fn bump(hz: f64, q: f64, db: f64) -> Self {
        let ((cos, alpha), amp) = (angle(hz, q), 10_f64.powf(db / 40.0));
        let back = [1.0 + alpha / amp, -2.0 * cos, 1.0 - alpha / amp];
        Self::new([1.0 + alpha * amp, -2.0 * cos, 1.0 - alpha * amp], back)
    }

    fn new(ahead: [f64; 3], back: [f64; 3]) -> Self {
        Self { ahead: ahead.map(|weight| weight / back[0]), back: [back[1] / back[0], back[2] / back[0]] }
    }

    pub(super) fn run(&self, samples: &mut [f32]) {
        let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
        for sample in samples {
            let now = f64::from(*sample);
            let out = self.ahead[0] * now + self.ahead[1] * x[0] + self.ahead[2] * x[1]
                - self.back[0] * y[0]
                - self.back[1] * y[1];
            (x, y) = ([now, x[0]], [out, y[0]]);
            *sample = out as f32;
        }
    }
}

fn angle(hz: f64, q: f64) -> (f64, f64) {
    let (sin, cos) = (TAU * hz / RATE_HZ).sin_cos();
    (cos, sin / (2.0 * q))
}

fn to_pcm(sample: f32) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64) -> Vec<f32> {
        (0..8_000).map(|n| 0.3 * (TAU * hz * f64::from(n) / RATE_HZ).sin() as f32).collect()
    }

    fn level_db(samples: &[f32]) -> f64 {
        let power: f64 = samples[2_000..6_000].iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 4_000.0;
        10.0 * power.log10()
    }

    #[test]
    fn filters_let_through_what_they_should() {
        let through = |filter: Filter, hz| {
            let mut samples = tone(hz);
            let before = level_db(&samples);
            filter.run(&mut samples);
            level_db(&samples) - before
        };
        assert!((through(Filter::high_pass(300.0), 300.0) + 3.0).abs() < 0.1);
        assert!((through(Filter::low_pass(1_000.0), 1_000.0) + 3.0).abs() < 0.1);
        assert!((through(Filter::bump(1_000.0, 1.0, 6.0), 1_000.0) - 6.0).abs() < 0.1);
        assert!(through(Filter::high_pass(400.0), 2_000.0).abs() < 0.1);
    }

    #[test]
    fn lines_and_codecs_keep_the_level() {
        let original = tone(700.0);
        for (name, coded) in [
            ("mulaw", mulaw(&original)),
            ("opus", opus(&original, 16_000).unwrap()),
            ("16k", through_16k(&original).unwrap()),
        ] {
            assert!((level_db(&coded) - level_db(&original)).abs() < 0.5, "{name}");
        }
        assert!((level_db(&gain(&original, -6.0)) - level_db(&original) + 6.0).abs() < 0.01);
    }
}
