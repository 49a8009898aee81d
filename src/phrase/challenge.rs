use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::spelling::log_sum;
use super::wordlist::WORDS;
use super::{PhraseError, Reading, Slot, Spelling, Tokens};
use crate::types::bytes::{BadBytes, Reader};

/// Digits of a challenge of digits alone: 590,490 of them.
const DIGITS: usize = 6;

/// Words, and digits beside them: 4,179,600 of them.
const MIXED: usize = 2;

/// The most parts of a challenge that is read back.
const MAX_PARTS: usize = 12;

/// How the digits are written and read out.
const NAMES: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// The text between the parts of the text that is weighed.
///
/// Moonshine writes "Three, one, four.", "3, 1, 4", "3-1-4", "314" and more. Digits as words with commas tell one
/// changed digit apart as well as any mixture, and better than numerals (equal error rates 7.7 against 13.7 %, `digits`
/// tel, plain).
const BETWEEN: &str = ",";

const MAGIC: [u8; 4] = *b"cpch";
const VERSION: u8 = 1;

/// A text that no attacker could have recorded before: six digits, or two digits and two words.
///
/// Written `472913`, or `47 river apple`; so it is kept too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Digit(u8),
    /// Index into the list of words.
    Word(u16),
}

impl Challenge {
    /// Six digits from a random number. No digit follows itself: doubles are misheard, by people too.
    pub fn digits(random: u64) -> Self {
        let mut draw = Draw(random);
        Self { parts: draw.digits(DIGITS) }
    }

    /// Two digits and two different words from a random number; the digits come first.
    pub fn mixed(random: u64) -> Self {
        let mut draw = Draw(random);
        let mut parts = draw.digits(MIXED);
        let first = draw.below(WORDS.len() as u64) as u16;
        let second = draw.below(WORDS.len() as u64 - 1) as u16;
        let second = if second >= first { second + 1 } else { second };
        parts.extend([first, second].map(Part::Word));
        Self { parts }
    }

    /// How it is read out to the caller: `4 7 2, 9 1 3`, or `4 7, river, apple`.
    pub fn spoken(&self) -> String {
        let digits: Vec<String> = self.parts.iter().filter_map(|part| part.digit()).map(|d| d.to_string()).collect();
        let groups = digits.chunks(DIGITS / 2).map(|group| group.join(" "));
        groups.chain(self.words().map(str::to_owned)).collect::<Vec<_>>().join(", ")
    }

    /// How many things are to be said.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    fn words(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Word(word) => Some(WORDS[usize::from(*word)]),
            Part::Digit(_) => None,
        })
    }

    /// The text that is weighed, with every digit and word that could stand in a part's place.
    ///
    /// # Errors
    /// [`PhraseError::Unspellable`] when the tokens are not those of a model that writes English.
    pub fn spelling(&self, tokens: &Tokens) -> Result<Spelling, PhraseError> {
        let mut spelling = Spelling { tokens: Vec::new(), slots: Vec::new() };
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                spelling.tokens.extend(tokens.spell(BETWEEN)?);
            }
            let (names, said): (&[&str], _) = match part {
                Part::Digit(digit) => (&NAMES, usize::from(*digit)),
                Part::Word(word) => (&WORDS, usize::from(*word)),
            };
            let written =
                |name: &&str| tokens.spell(&if at == 0 { format!(" {}", capital(name)) } else { format!(" {name}") });
            let first = |name| written(name)?.first().copied().ok_or(PhraseError::Unspellable);
            let choices = names.iter().map(first).collect::<Result<Vec<u32>, _>>()?;
            spelling.slots.push(Slot { at: spelling.tokens.len(), said, choices: choices.into() });
            spelling.tokens.extend(written(&names[said])?);
        }
        spelling.tokens.extend(tokens.spell(".")?);
        Ok(spelling)
    }

    /// The byte form.
    ///
    /// `cpch`, version, the written form.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&MAGIC[..], &[VERSION], self.to_string().as_bytes()].concat()
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`PhraseError::Format`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PhraseError> {
        let text = Reader::of_form(bytes, MAGIC, VERSION).and_then(Reader::rest_as_text);
        text.map_err(refused)?.parse()
    }
}

const fn refused(problem: BadBytes) -> PhraseError {
    PhraseError::Format("a challenge", problem)
}

impl FromStr for Challenge {
    type Err = PhraseError;

