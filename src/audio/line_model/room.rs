use std::f64::consts::TAU;

use realfft::RealFftPlanner;

use super::line::{Filter, level, mulaw};
use super::{Dice, random_handset, warped};
use crate::types::Clip8k;

const RATE_HZ: f64 = Clip8k::RATE_HZ as f64;

/// Played by a loudspeaker, heard in a room by another telephone.
///
/// Drawn: the loudspeaker's band, bumps and distortion; a room of 15 to 90 m³ with a reverberation time of 0.2 to 0.6
/// s; 10 cm to 1 m from loudspeaker to telephone; noise 15 to 35 dB below; a player whose speed is up to 1 % off and
/// wavers; the second telephone's band and level. Then G.711.
pub(crate) fn replay(samples: &[f32], dice: &mut Dice) -> Vec<f32> {
    let mut samples = distorted(&loudspeaker(samples, dice), dice);
    let (off, waver, period) = (dice.between(-0.01, 0.01), dice.between(0.0, 0.001), dice.between(0.5, 3.0));
    samples = warped(&samples, |n| 1.0 + off + waver * (TAU * n as f64 / RATE_HZ / period).sin());
    samples = convolved(&samples, &room(dice));
    add_noise(&mut samples, dice.between(15.0, 35.0), dice);
    samples = random_handset(&samples, dice);
    mulaw(&level(&samples, dice.between(-32.0, -18.0)))
}

/// A small loudspeaker: little below 150 to 500 Hz, resonances of its box.
fn loudspeaker(samples: &[f32], dice: &mut Dice) -> Vec<f32> {
    let mut samples = samples.to_vec();
    Filter::high_pass(dice.between(150.0, 500.0)).run(&mut samples);
    for _ in 0..2 {
        Filter::bump(dice.between(400.0, 3_500.0), dice.between(1.0, 4.0), dice.between(-8.0, 8.0)).run(&mut samples);
    }
    samples
}

/// Overdriven a little, as small loudspeakers are when they shall be heard.
fn distorted(samples: &[f32], dice: &mut Dice) -> Vec<f32> {
    let peak = samples.iter().fold(1e-6, |peak: f32, sample| peak.max(sample.abs()));
    let drive = dice.between(0.2, 1.5) as f32 / peak;
    samples.iter().map(|sample| (sample * drive).tanh() / drive).collect()
}

/// How a room answers a click: the direct sound, and noise that dies away by 60 dB in the reverberation time.
///
/// Direct and reverberant sound are equally loud at the critical distance 0.057·√(volume / reverberation time)
/// (Sabine).
fn room(dice: &mut Dice) -> Vec<f32> {
    let (rt60, volume, metres) = (dice.between(0.2, 0.6), dice.between(15.0, 90.0), dice.between(0.1, 1.0));
    let critical = 0.057 * (volume / rt60).sqrt();
    // The first wall answers after 1 to 6 ms.
    let first = dice.between(8.0, 48.0) as usize;
    let length = (rt60 * RATE_HZ) as usize;
    let decay = |n: usize| 10_f64.powf(-3.0 * n as f64 / (rt60 * RATE_HZ));
    let mut answer: Vec<f64> = (0..length).map(|n| if n < first { 0.0 } else { dice.normal() * decay(n) }).collect();
    let power: f64 = answer.iter().map(|value| value * value).sum();
    let reverberant = metres / critical / power.max(1e-12).sqrt();
    for value in &mut answer {
        *value *= reverberant;
    }
    answer[0] = 1.0;
    answer.into_iter().map(|value| value as f32).collect()
}

/// The convolution, cut to the samples' length and the answer's tail.
fn convolved(samples: &[f32], answer: &[f32]) -> Vec<f32> {
    let length = samples.len() + answer.len();
    let size = length.next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let transform = |values: &[f32]| {
        let mut padded = values.to_vec();
        padded.resize(size, 0.0);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).expect("the buffers are the plan's own");
        spectrum
    };
    let mut spectrum = transform(samples);
    spectrum.iter_mut().zip(transform(answer)).for_each(|(value, factor)| *value *= factor / size as f32);
    let mut result = back.make_output_vec();
    back.process(&mut spectrum, &mut result).expect("the product of two real signals is one");
    result.truncate(length);
    result
}

/// Noise so many dB below the mean power, with a random tilt: from a fan's rumble to hiss.
fn add_noise(samples: &mut [f32], snr_db: f64, dice: &mut Dice) {
    let tilt = dice.between(0.0, 0.9);
    let mut before = 0.0;
    let noise: Vec<f64> = samples
        .iter()
        .map(|_| {
            before = tilt * before + dice.normal();
            before
        })
        .collect();
    let own: f64 = noise.iter().map(|value| value * value).sum::<f64>() / noise.len().max(1) as f64;
    let factor = (power(samples) / own.max(1e-12) / 10_f64.powf(snr_db / 10.0)).sqrt();
    samples.iter_mut().zip(noise).for_each(|(sample, noise)| *sample += (noise * factor) as f32);
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_in_a_room_dies_away() {
        let answer = room(&mut Dice::new(3, "room"));
        let half = answer.len() / 2;
        assert!(power(&answer[half..]) < power(&answer[1..half]) / 30.0);
    }

    #[test]
    fn convolution_with_a_late_click_is_a_delay() {
        let sound = convolved(&[1.0, 2.0, 3.0], &[0.0, 0.0, 1.0]);
        for (found, wanted) in sound.iter().zip([0.0, 0.0, 1.0, 2.0, 3.0, 0.0]) {
            assert!((found - wanted).abs() < 1e-5, "{sound:?}");
        }
    }

    #[test]
    fn a_replay_is_the_same_for_the_same_dice_and_has_a_telephones_level() {
        let sound: Vec<f32> = (0..8_000).map(|n| ((n % 80) as f32 / 80.0 - 0.5) * 0.4).collect();
        let once = replay(&sound, &mut Dice::new(5, "replay"));
        assert_eq!(once, replay(&sound, &mut Dice::new(5, "replay")));
        let dbfs = 10.0 * power(&once).log10();
        assert!((-35.0..=-15.0).contains(&dbfs), "{dbfs}");
    }
}
