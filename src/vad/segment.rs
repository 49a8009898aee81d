use std::ops::Range;

use super::track::Tracker;
use crate::types::Clip8k;

/// Samples per probability: Silero's window at 8 kHz, 32 ms.
pub const CHUNK: usize = 256;

/// A shorter stretch than this is no basis for an embedding; the detector is taken to have erred.
const MIN_TRIMMED_MS: u32 = 300;

/// When a stretch of probabilities counts as speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VadConfig {
    /// Speech begins at this probability.
    pub threshold: f32,
    /// Speech may end below this probability.
    pub negative_threshold: f32,
    /// Shorter stretches of speech are dropped, in milliseconds.
    pub min_speech_ms: u32,
    /// Shorter pauses do not end a stretch, in milliseconds.
    pub min_silence_ms: u32,
    /// Margin kept before the first and after the last speech, in milliseconds.
    pub pad_ms: u32,
}

impl Default for VadConfig {
    /// Measured with Silero 6.2 on the evaluation data; see `models/README.md`.
    fn default() -> Self {
        Self {
            // Silero's own 0.5 missed the soft digits of a spliced passphrase (EER 1.9 → 2.7 %).
            threshold: 0.3,
            // Silero's own distance below the threshold: a dip within a word does not end it.
            negative_threshold: 0.15,
            // The shortest syllable; a click is shorter.
            min_speech_ms: 100,
            // Longer than a stop's closure, so that no word is split.
            min_silence_ms: 100,
            // Keeps soft first and last sounds that stay below the threshold.
            pad_ms: 200,
        }
    }
}

/// Where a clip's speech is, in samples at 8 kHz.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speech {
    /// The stretches of speech, in order, without margins.
    pub segments: Vec<Range<usize>>,
    /// From the first to the last speech, with margins: what is scored. The whole clip where that is next to nothing.
    pub trimmed: Range<usize>,
    /// The stretches' length together, in milliseconds.
    pub net_speech_ms: u32,
}

/// Finds the speech of a clip of `samples` samples from its speech probabilities.
///
/// One probability per [`CHUNK`] from the clip's start; the last chunk may reach beyond the clip's end.
/// A stretch begins at the threshold, and ends where probabilities first fell below the negative threshold, once they
/// stayed below the threshold for the shortest pause.
pub fn segments(probabilities: &[f32], samples: usize, config: &VadConfig) -> Speech {
    let in_samples = |ms: u32| ms as usize * Clip8k::RATE_HZ as usize / 1000;
    let mut tracker = Tracker::new(config);
    let mut found: Vec<Range<usize>> =
        probabilities.iter().filter_map(|&probability| tracker.hear(probability)).collect();
    found.extend(tracker.close());
    let segments: Vec<_> = found
        .into_iter()
        .map(|chunks| (chunks.start * CHUNK).min(samples)..(chunks.end * CHUNK).min(samples))
        .filter(|range| !range.is_empty() && range.len() >= in_samples(config.min_speech_ms))
        .collect();
    let trimmed = match (segments.first(), segments.last()) {
        (Some(first), Some(last)) => {
            let pad = in_samples(config.pad_ms);
            first.start.saturating_sub(pad)..(last.end + pad).min(samples)
        }
        _ => 0..0,
    };
    let trimmed = if trimmed.len() < in_samples(MIN_TRIMMED_MS) { 0..samples } else { trimmed };
    let net: usize = segments.iter().map(ExactSizeIterator::len).sum();
    Speech { segments, trimmed, net_speech_ms: (net * 1000 / Clip8k::RATE_HZ as usize) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: VadConfig =
        VadConfig { threshold: 0.5, negative_threshold: 0.3, min_speech_ms: 96, min_silence_ms: 96, pad_ms: 32 };

    /// Probabilities drawn as text: `#` speech, `=` between the thresholds, `.` silence; the speech found drawn
    /// likewise.
    fn find(drawn: &str) -> String {
        let probability = |c| {
            if c == '#' {
                0.9
            } else if c == '=' {
                0.4
            } else {
                0.1
            }
        };
        let probabilities: Vec<f32> = drawn.chars().map(probability).collect();
        let speech = segments(&probabilities, drawn.len() * CHUNK, &CONFIG);
        let is_speech = |chunk: usize| speech.segments.iter().any(|range| range.contains(&(chunk * CHUNK)));
        (0..drawn.len()).map(|chunk| if is_speech(chunk) { '#' } else { '.' }).collect()
    }

    #[test]
    fn speech_begins_at_the_upper_threshold_and_ends_below_the_lower() {
        let cases = [
            ("", ""),
            ("=====", "....."),
            ("..####...", "..####..."),
            (".=####==...", "..######..."),
            // A pause of less than three chunks ends nothing, nor does one that wavers.
            ("####..####...", "##########..."),
            ("####.=####...", "##########..."),
            ("####...####...", "####...####..."),
            // Too short to be a syllable.
            ("..##....####", "........####"),
            // The clip ends within speech, or within the pause after it.
            ("..####", "..####"),
            ("..####..", "..####.."),
        ];
        for (drawn, expected) in cases {
            assert_eq!(find(drawn), expected, "{drawn}");
        }
    }

    #[test]
    fn ends_are_cut_with_a_margin_that_stays_within_the_clip() {
        let mut probabilities = [0.0; 30];
        probabilities[5..20].fill(1.0);
        let speech = segments(&probabilities, 30 * CHUNK, &CONFIG);
        assert_eq!(speech.trimmed, 4 * CHUNK..21 * CHUNK);
        assert_eq!(speech.net_speech_ms, 15 * 32);

        // The last chunk was filled up: the clip ends 100 samples into it.
        let speech = segments(&[1.0; 20], 19 * CHUNK + 100, &CONFIG);
        assert_eq!((&speech.segments[..], speech.trimmed), (std::slice::from_ref(&(0..4_964)), 0..4_964));
        assert_eq!(speech.net_speech_ms, 620);
    }

    #[test]
    fn where_next_to_nothing_is_left_the_whole_clip_is_scored() {
        let mut probabilities = [0.0; 30];
        assert_eq!(segments(&probabilities, 7_680, &CONFIG).trimmed, 0..7_680);
        probabilities[5..9].fill(1.0);
        assert_eq!(segments(&probabilities, 7_680, &CONFIG).trimmed, 0..7_680);
    }

    #[test]
    fn probabilities_beyond_the_clip_find_nothing() {
        assert_eq!(segments(&[1.0; 20], 0, &CONFIG), Speech::default());
        assert!(segments(&[f32::NAN; 20], 5_120, &CONFIG).segments.is_empty());
    }
}