    fn from_str(text: &str) -> Result<Self, PhraseError> {
        let mut parts = Vec::new();
        for (at, group) in text.split(' ').enumerate() {
            if at == 0 && group.bytes().all(|byte| byte.is_ascii_digit()) {
                parts.extend(group.bytes().map(|byte| Part::Digit(byte - b'0')));
            } else {
                let word =
                    WORDS.binary_search(&group).map_err(|_| refused(BadBytes::Content("not a word of the list")))?;
                parts.push(Part::Word(word as u16));
            }
            if parts.len() > MAX_PARTS {
                return Err(refused(BadBytes::Content("too long")));
            }
        }
        if parts.is_empty() { Err(refused(BadBytes::Content("empty"))) } else { Ok(Self { parts }) }
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Digit(digit) => write!(f, "{digit}")?,
                Part::Word(word) => write!(f, "{}{}", if at > 0 { " " } else { "" }, WORDS[usize::from(*word)])?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Challenge {
    type Error = PhraseError;

    fn try_from(text: String) -> Result<Self, PhraseError> {
        text.parse()
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.to_string()
    }
}

impl Part {
    fn digit(self) -> Option<u8> {
        match self {
            Self::Digit(digit) => Some(digit),
            Self::Word(_) => None,
        }
    }
}

/// Numbers drawn from one random number, each with its share of it.
struct Draw(u64);

impl Draw {
    /// A number below `bound`. All bounds of a challenge together are below 2²³: the odds differ by less than 2⁻⁴⁰.
    fn below(&mut self, bound: u64) -> u64 {
        let drawn = self.0 % bound;
        self.0 /= bound;
        drawn
    }

    fn digits(&mut self, count: usize) -> Vec<Part> {
        let mut last = None;
        let next = |_| {
            let digit = match last {
                None => self.below(10) as u8,
                Some(last) => {
                    let other = self.below(9) as u8;
                    if other >= last { other + 1 } else { other }
                }
            };
            last = Some(digit);
            Part::Digit(digit)
        };
        (0..count).map(next).collect()
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// How well what was heard fits a challenge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The mean over the parts of the logarithm of what was expected, among all that could stand in its place; at most
    /// 0.
    pub mean: f32,
    /// The same of the part that fits least.
    pub least: f32,
}

impl Fit {
    /// The fit of a text: how much likelier it is for what was heard than where nothing was said.
    ///
    /// `None` for readings of another text. What the model expects of digits anyway is taken away that way: one changed
    /// digit in six is told apart with an equal error rate of 4.7 %, without 7.0 % (`digits`, tel and var).
    pub fn new(spelling: &Spelling, heard: &Reading, silent: &Reading) -> Option<Self> {
        if heard.slots.len() != spelling.slots.len() || silent.slots.len() != spelling.slots.len() {
            return None;
        }
        let share = |(at, slot): (usize, &Slot)| {
            let (heard, silent) = (&heard.slots[at], &silent.slots[at]);
            let gains: Vec<f32> = heard.iter().zip(silent).map(|(heard, silent)| heard - silent).collect();
            gains.get(slot.said).map(|said| said - log_sum(&gains))
        };
        let shares = spelling.slots.iter().enumerate().map(share).collect::<Option<Vec<f32>>>()?;
        let least = shares.iter().copied().reduce(f32::min)?;
        let mean = shares.iter().sum::<f32>() / shares.len() as f32;
        mean.is_finite().then_some(Self { mean, least })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_random_number_gives_six_digits_without_doubles() {
        // 123456: 6, then 12345 = 6 + 9·1371, 3 + 9·152, 8 + 9·16, 7 + 9·1, 1; from the one before on, one more.
        let challenge = Challenge::digits(123_456);
        assert_eq!(challenge.to_string(), "673971");
        assert_eq!(challenge.spoken(), "6 7 3, 9 7 1");
        assert_eq!(challenge.parts(), 6);
    }

    #[test]
    fn all_strings_without_doubles_come_up() {
        let seen: HashSet<_> = (0..590_490).map(|random| Challenge::digits(random).to_string()).collect();
        assert_eq!(seen.len(), 590_490);
        assert!(
            seen.iter().all(|digits| digits.len() == 6 && digits.as_bytes().windows(2).all(|two| two[0] != two[1]))
        );
    }

    #[test]
    fn a_mixed_challenge_has_two_digits_and_two_different_words() {
        let challenge = Challenge::mixed(90 * 7);
        assert_eq!(challenge.to_string(), format!("01 {} {}", WORDS[7], WORDS[0]));
        assert_eq!(challenge.spoken(), format!("0 1, {}, {}", WORDS[7], WORDS[0]));
        assert_eq!((10 * 9 * WORDS.len() * (WORDS.len() - 1)), 4_179_600);
    }

    #[test]
    fn a_fit_is_what_was_heard_less_what_is_expected_anyway() {
        let slot = |at, said| Slot { at, said, choices: [1, 2].into() };
        let spelling = Spelling { tokens: vec![1, 1], slots: vec![slot(0, 0), slot(1, 1)] };
        let reading = |first: f32, second: f32| Reading {
            leads: vec![],
            slots: [first, second].map(|p| vec![p.ln(), (1.0 - p).ln()]).to_vec(),
        };
        // Slot 0: 0.8 : 0.2 over 0.5 : 0.5 is 0.8; slot 1: 0.5 : 0.5 over 0.75 : 0.25 is 0.25 : 0.75, said is the
        // second.
        let fit = Fit::new(&spelling, &reading(0.8, 0.5), &reading(0.5, 0.75)).unwrap();
        let (first, second) = (0.8_f32.ln(), 0.75_f32.ln());
        assert!((fit.mean - first.midpoint(second)).abs() < 1e-6 && (fit.least - second).abs() < 1e-6, "{fit:?}");
        let other = Reading { leads: vec![], slots: vec![vec![0.0, 0.0]] };
        assert_eq!(Fit::new(&spelling, &reading(0.5, 0.5), &other), None);
    }

    proptest! {
        #[test]
        fn every_form_comes_back_as_it_was(random in any::<u64>()) {
            for challenge in [Challenge::digits(random), Challenge::mixed(random)] {
                prop_assert_eq!(challenge.to_string().parse(), Ok(challenge.clone()));
                prop_assert_eq!(Challenge::from_bytes(&challenge.to_bytes()), Ok(challenge.clone()));
                let json = serde_json::to_string(&challenge).unwrap();
                prop_assert_eq!(serde_json::from_str::<Challenge>(&json).unwrap(), challenge);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "[0-9 a-z]{0,30}") {
            let _ = Challenge::from_bytes(&[&b"cpch\x01"[..], &bytes].concat());
            let _ = Challenge::from_bytes(&bytes);
            if let Ok(challenge) = text.parse::<Challenge>() {
                prop_assert_eq!(challenge.to_string().parse(), Ok(challenge));
            }
        }
    }
}
