use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::types::Reason;

const LOCALES: [&str; 2] = ["en-US", "de-DE"];

fn operators_file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("prompts.toml");
    std::fs::write(&path, text).expect("a file");
    (dir, path)
}

fn load(locale: &str, text: &str) -> Result<Prompts, TwimlError> {
    let (_dir, path) = operators_file(text);
    Prompts::load(locale, Some(&path))
}

fn spoken(prompts: &Prompts, sentence: &Sentence) -> String {
    match prompts.words(sentence).expect("a sentence") {
        Some(Words::Spoken { text }) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_built_in_language_has_every_sentence_and_no_other() {
    let keys: BTreeSet<_> = ALL.iter().map(|prompt| prompt.key).collect();
    assert_eq!(keys.len(), ALL.len(), "a key is used twice");
    for (locale, text) in BUILT_IN {
        let sentences = parse(locale, text).expect(locale);
        assert_eq!(sentences.keys().map(String::as_str).collect::<BTreeSet<_>>(), keys, "{locale}");
    }
}

#[test]
fn every_built_in_sentence_uses_every_place_it_has() {
    for (locale, text) in BUILT_IN {
        let table: Table = text.parse().expect(locale);
        for prompt in ALL {
            let sentence = table[prompt.key].as_str().expect(prompt.key);
            for place in prompt.args {
                assert!(sentence.contains(&format!("{{{place}}}")), "{locale} {}: {place}", prompt.key);
            }
        }
    }
}

#[test]
fn every_reason_has_a_spoken_hint_in_every_language() {
    for locale in LOCALES {
        let prompts = Prompts::load(locale, None).expect(locale);
        for reason in Reason::ALL {
            let hint = spoken(&prompts, &Sentence::new(&format!("hint_{}", reason.code())));
            assert!(hint.ends_with('.'), "{locale} {reason}: {hint}");
        }
    }
}

#[test]
fn no_hint_tells_one_kind_of_impostor_from_another() {
    for locale in LOCALES {
        let prompts = Prompts::load(locale, None).expect(locale);
        let hint = |reason: Reason| spoken(&prompts, &Sentence::new(&format!("hint_{}", reason.code())));
        assert_eq!(hint(Reason::VoiceMismatch), hint(Reason::ReplaySuspected), "{locale}");
        assert_eq!(hint(Reason::VoiceMismatch), hint(Reason::SyntheticSuspected), "{locale}");
    }
}

/// A caller listens to one sentence at a time and cannot look back.
#[test]
fn built_in_sentences_are_short_enough_to_listen_to() {
    for (locale, text) in BUILT_IN {
        let table: Table = text.parse().expect(locale);
        for (key, sentence) in table {
            let sentence = sentence.as_str().expect("text").to_owned();
            assert!(sentence.chars().count() <= 260, "{locale} {key} has {}", sentence.chars().count());
            assert!(sentence.ends_with('.'), "{locale} {key}");
        }
    }
}

#[test]
fn places_are_filled_and_a_missing_value_is_an_error() {
    let prompts = Prompts::load("en-US", None).expect("built in");
    let number = Sentence::new("account_number").with("digits", "4 8 2").with("unused", "x");
    assert_eq!(spoken(&prompts, &number), "Your account number is: 4 8 2. Once more: 4 8 2.");
    let missing = prompts.words(&Sentence::new("account_number")).expect_err("no digits");
    assert_eq!(missing.code(), "twiml_missing_place");
    let unknown = prompts.words(&Sentence::new("sing_a_song")).expect_err("no such sentence");
    assert_eq!(unknown.code(), "twiml_unknown_sentence");
}

#[test]
fn a_value_with_braces_is_not_taken_for_a_place() {
    let prompts = Prompts::load("en-US", None).expect("built in");
    let greeting = Sentence::new("greeting").with("service", "{digits} {service} }{");
    assert_eq!(spoken(&prompts, &greeting), "Welcome to {digits} {service} }{.");
}

#[test]
fn an_operators_file_replaces_single_sentences() {
    let text = "goodbye = 'See you.'\nplease_wait = { play = 'https://a.example/wait.mp3' }\nenroll_say = 'Say it.'";
    let prompts = load("en-US", text).expect("valid");
    assert_eq!(spoken(&prompts, &Sentence::new("goodbye")), "See you.");
    assert_eq!(spoken(&prompts, &Sentence::new("enroll_say")), "Say it.");
    assert_eq!(spoken(&prompts, &Sentence::new("consent_given")), "Thank you.");
    let recorded = Words::Recorded { url: "https://a.example/wait.mp3".to_owned() };
    assert_eq!(prompts.words(&Sentence::new("please_wait")).expect("valid"), Some(recorded));
}

#[test]
fn a_fault_in_an_operators_file_names_the_sentence() {
    let rows = [
        ("goodby = 'x'", "`goodby`: is not a sentence we say"),
        ("goodbye = ''", "`goodbye`: says nothing"),
        ("goodbye = 1", "is neither a text nor"),
        ("goodbye = ['x']", "is neither a text nor"),
        ("goodbye = 'Bye {name}'", "`goodbye`: has no place {name}"),
        ("greeting = 'Hi {Service}'", "`greeting`: has no place {Service}"),
        ("greeting = 'Hi {}'", "has no place {}"),
        ("greeting = 'Hi {service'", "brace without its other half"),
        ("greeting = 'Hi service}'", "brace without its other half"),
        ("account_number = 'You have one.'", "must tell the {digits} in words"),
        ("verify_challenge = 'Say something.'", "must tell the {challenge} in words"),
        ("account_number = { play = 'https://a.example/x.mp3' }", "must tell the {digits} in words"),
        ("goodbye = { play = 'x.mp3' }", "`x.mp3` is not an http or https URL"),
        ("goodbye = { play = 'file:///etc/passwd' }", "is not an http or https URL"),
        ("goodbye = { play = 1 }", "needs `play`"),
        ("goodbye = { play = 'https://a.example/x', say = 'x' }", "needs `play`"),
        ("goodbye = { }", "needs `play`"),
    ];
    for (text, expected) in rows {
        let error = load("en-US", text).expect_err(text);
        assert_eq!(error.code(), "prompts_bad_prompt", "{text}");
        assert!(error.to_string().contains(expected), "{text}: {error}");
        assert!(error.to_string().contains("prompts.toml"), "{text}: {error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = Prompts::load("en-US", Some(Path::new("/nowhere/prompts.toml"))).expect_err("no file");
    assert_eq!(missing.code(), "prompts_unreadable");
    assert!(missing.to_string().contains("/nowhere/prompts.toml"));
    for text in ["goodbye = ", "goodbye = 'a'\ngoodbye = 'b'", "= 'x'"] {
        assert_eq!(load("en-US", text).expect_err(text).code(), "prompts_unreadable", "{text}");
    }
}

#[test]
fn a_locale_takes_its_languages_sentences_and_its_own_name() {
    for (locale, expected) in [("de-AT", "Gut."), ("en-GB", "Good."), ("EN-us", "Good."), ("de", "Gut.")] {
        let prompts = Prompts::load(locale, None).expect(locale);
        assert_eq!(spoken(&prompts, &Sentence::new("enroll_good")), expected, "{locale}");
        assert_eq!(prompts.speaker().language, locale);
    }
}

#[test]
fn another_language_needs_a_file_with_every_sentence() {
    let error = Prompts::load("fr-FR", None).expect_err("not built in");
    assert_eq!(error.code(), "prompts_unknown_locale");
    assert!(error.to_string().contains("en-US, de-DE"));

    let says = |prompt: &Prompt| match prompt.args.iter().find(|place| MUST_TELL.contains(place)) {
        Some(place) => format!("{{{place}}}"),
        None => "Oui.".to_owned(),
    };
    let all: Table = ALL.iter().map(|prompt| (prompt.key.to_owned(), says(prompt).into())).collect();
    let all = all.to_string();
    assert!(load("fr-FR", &all).is_ok());

    let error = load("fr-FR", &all.replace("goodbye = \"Oui.\"\n", "")).expect_err("one is missing");
    assert!(error.to_string().contains("`goodbye`: is missing"), "{error}");
}

#[test]
fn a_sound_is_played_into_a_stream_and_read_where_there_is_none() {
    let sound = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio/anna_pass_1.wav");
    let file = format!("verify_say = {{ sound = \"{}\", text = \"Say: {{passphrase}}.\" }}", sound.display());
    let prompts = load("en-US", &file).expect("a file");
    let ask = Sentence::new("verify_say").with("passphrase", "never forget");
    assert_eq!(spoken(&prompts, &ask), "Say: never forget.");
    let bytes = std::fs::metadata(&sound).expect("the fixture").len() as usize;
    let heard = prompts.sound("verify_say").expect("a sound").len();
    assert!(heard.abs_diff(bytes / 2) < 400, "{heard} samples of µ-law from a file of {bytes} bytes");
    // Only what stands last: a sentence after it would be heard before it.
    let greeting = Sentence::new("greeting").with("service", "x");
    let (first, last) = ([greeting.clone(), ask.clone()], [ask, greeting]);
    assert_eq!(prompts.played(&first), &first[1..]);
    assert!(prompts.played(&last).is_empty());
}

#[test]
fn a_sound_that_cannot_be_played_is_refused_with_its_name() {
    for (value, fault) in [
        (r#"{ sound = "missing.wav", text = "a" }"#, "cannot read"),
        (r#"{ sound = "prompts.toml", text = "a" }"#, "prompts.toml"),
        (r#"{ sound = "a.wav" }"#, "needs `play`"),
        (r#"{ sound = "a.wav", text = "a", play = "https://a.example/b" }"#, "needs `play`"),
    ] {
        let error = load("en-US", &format!("goodbye = {value}")).expect_err(value).to_string();
        assert!(error.contains(fault), "{value}: {error}");
    }
}
