//! The provider's recording of a caller: cut at silence, at a key, at the longest length.

use super::noise::{LINE_NOISE_DBFS, Noise, PER_MS, REACH, STEP, background_dbfs, is_silence, over_the_line, trimmed};
use super::script::Answer;
use super::utterance::Then;
use crate::phone::accepts::Record;
use crate::types::Clip8k;

/// The longest recording made, whatever is asked for: no take is as long, and memory is finite.
const LONGEST_S: u32 = 120;

/// A recording and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recorded {
    /// The sound, after µ-law.
    pub(super) clip: Clip8k,
    /// Its length before anything was trimmed.
    pub(super) length_ms: u64,
    /// Whether nothing rose above silence.
    pub(super) is_silent: bool,
    /// The key that ended it.
    pub(super) key: Option<char>,
    /// Whether the caller hung up.
    pub(super) hung_up: bool,
}

/// Records what a caller does about a `<Record>`.
pub(super) fn record(verb: &Record, answer: &Answer) -> Recorded {
    let ends_it = |key: &char| verb.finish_on_key.contains(*key);
    let (mut sound, noise_dbfs, then) = match answer {
        Answer::Nothing | Answer::ReadBack(_) => (Vec::new(), LINE_NOISE_DBFS, Then::Wait),
        Answer::Keys(keys) => (Vec::new(), LINE_NOISE_DBFS, keys.chars().find(ends_it).map_or(Then::Wait, Then::Press)),
        Answer::HangUp => (Vec::new(), LINE_NOISE_DBFS, Then::HangUp),
        Answer::Say(said) => (said.clip.samples().to_vec(), background_dbfs(said.clip.samples()), said.then),
    };
    if then == Then::HangUp {
        sound.truncate(sound.len() / 2);
    }
    let key = if let Then::Press(key) = then { Some(key).filter(ends_it) } else { None };
    let longest = verb.max_length_s.min(LONGEST_S) as usize * Clip8k::RATE_HZ as usize;
    let patience = verb.timeout_s as usize * Clip8k::RATE_HZ as usize;

    let mut noise = Noise::at(noise_dbfs);
    let is_cut_short = key.is_some() || then == Then::HangUp;
    let wanted = sound.len() + if is_cut_short { REACH } else { longest.min(patience.max(STEP)) };
    let wanted = if patience == 0 && !is_cut_short { longest } else { wanted };
    while sound.len() < wanted.min(longest) {
        sound.push(noise.next());
    }
    sound.truncate(longest);
    let end = end_by_silence(&sound, patience);
    let ran_out = end.is_some_and(|end| end < sound.len()) || sound.len() >= longest;
    sound.truncate(end.unwrap_or(sound.len()));

    let is_silent = sound.chunks(STEP).all(is_silence);
    let length_ms = (sound.len() / PER_MS) as u64;
    let kept = if verb.trim_silence { trimmed(&sound) } else { &sound };
    let clip = Clip8k::new(kept.iter().map(|sample| over_the_line(*sample)).collect::<Vec<_>>());
    Recorded { clip, length_ms, is_silent, key: key.filter(|_| !ran_out), hung_up: then == Then::HangUp && !ran_out }
}

