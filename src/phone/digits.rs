use std::sync::Arc;

use super::noise::{LINE_NOISE_DBFS, Noise, PER_MS, trimmed};
use super::utterance::{Then, Utterance};
use crate::types::Clip8k;

/// Between two digits: what is left between them when people read a number out.
const BETWEEN_MS: usize = 60;

/// Where the number is read in groups.
const BETWEEN_GROUPS_MS: usize = 220;

/// Noise before and after, as of a caller who waits for the beep.
const ENDS_MS: usize = 300;

/// Someone who can read any number out: their ten digits, spoken one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct DigitVoice {
    name: String,
    digits: Arc<[Clip8k; 10]>,
}

impl DigitVoice {
    /// A voice of this name, with its recordings of 0 to 9; silence at their ends is cut off.
    pub fn new(name: impl Into<String>, digits: [Clip8k; 10]) -> Self {
        Self { name: name.into(), digits: Arc::new(digits.map(|clip| Clip8k::new(trimmed(clip.samples())))) }
    }

    /// Reads out the digits of what was just asked, in the groups it has; none when there are no digits.
    pub fn read(&self, asked: &str) -> Option<Utterance> {
        let digits: String = asked.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return None;
        }
        let mut noise = Noise::at(LINE_NOISE_DBFS);
        let mut quiet = |ms: usize| (0..ms * PER_MS).map(|_| noise.next()).collect::<Vec<_>>();
        let mut samples = quiet(ENDS_MS);
        let mut gap_ms = 0;
        for letter in asked.chars() {
            match letter.to_digit(10) {
                Some(digit) => {
                    samples.extend(quiet(std::mem::take(&mut gap_ms)));
                    samples.extend_from_slice(self.digits[digit as usize].samples());
                    gap_ms = BETWEEN_MS;
                }
                None if letter == ',' && gap_ms > 0 => gap_ms = BETWEEN_GROUPS_MS,
                None => {}
            }
        }
        samples.extend(quiet(ENDS_MS));
        let name = format!("{}: {digits}", self.name);
        Some(Utterance { name, words: Some(digits), clip: Clip8k::new(samples), then: Then::Wait })
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise::STEP;
    use super::*;

    /// Each digit is a tone of its own length between silences: 10 ms more than the one before.
    fn voice() -> DigitVoice {
        let digit = |n: usize| {
            let tone = (0..(n + 2) * STEP).map(|at| 0.3 * (at as f32 * 0.9).sin());
            Clip8k::new([vec![0.0; 5 * STEP], tone.collect(), vec![0.0; 7 * STEP]].concat())
        };
        DigitVoice::new("tones", std::array::from_fn(digit))
    }

    #[test]
    fn what_was_asked_is_read_out_in_its_groups() {
        let said = voice().read("After the beep, please say: 4 7, 9.").unwrap();
        assert_eq!((said.name.as_str(), said.words.as_deref()), ("tones: 479", Some("479")));
        let spoken = (6 + 9 + 11) * STEP;
        let quiet = (2 * ENDS_MS + BETWEEN_MS + BETWEEN_GROUPS_MS) * PER_MS;
        assert_eq!(said.clip.samples().len(), spoken + quiet);
    }

    #[test]
    fn without_a_digit_there_is_nothing_to_read() {
        assert_eq!(voice().read("Please say your sentence."), None);
    }
}
