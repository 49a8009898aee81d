use callprint::audio::resample;
use callprint::engine::Words;
use callprint::phrase::{Challenge, Fit, Frames, Sound, Spelling, distance};
use callprint::types::{Clip8k, Reason, Strictness};
use serde_json::Value;

use crate::fixtures::{ENGINE, LIBRARY, clip, vectors};

const VOICES: [&str; 10] = ["anna", "ben", "carla", "dave", "emma", "frank", "grace", "hugo", "ivan", "jack"];
/// Those who speak single digits.
const SPELLERS: [&str; 3] = ["ben", "dave", "hugo"];

fn words(name: &str) -> Words {
    let clip = resample::to_8k(&clip(name));
    let speech = ENGINE.speech(&clip).unwrap();
    ENGINE.words(&clip, &speech.trimmed).unwrap()
}

fn takes(voice: &str, kind: &str, numbers: std::ops::RangeInclusive<u32>) -> Vec<Frames> {
    numbers.map(|number| words(&format!("{voice}_{kind}_{number}")).frames().clone()).collect()
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

fn sound(name: &str) -> Sound {
    let clip = resample::to_8k(&clip(name));
    Sound::of(&clip, 0..clip.samples().len())
}

fn template(name: &str) -> Frames {
    LIBRARY.phrase_space().project(LIBRARY.encode(&sound(name)).unwrap().speech()).unwrap()
}

// The network computes in eight bits with scales taken from each input: a change of 1e-8 in the samples moves single
// values by up to 0.65, frames by a cosine of 0.977, and a token's logarithm by 0.4. The tolerances below are those.

#[test]
fn sounds_and_frames_are_those_that_another_program_computes() {
    let golden = vectors("phrase_golden");
    let heard = sound("dave_pass_1");
    assert_eq!(heard.samples().len() as u64, golden["samples"].as_u64().unwrap());
    for (at, expected) in golden["sound"].as_object().unwrap() {
        let found = heard.samples()[at.parse::<usize>().unwrap()];
        assert!((f64::from(found) - expected.as_f64().unwrap()).abs() < 1e-6, "{at}: {found}, not {expected}");
    }
    let encoded = LIBRARY.encode(&heard).unwrap();
    // The golden rows count from the first frame of all, this from the first of speech.
    let first = heard.frames().start;
    for (at, expected) in golden["encoded"].as_object().unwrap() {
        let Some(row) = at.parse::<usize>().unwrap().checked_sub(first) else { continue };
        let Some(frame) = encoded.speech().chunks_exact(288).nth(row) else { continue };
        let found: Vec<f32> = frame.iter().step_by(24).copied().collect();
        let expected = numbers(expected);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(&found, &expected) / (dot(&found, &found) * dot(&expected, &expected)).sqrt();
        assert!(cosine > 0.97, "frame {at}: cosine {cosine}");
    }
    let kept = template("dave_pass_1");
    assert_eq!(kept.count() as u64, golden["kept"].as_u64().unwrap());
    let apart = distance(&kept, &template("dave_pass_2")).unwrap().0;
    assert!((f64::from(apart) - golden["distance"].as_f64().unwrap()).abs() < 1e-2, "{apart}");
}

#[test]
fn texts_weigh_what_another_program_finds() {
    let golden = vectors("phrase_golden");
    let spelling = Spelling::of(LIBRARY.tokens(), "Never forget tomorrow is a new day.").unwrap();
    assert_eq!(serde_json::json!(spelling.tokens), golden["tokens"]);
    let reading = LIBRARY.weigh(&LIBRARY.encode(&sound("dave_pass_1")).unwrap(), &spelling).unwrap();
    for (found, expected) in reading.leads.iter().zip(numbers(&golden["leads"])) {
        assert!((found - expected).abs() < 0.6, "{found}, not {expected}");
    }
    let encoded = LIBRARY.encode(&sound("dave_digits_1")).unwrap();
    for (digits, expected) in golden["fits"].as_object().unwrap() {
        let spelling = digits.parse::<Challenge>().unwrap().spelling(LIBRARY.tokens()).unwrap();
        let (heard, silent) = (LIBRARY.weigh(&encoded, &spelling).unwrap(), LIBRARY.weigh_silence(&spelling).unwrap());
        let fit = Fit::new(&spelling, &heard, &silent).unwrap();
        let expected = numbers(expected);
        assert!((fit.mean - expected[0]).abs() < 0.4 && (fit.least - expected[1]).abs() < 1.2, "{digits}: {fit:?}");
    }
}

#[test]
fn the_same_phrase_is_known_in_every_voice_and_another_is_not() {
    for voice in VOICES {
        let enrolled = takes(voice, "pass", 1..=3);
        assert_eq!(ENGINE.same_phrase(&enrolled), Ok(()), "{voice}");
        let threshold = |strictness| ENGINE.phrase_threshold(strictness);
        for number in 4..=6 {
            let score = ENGINE.phrase(&enrolled, &words(&format!("{voice}_pass_{number}")), None).unwrap();
            assert!(score.llr >= threshold(Strictness::Far001Pct), "{voice} {number}: {score:?}");
        }
        for other in ["other_1", "other_2", "digits_1"] {
            let score = ENGINE.phrase(&enrolled, &words(&format!("{voice}_{other}")), None).unwrap();
            assert!(score.llr < threshold(Strictness::Far1Pct), "{voice} {other}: {score:?}");
        }
    }
}

#[test]
fn a_phrase_in_another_language_is_known_too() {
    for voice in ["lukas", "tobias"] {
        let enrolled = takes(voice, "de", 1..=3);
        assert_eq!(ENGINE.same_phrase(&enrolled), Ok(()));
        let score = ENGINE.phrase(&enrolled, &words(&format!("{voice}_de_4")), None).unwrap();
        assert!(score.llr >= ENGINE.phrase_threshold(Strictness::Far001Pct), "{voice}: {score:?}");
    }
}

#[test]
fn takes_that_say_different_things_are_no_enrollment() {
    let mut mixed = takes("dave", "pass", 1..=2);
    mixed.extend(takes("dave", "other", 1..=1));
    assert_eq!(ENGINE.same_phrase(&mixed), Err(Reason::TakesDiffer));
}

#[test]
fn the_text_of_a_passphrase_fits_it_better_than_another() {
    let enrolled = takes("dave", "pass", 1..=1);
    let heard = words("dave_pass_4");
    let text = |text| ENGINE.phrase(&enrolled, &heard, Some(text)).unwrap().text.unwrap();
    assert!(text("Never forget tomorrow is a new day.") > text("My account is as safe as a house by the sea.") + 2.0);
}

/// Single digits of a voice, one after the other.
fn spoken(voice: &str, digits: &str) -> Words {
    let mut samples = Vec::new();
    for digit in digits.chars() {
        samples.extend_from_slice(resample::to_8k(&clip(&format!("{voice}_digit_{digit}"))).samples());
    }
    let clip = Clip8k::new(samples);
    ENGINE.words(&clip, &(0..clip.samples().len())).unwrap()
}

#[test]
fn a_challenge_is_passed_by_saying_it_and_by_nothing_else() {
    for voice in SPELLERS {
        for random in [0, 1_234_567, 98_765_432_109] {
            let asked = Challenge::digits(random);
            let heard = spoken(voice, &asked.to_string());
            let score = ENGINE.challenge(&heard, &asked).unwrap();
            assert!(score.llr >= ENGINE.challenge_threshold(Strictness::Far001Pct), "{voice} {asked}: {score:?}");
            let other = Challenge::digits(random + 400_000);
            let score = ENGINE.challenge(&heard, &other).unwrap();
            assert!(score.llr < ENGINE.challenge_threshold(Strictness::Far1Pct), "{voice} {asked} {other}: {score:?}");
        }
    }
}

#[test]
fn every_part_of_a_mixed_challenge_is_one_token_of_its_own() {
    for random in [0, 77_777, 3_141_592] {
        let challenge = Challenge::mixed(random);
        let spelling = challenge.spelling(LIBRARY.tokens()).unwrap();
        assert_eq!(spelling.slots.len(), challenge.parts());
        for slot in &spelling.slots {
            let mut choices = slot.choices.to_vec();
            choices.sort_unstable();
            choices.dedup();
            assert_eq!(choices.len(), slot.choices.len(), "two choices begin with the same token");
            assert_eq!(spelling.tokens[slot.at], slot.choices[slot.said]);
        }
    }
}

#[test]
fn a_template_of_three_takes_is_small() {
    let bytes: usize = takes("dave", "pass", 1..=3).iter().map(|take| take.to_bytes().len()).sum();
    assert!(bytes < 30_000, "{bytes} bytes");
}