/// Where a silence of `patience` samples ends, if there is one and patience has an end.
fn end_by_silence(sound: &[f32], patience: usize) -> Option<usize> {
    if patience == 0 {
        return None;
    }
    let mut silent = 0;
    for (step, samples) in sound.chunks(STEP).enumerate() {
        silent = if is_silence(samples) { silent + samples.len() } else { 0 };
        if silent >= patience {
            return Some((step * STEP + samples.len()).min(sound.len()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::noise::dbfs;
    use super::super::utterance::Utterance;
    use super::*;
    use crate::phone::accepts::Method;

    const VERB: Record = Record {
        action: None,
        method: Method::Post,
        timeout_s: 2,
        finish_on_key: String::new(),
        max_length_s: 8,
        play_beep: true,
        trim_silence: false,
    };

    /// Speech-like stretches and silences, in milliseconds, starting with speech.
    fn clip(stretches_ms: &[usize]) -> Clip8k {
        let mut samples = Vec::new();
        for (number, ms) in stretches_ms.iter().enumerate() {
            let level = if number % 2 == 0 { 0.2 } else { 0.0 };
            samples.extend((0..ms * PER_MS).map(|at| level * (at as f32 * 0.7).sin()));
        }
        Clip8k::new(samples)
    }

    fn say(stretches_ms: &[usize], then: Then) -> Answer {
        Answer::Say(Utterance { name: String::new(), words: None, clip: clip(stretches_ms), then })
    }

    #[test]
    fn a_recording_ends_with_silence_a_key_the_longest_length_or_the_call() {
        let hash = || Record { finish_on_key: "#".to_owned(), ..VERB };
        let endless = || Record { timeout_s: 0, ..VERB };
        //   verb, what the caller does, length in ms, key, hung up
        let table = [
            (VERB, say(&[3000], Then::Wait), 5000, None, false),
            (VERB, say(&[1000, 1500, 1000], Then::Wait), 5500, None, false),
            (VERB, say(&[1000, 2500, 1000], Then::Wait), 3000, None, false),
            (VERB, say(&[7000], Then::Wait), 8000, None, false),
            (VERB, say(&[20_000], Then::Wait), 8000, None, false),
            (VERB, Answer::Nothing, 2000, None, false),
            (endless(), Answer::Nothing, 8000, None, false),
            (endless(), say(&[1000], Then::Wait), 8000, None, false),
            (hash(), say(&[3000], Then::Press('#')), 3200, Some('#'), false),
            (hash(), say(&[3000], Then::Press('5')), 5000, None, false),
            (hash(), say(&[9000], Then::Press('#')), 8000, None, false),
            (hash(), Answer::Keys("12#".to_owned()), 200, Some('#'), false),
            (VERB, Answer::Keys("12#".to_owned()), 2000, None, false),
            (VERB, say(&[3000], Then::HangUp), 1700, None, true),
            (VERB, Answer::HangUp, 200, None, true),
        ];
        for (number, (verb, answer, length_ms, key, hung_up)) in table.into_iter().enumerate() {
            let made = record(&verb, &answer);
            assert_eq!((made.length_ms, made.key, made.hung_up), (length_ms, key, hung_up), "row {number}");
            assert_eq!(made.clip.duration_ms(), length_ms, "row {number}");
        }
    }

    #[test]
    fn trimming_takes_the_silence_at_both_ends_and_leaves_the_length_told() {
        let verb = Record { trim_silence: true, ..VERB };
        let made = record(&verb, &say(&[0, 600, 1000, 600, 1000], Then::Wait));
        assert_eq!((made.clip.duration_ms(), made.length_ms), (2600, 5200));
        let made = record(&verb, &Answer::Nothing);
        assert!(made.is_silent && made.clip.samples().is_empty());
    }

    #[test]
    fn a_noisy_place_stays_noisy_after_the_last_word() {
        let mut noise = Noise::at(-30.0);
        let clip = Clip8k::new((0..16_000).map(|_| noise.next()).collect::<Vec<_>>());
        let said = Utterance { name: String::new(), words: None, clip, then: Then::Wait };
        let made = record(&VERB, &Answer::Say(said));
        assert_eq!(made.length_ms, 4000, "two seconds, and as long as the provider's patience");
        let after = dbfs(&made.clip.samples()[16_000..]);
        assert!((-31.5..-29.0).contains(&after), "{after} dBFS");
    }

    #[test]
    fn the_line_is_mu_law() {
        let made = record(&VERB, &say(&[1000], Then::Wait));
        assert!(made.clip.samples().iter().all(|sample| (over_the_line(*sample) - sample).abs() < 1e-9));
    }
}
