use serde::{Deserialize, Serialize};

use super::{CHUNK, Speech};
use crate::types::{Clip8k, Reason};

/// Levels below this are reported as this: beneath the finest step of a telephone line (−72 dBFS).
const SILENCE_DBFS: f32 = -90.0;

/// Signal-to-noise ratios are reported within ±60 dB: beyond them nothing changes, and every figure stays finite.
const SNR_RANGE_DB: f32 = 60.0;

/// Samples from here on are at full scale: midway between the two highest steps of µ-law (31100 and 32124).
const FULL_SCALE: f32 = 0.965;

/// As many samples at full scale in a row are a cut-off wave; natural peaks at 8 kHz have one or two.
const FLAT_RUN: usize = 3;

/// Chunks outside speech from which on their median is a fair estimate of the noise.
const MIN_NOISE_CHUNKS: usize = 3;

/// Share of a clip's chunks taken to be pauses between words: sorted by power, the noise is read at this place.
const PAUSES: f32 = 0.1;

/// The quality of a take's recording. Every figure is finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Speech without its pauses, in milliseconds.
    pub net_speech_ms: u32,
    /// Power of the speech relative to a full-scale square wave, in dB.
    pub level_dbfs: f32,
    /// The largest sample relative to full scale, in dB.
    pub peak_dbfs: f32,
    /// Share of the speech samples that are cut off at full scale.
    pub clipped_fraction: f32,
    /// Power of the speech over the power of the noise, in dB.
    pub snr_db: f32,
}

/// Measures a take; without speech the whole clip is taken for it, at an SNR of 0 dB.
pub fn quality(clip: &Clip8k, speech: &Speech) -> Quality {
    let whole = 0..clip.samples().len();
    let segments = if speech.segments.is_empty() { std::slice::from_ref(&whole) } else { &speech.segments };
    let spoken: Vec<f32> =
        segments.iter().filter_map(|range| clip.samples().get(range.clone())).flatten().copied().collect();
    let power = mean_power(&spoken);
    let peak = spoken.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let snr_db = if speech.segments.is_empty() { 0.0 } else { snr_db(power, noise_power(clip.samples(), speech)) };
    Quality {
        net_speech_ms: speech.net_speech_ms,
        level_dbfs: decibel(power),
        peak_dbfs: decibel(peak * peak),
        clipped_fraction: clipped_fraction(&spoken),
        snr_db,
    }
}

fn mean_power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32
}

fn decibel(power: f32) -> f32 {
    (10.0 * power.log10()).max(SILENCE_DBFS)
}

/// The measured speech holds noise too.
fn snr_db(speech_and_noise: f32, noise: f32) -> f32 {
    let speech = speech_and_noise - noise;
    if speech <= 0.0 {
        return -SNR_RANGE_DB;
    }
    (10.0 * (speech / noise).log10()).clamp(-SNR_RANGE_DB, SNR_RANGE_DB)
}

/// Power of the noise: that of the pauses, found by the detector or by being the quietest.
///
/// The lower of two estimates. A clip that is speech from end to end has no outside, and a soft word that the detector
/// missed makes the outside loud. Against white noise of known power both together are within 0.7 dB (median) at 0 to
/// 10 dB.
fn noise_power(samples: &[f32], speech: &Speech) -> f32 {
    let (mut all, mut outside) = (Vec::new(), Vec::new());
    for (index, chunk) in samples.chunks_exact(CHUNK).enumerate() {
        let power = mean_power(chunk);
        all.push(power);
        // A chunk next to speech holds its onset or its decay.
        let (from, to) = (index * CHUNK, (index + 1) * CHUNK);
        if speech.segments.iter().all(|segment| to + CHUNK <= segment.start || segment.end + CHUNK <= from) {
            outside.push(power);
        }
    }
    all.sort_unstable_by(f32::total_cmp);
    outside.sort_unstable_by(f32::total_cmp);
    let quietest = all.get((all.len() as f32 * PAUSES) as usize);
    let median = outside.get(outside.len() / 2).filter(|_| outside.len() >= MIN_NOISE_CHUNKS);
    quietest.into_iter().chain(median).copied().reduce(f32::min).unwrap_or(0.0)
}

fn clipped_fraction(samples: &[f32]) -> f32 {
    let side = |sample: f32| (sample >= FULL_SCALE, sample <= -FULL_SCALE);
    let runs = samples.chunk_by(|&a, &b| side(a) == side(b));
    let flat: usize = runs.filter(|run| run[0].abs() >= FULL_SCALE).map(<[f32]>::len).filter(|&n| n >= FLAT_RUN).sum();
    flat as f32 / samples.len().max(1) as f32
}

