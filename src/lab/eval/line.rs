//! A recording as the frames of a line.

use anyhow::Context;

use crate::audio::mulaw;
use crate::audio::stream::Assembler;
use crate::types::Clip8k;
use crate::types::media::MediaFormat;
use crate::vad::CHUNK;

/// Samples in a millisecond.
const SAMPLES_PER_MS: usize = Clip8k::RATE_HZ as usize / 1000;

/// Length of a provider's frame: 20 ms.
pub(super) const FRAME: usize = 20 * SAMPLES_PER_MS;

/// Share of a recording's chunks that are quieter than the one whose noise is taken for the line's.
///
/// The very quietest understates a noise that varies; much more of a recording without pauses would be speech.
const QUIET: f32 = 0.05;

/// Noise is made for so long and then repeated: 2 s, too long for any detector to hear the repetition.
const NOISE: usize = 2_000 * SAMPLES_PER_MS;

/// A recording as a call's stream brings it, followed by the noise of its line.
#[derive(Debug)]
pub(super) struct Line {
    /// At 8 kHz.
    pub(super) samples: Vec<i16>,
    /// Where the recording ends.
    pub(super) until: usize,
}

impl Line {
    /// Sends a recording down a µ-law line in frames, with `pause_ms` of silence put in, until `most_ms` have gone by.
    ///
    /// The silence is noise of the level and colour that the recording's quiet parts have. The pause is put in at the
    /// quietest moment of the middle third.
    pub(super) fn send(clip: &Clip8k, pause_ms: u32, most_ms: u32) -> anyhow::Result<Self> {
        let noise = noise_like(&quiet_chunk(clip.samples()));
        let silence = |samples: usize| noise.iter().copied().cycle().take(samples);
        let (before, after) = clip.samples().split_at(quietest_moment(clip.samples()));
        let mut sent: Vec<f32> = before.to_vec();
        sent.extend(silence(pause_ms as usize * SAMPLES_PER_MS));
        sent.extend(after);
        let until = sent.len();
        let most = most_ms as usize * SAMPLES_PER_MS + CHUNK;
        sent.extend(silence(most.saturating_sub(until)));
        Ok(Self { samples: receive(&sent)?, until })
    }
}

/// µ-law frames through the same assembler as a call's.
fn receive(sent: &[f32]) -> anyhow::Result<Vec<i16>> {
    let mut assembler = Assembler::new(MediaFormat::TELEPHONE, true).context("the telephone's format")?;
    let mut samples = Vec::with_capacity(sent.len());
    for (frame, n) in sent.chunks(FRAME).zip(0..) {
        let bytes: Vec<u8> = frame.iter().map(|sample| mulaw::from_linear(to_integer(*sample))).collect();
        assembler.push(Some(n), Some(n * 20), &bytes, &mut samples);
    }
    assembler.flush(&mut samples);
    Ok(samples)
}

fn to_integer(sample: f32) -> i16 {
    // The cast saturates.
    (sample * 32_768.0).round() as i16
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}

fn quiet_chunk(samples: &[f32]) -> Vec<f32> {
    let mut chunks: Vec<&[f32]> = samples.chunks_exact(CHUNK).collect();
    chunks.sort_by(|a, b| power(a).total_cmp(&power(b)));
    chunks.get((chunks.len() as f32 * QUIET) as usize).map_or_else(Vec::new, |chunk| chunk.to_vec())
}

/// Where a pause disturbs least: the middle of the quietest chunk in the middle third, in steps of 4 ms.
fn quietest_moment(samples: &[f32]) -> usize {
    let (from, to) = (samples.len() / 3, samples.len() * 2 / 3);
    let chunk = |at: &usize| samples.get(at - CHUNK / 2..at + CHUNK / 2).map_or(f32::INFINITY, power);
    let moments = (from.max(CHUNK / 2)..to).step_by(4 * SAMPLES_PER_MS);
    moments.min_by(|a, b| chunk(a).total_cmp(&chunk(b))).unwrap_or(samples.len())
}

/// White noise through a filter made of the samples themselves: their level and their spectrum, and no beat.
fn noise_like(samples: &[f32]) -> Vec<f32> {
    if samples.iter().all(|sample| *sample == 0.0) {
        return vec![0.0; NOISE];
    }
    let gain = (3.0 / samples.len() as f32).sqrt();
    let mut state = 1_u32;
    let white: Vec<f32> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / 8_388_608.0 - 1.0) * gain
    })
    .take(NOISE + samples.len())
    .collect();
    let filtered = |window: &[f32]| window.iter().zip(samples).map(|(white, tap)| white * tap).sum();
    white.windows(samples.len()).take(NOISE).map(filtered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two words of a loud tone, with quiet noise before, between and after them.
    fn two_words() -> Vec<f32> {
        let noise = noise_like(&[0.001; CHUNK]);
        let word = |n: usize| 0.3 * (n as f32 * 0.7).sin();
        let is_word = |n: usize| (2_000..7_000).contains(&n) || (7_800..13_000).contains(&n);
        (0..15_000).map(|n| if is_word(n) { word(n) } else { noise[n] }).collect()
    }

    #[test]
    fn a_line_without_a_pause_carries_the_recording_and_then_noise() {
        let words = two_words();
        let line = Line::send(&Clip8k::new(words.clone()), 0, 4_000).unwrap();
        assert_eq!((line.until, line.samples.len()), (15_000, 32_000 + CHUNK));
        let heard: Vec<i16> = words.iter().map(|s| mulaw::to_linear(mulaw::from_linear(to_integer(*s)))).collect();
        assert_eq!(line.samples[..15_000], heard);
        let level = |samples: &[i16]| power(&samples.iter().map(|s| f32::from(*s)).collect::<Vec<_>>());
        let ratio = level(&line.samples[16_000..17_600]) / level(&line.samples[0..1_600]);
        assert!((0.2..5.0).contains(&ratio), "the noise changes by a factor of {ratio}");
    }

    #[test]
    fn a_pause_is_put_between_the_words() {
        let line = Line::send(&Clip8k::new(two_words()), 500, 4_000).unwrap();
        assert_eq!(line.until, 19_000);
        assert!(line.samples[7_400..11_400].iter().all(|sample| sample.abs() < 1_000));
        assert!(line.samples[11_900..12_500].iter().any(|sample| sample.abs() > 5_000));
    }

    #[test]
    fn a_silent_or_tiny_recording_is_sent_all_the_same() {
        for samples in [0, 1, 300, 5_000] {
            let line = Line::send(&Clip8k::new(vec![0.0; samples]), 300, 1_000).unwrap();
            assert_eq!((line.until, line.samples.len()), (samples + 2_400, 8_000 + CHUNK));
            assert!(line.samples.iter().all(|sample| *sample == 0));
        }
    }
}