/// The quality that a take must reach to be scored.
///
/// The costs named are false rejects at a false-accept rate of 0.1 % over the evaluation data's 71 speakers (3 s
/// probes, `var`, G.711 again after the fault): 2.8 % as they are. Its best recordings and its worst all pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityLimits {
    /// Less net speech than this is none, in milliseconds.
    pub no_speech_ms: u32,
    /// Less net speech than this is too short, in milliseconds.
    pub min_speech_ms: u32,
    /// Below this speech level a take is too quiet, in dBFS.
    pub min_level_dbfs: f32,
    /// Above this speech level a take is too loud, in dBFS.
    pub max_level_dbfs: f32,
    /// Above this share of cut-off samples a take is clipped.
    pub max_clipped_fraction: f32,
    /// Below this signal-to-noise ratio a take is too noisy, in dB.
    pub min_snr_db: f32,
}

impl QualityLimits {
    /// For a probe.
    pub const VERIFY: Self = Self {
        // A cough or a click; the shortest word is longer.
        no_speech_ms: 200,
        // The shortest net speech of the evaluation data's one-second probes is 424 ms, and they can be scored.
        min_speech_ms: 400,
        // −50 dBFS cost nothing, −60: 4.2 %. From here down the detector takes quantisation noise for speech.
        min_level_dbfs: -48.0,
        // Speech peaks 12 dB above its level, so that the line is limiting here; without flat tops that cost 8.5 %.
        max_level_dbfs: -9.0,
        // Cut off at −10 dBFS (1.3 % flat) it cost 7.0 %, at −8 dBFS (5 % flat) 9.9 %. The data's worst has 0.6 %.
        max_clipped_fraction: 0.02,
        // White noise at 10 dB cost 15 %, at 5 dB 37 %. The data's worst recording has 6.5 dB.
        min_snr_db: 5.0,
    };

    /// For an enrollment take, which every later call is compared with.
    ///
    /// One second of speech triples the error of three: a passphrase takes two, and half of it is not enough.
    pub const ENROLL: Self = Self { min_speech_ms: 1000, ..Self::VERIFY };
}

impl Quality {
    /// The fault to tell the caller about, if there is one.
    ///
    /// The one whose remedy also helps the others comes first: louder speech lifts the SNR, and a poor line hides
    /// speech.
    pub fn fault(&self, limits: &QualityLimits) -> Option<Reason> {
        let faults = [
            (self.net_speech_ms < limits.no_speech_ms, Reason::NoSpeech),
            (self.clipped_fraction > limits.max_clipped_fraction, Reason::Clipped),
            (self.level_dbfs > limits.max_level_dbfs, Reason::TooLoud),
            (self.level_dbfs < limits.min_level_dbfs, Reason::TooQuiet),
            (self.snr_db < limits.min_snr_db, Reason::TooNoisy),
            (self.net_speech_ms < limits.min_speech_ms, Reason::TooShort),
        ];
        faults.into_iter().find_map(|(is_so, reason)| is_so.then_some(reason))
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;
    use std::ops::Range;

    use super::*;

    /// A tone where the speech is, over noise of a known power everywhere.
    fn take(tone: f32, noise: f32) -> (Clip8k, Speech) {
        let mut state = 1_u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let spoken = 2_560..15_360;
        let sample = |n: usize| {
            let tone = if spoken.contains(&n) { tone * (TAU * 440.0 * n as f32 / 8_000.0).sin() } else { 0.0 };
            // Uniform noise has a third of its square as power.
            tone + noise * 3.0_f32.sqrt() * uniform()
        };
        let clip = Clip8k::new((0..20_480).map(sample).collect::<Vec<_>>());
        let trimmed = 1_760..16_160;
        (clip, one_segment(spoken, trimmed))
    }

    fn one_segment(segment: Range<usize>, trimmed: Range<usize>) -> Speech {
        Speech { net_speech_ms: segment.len() as u32 / 8, segments: std::iter::once(segment).collect(), trimmed }
    }

    fn measured(tone: f32, noise: f32) -> Quality {
        let (clip, speech) = take(tone, noise);
        quality(&clip, &speech)
    }

    #[test]
    fn level_peak_and_snr_are_those_of_the_signal() {
        // A sine of amplitude 0.2 has a power of 0.02, −16.99 dB; noise of 0.01 one of −40 dB.
        let found = measured(0.2, 0.01);
        assert!((found.level_dbfs + 16.97).abs() < 0.05, "{found:?}");
        assert!((found.peak_dbfs + 13.3).abs() < 0.4, "{found:?}");
        assert!((found.snr_db - 23.0).abs() < 0.7, "{found:?}");
        assert_eq!(found.net_speech_ms, 1_600);
    }

    #[test]
    fn noise_is_heard_in_the_pauses_of_speech_from_end_to_end() {
        let (clip, speech) = take(0.2, 0.01);
        let all_of_it = one_segment(0..clip.samples().len(), speech.trimmed);
        assert!((quality(&clip, &all_of_it).snr_db - 22.0).abs() < 2.0);
    }

    #[test]
    fn every_figure_is_finite_whatever_the_take() {
        let silent = Clip8k::new(vec![0.0; 8_000]);
        let somewhere = one_segment(800..4_000, 0..4_800);
        let beyond = one_segment(9_000..9_500, 9_000..9_500);
        for (clip, speech) in [
            (&silent, &Speech::default()),
            (&silent, &somewhere),
            (&silent, &beyond),
            (&Clip8k::new(vec![]), &Speech::default()),
            (&Clip8k::new(vec![1.0; 8_000]), &somewhere),
        ] {
            let found = quality(clip, speech);
            for figure in [found.level_dbfs, found.peak_dbfs, found.clipped_fraction, found.snr_db] {
                assert!(figure.is_finite(), "{found:?}");
            }
        }
    }

    #[test]
    fn only_flat_tops_at_full_scale_are_clipped() {
        let percent = |samples: &[f32]| (100.0 * clipped_fraction(samples)).round() as u32;
        assert_eq!(percent(&[0.0, 0.98, 0.98, 0.98, 0.0, -0.98, -0.98, -0.98, -0.98, 0.0]), 70);
        assert_eq!(percent(&[0.0, 0.98, 0.98, 0.0, -0.98, 0.98, -0.98, 0.98]), 0);
        // The same just below full scale is a compressor at work.
        assert_eq!(percent(&[0.949; 100]), 0);
        assert_eq!(percent(&[]), 0);
    }

    #[test]
    fn a_wave_cut_off_on_the_line_is_still_flat_after_resampling() {
        let (clip, speech) = take(3.0, 0.0001);
        let cut: Vec<f32> = clip.samples().iter().map(|s| s.clamp(-0.98, 0.98)).collect();
        let up = crate::audio::resample::to_16k(&cut, 8_000).unwrap();
        let heard = crate::audio::resample::to_8k(&crate::types::Clip16k::new(up.samples()));
        let fraction = quality(&heard, &speech).clipped_fraction;
        assert!(fraction > 10.0 * QualityLimits::VERIFY.max_clipped_fraction, "{fraction}");
    }

    #[test]
    fn each_fault_is_told_and_the_one_to_mend_first_comes_first() {
        let good =
            Quality { net_speech_ms: 2_500, level_dbfs: -22.0, peak_dbfs: -8.0, clipped_fraction: 0.0, snr_db: 25.0 };
        let cases = [
            (good, None),
            (Quality { net_speech_ms: 199, ..good }, Some(Reason::NoSpeech)),
            (Quality { net_speech_ms: 199, level_dbfs: -60.0, ..good }, Some(Reason::NoSpeech)),
            (Quality { net_speech_ms: 399, ..good }, Some(Reason::TooShort)),
            (Quality { clipped_fraction: 0.03, ..good }, Some(Reason::Clipped)),
            (Quality { clipped_fraction: 0.03, level_dbfs: -3.0, ..good }, Some(Reason::Clipped)),
            (Quality { level_dbfs: -8.0, ..good }, Some(Reason::TooLoud)),
            (Quality { level_dbfs: -50.0, ..good }, Some(Reason::TooQuiet)),
            (Quality { level_dbfs: -50.0, snr_db: 3.0, ..good }, Some(Reason::TooQuiet)),
            (Quality { snr_db: 3.0, ..good }, Some(Reason::TooNoisy)),
            (Quality { snr_db: 3.0, net_speech_ms: 300, ..good }, Some(Reason::TooNoisy)),
        ];
        for (quality, expected) in cases {
            assert_eq!(quality.fault(&QualityLimits::VERIFY), expected, "{quality:?}");
        }
        let short = Quality { net_speech_ms: 900, ..good };
        assert_eq!(short.fault(&QualityLimits::VERIFY), None);
        assert_eq!(short.fault(&QualityLimits::ENROLL), Some(Reason::TooShort));
    }
}
