//! Every reply as XML: as it reads, and that a provider accepts it.

use callprint::config::{AfterVerdict, Audio, ChallengeForm, ChallengePolicy, EnrollmentPolicy, Line};
use callprint::dialog::prompts::ALL;
use callprint::dialog::{Keys, Next, Reply, Sentence};
use callprint::phone::{Verb, check};
use callprint::twiml::{APOLOGY, Prompts, StreamUrls, Urls, render};
use callprint::types::{E164, LineName, Strictness};
use proptest::prelude::*;

/// The provider refuses a larger document (error 11750).
const MAX_BYTES: usize = 64 * 1024;

const LOCALES: [(&str, &str); 2] = [("en-US", ""), ("de-DE", "Polly.Vicki-Neural")];

fn line(locale: &str, voice: &str) -> Line {
    Line {
        name: LineName("main".to_owned()),
        numbers: Vec::new(),
        service_name: "Example".to_owned(),
        passphrase: "never forget tomorrow is a new day".to_owned(),
        locale: locale.to_owned(),
        voice: voice.to_owned(),
        prompts: None,
        audio: Audio::Record,
        enrollment: EnrollmentPolicy::Open,
        strictness: Strictness::default(),
        challenge: ChallengePolicy::Risk,
        challenge_form: ChallengeForm::Digits,
        own_passphrase: false,
        countries: Vec::new(),
        after_accept: AfterVerdict::Say,
        after_reject: AfterVerdict::Say,
    }
}

fn urls() -> Urls {
    Urls {
        turn: "/call/turn?n=3".to_owned(),
        silent: "/call/turn?n=3&silent=1".to_owned(),
        wait: "/call/wait?n=3&poll=2".to_owned(),
        stream: None,
    }
}

fn say(keys: &[&str]) -> Vec<Sentence> {
    let fill = |key: &&str| {
        let places =
            [("service", "Example & Söhne"), ("passphrase", "never forget"), ("take", "1"), ("digits", "4 8 2")];
        places.into_iter().fold(Sentence::new(key), |sentence, (name, value)| sentence.with(name, value))
    };
    keys.iter().map(fill).collect()
}

/// One reply of each kind, and of each shape of that kind.
fn replies() -> Vec<(&'static str, Reply)> {
    let number = E164::parse("+15550100").expect("valid");
    let url = "https://app.example/next?a=1&callprint_token=abc".to_owned();
    let rows = [
        ("gather_one_key", vec!["greeting", "ask_consent"], Next::Gather { keys: Keys::One, timeout_s: 3 }),
        ("gather_until_pound", vec!["ask_account"], Next::Gather { keys: Keys::UntilPound(8), timeout_s: 10 }),
        ("listen", vec!["enroll_good", "enroll_say"], Next::Listen { max_s: 8, end_silence_s: 2 }),
        ("wait_first", vec!["please_wait"], Next::Wait { poll: 0, pause_s: 0 }),
        ("wait_again", vec![], Next::Wait { poll: 1, pause_s: 1 }),
        ("hangup", vec!["enrolled", "account_number", "goodbye"], Next::Hangup),
        ("redirect", vec!["verified", "continue"], Next::Redirect { url }),
        ("dial", vec!["connect_agent"], Next::Dial { number }),
        ("nothing", vec![], Next::Nothing),
    ];
    rows.into_iter().map(|(name, keys, next)| (name, Reply { say: say(&keys), next })).collect()
}

fn render_in(locale: &str, voice: &str, reply: &Reply) -> String {
    let prompts = Prompts::for_line(&line(locale, voice)).expect(locale);
    render(reply, &prompts, &urls()).expect("a reply")
}

#[test]
fn each_reply_reads_as_it_did_when_it_was_last_looked_at() {
    for (name, reply) in replies() {
        let both = LOCALES.map(|(locale, voice)| render_in(locale, voice, &reply)).join("\n");
        insta::assert_snapshot!(name, both);
    }
}

#[test]
fn each_reply_is_what_the_provider_takes() {
    for (name, reply) in replies() {
        for (locale, voice) in LOCALES {
            let xml = render_in(locale, voice, &reply);
            assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response"), "{name}: {xml}");
            assert!(check(&xml).is_ok(), "{name}: {:?}\n{xml}", check(&xml));
        }
    }
    assert!(check(APOLOGY).is_ok(), "{:?}", check(APOLOGY));
}

#[test]
fn a_caller_who_does_nothing_always_comes_back_to_us() {
    for (name, reply) in replies() {
        let verbs = check(&render_in("en-US", "", &reply)).expect("valid").verbs;
        let last = verbs.last();
        match reply.next {
            Next::Gather { .. } | Next::Listen { .. } => {
                assert!(matches!(last, Some(Verb::Redirect { url, .. }) if *url == urls().silent), "{name}");
            }
            Next::Wait { .. } => {
                assert!(matches!(last, Some(Verb::Redirect { url, .. }) if *url == urls().wait), "{name}");
            }
            Next::Redirect { url: expected } => {
                assert!(matches!(last, Some(Verb::Redirect { url, .. }) if *url == expected), "{name}");
            }
            Next::Hangup | Next::Dial { .. } => assert_eq!(last, Some(&Verb::Hangup), "{name}"),
            Next::Nothing => assert_eq!(last, None, "{name}"),
        }
    }
}

#[test]
fn a_take_is_recorded_whole_and_ended_by_any_key() {
    let (_, reply) = replies().into_iter().find(|(name, _)| *name == "listen").expect("there");
    let verbs = check(&render_in("en-US", "", &reply)).expect("valid").verbs;
    let record = verbs.iter().find_map(|verb| match verb {
        Verb::Record(record) => Some(record),
        _ => None,
    });
    let record = record.expect("a recording");
    assert_eq!(record.action.as_deref(), Some("/call/turn?n=3"));
    assert_eq!((record.max_length_s, record.timeout_s), (8, 2));
    assert_eq!(record.finish_on_key, "1234567890*#");
    assert!(record.play_beep && !record.trim_silence);
}

fn streamed() -> Urls {
    let stream = StreamUrls {
        socket: "wss://voice.example.com/media".to_owned(),
        action: "/call/turn?n=3&stream=1".to_owned(),
        token: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
    };
    Urls { stream: Some(stream), ..urls() }
}

#[test]
fn a_streamed_take_comes_back_to_us_however_its_stream_ends() {
    let reply = Reply { say: say(&["enroll_good", "enroll_say"]), next: Next::Listen { max_s: 8, end_silence_s: 2 } };
    let prompts = Prompts::for_line(&line("en-US", "")).expect("built in");
    let xml = render(&reply, &prompts, &streamed()).expect("a reply");
    insta::assert_snapshot!("stream", xml);
    let verbs = check(&xml).expect("valid").verbs;
    let [Verb::Say { .. }, Verb::Say { .. }, Verb::Connect(connect), Verb::Redirect { url, .. }] = &verbs[..] else {
        panic!("{verbs:?}")
    };
    assert_eq!(connect.url, "wss://voice.example.com/media");
    assert_eq!(connect.parameters, [("token".to_owned(), "AAECAwQFBgcICQoLDA0ODw".to_owned())]);
    assert_eq!((connect.action.as_deref(), url.as_str()), (Some("/call/turn?n=3&stream=1"), "/call/turn?n=3&stream=1"));
}

#[test]
fn only_a_reply_that_listens_is_streamed() {
    let prompts = Prompts::for_line(&line("en-US", "")).expect("built in");
    for (name, reply) in replies() {
        let is_streamed = render(&reply, &prompts, &streamed()).expect("a reply").contains("<Stream");
        assert_eq!(is_streamed, name == "listen", "{name}");
    }
}

#[test]
fn typed_keys_end_after_one_or_with_the_pound_key() {
    for (name, digits, finish) in [("gather_one_key", 1, ""), ("gather_until_pound", 9, "#")] {
        let (_, reply) = replies().into_iter().find(|(other, _)| *other == name).expect("there");
        let verbs = check(&render_in("en-US", "", &reply)).expect("valid").verbs;
        let Verb::Gather(gather) = &verbs[0] else { panic!("{verbs:?}") };
        assert_eq!((gather.num_digits, gather.finish_on_key.as_str()), (Some(digits), finish));
        assert!(gather.barge_in && !gather.action_on_empty_result);
        assert!(!gather.children.is_empty());
    }
}

#[test]
fn every_sentence_can_be_said_in_every_language() {
    for prompt in ALL {
        let sentence = prompt.args.iter().fold(prompt.sentence(), |sentence, place| sentence.with(place, "2"));
        for (locale, voice) in LOCALES {
            let xml = render_in(locale, voice, &Reply { say: vec![sentence.clone()], next: Next::Hangup });
            let verbs = check(&xml).expect(prompt.key).verbs;
            assert!(matches!(&verbs[0], Verb::Say { language, .. } if language == locale), "{xml}");
        }
    }
}

#[test]
fn a_recorded_prompt_is_played() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("prompts.toml");
    std::fs::write(&path, "goodbye = { play = 'https://a.example/bye.mp3?a=1&b=2' }").expect("a file");
    let prompts = Prompts::load("en-US", Some(&path)).expect("valid");
    let reply = Reply { say: vec![Sentence::new("goodbye")], next: Next::Hangup };
    let verbs = check(&render(&reply, &prompts, &urls()).expect("a reply")).expect("valid").verbs;
    assert!(matches!(&verbs[0], Verb::Play { url, .. } if url == "https://a.example/bye.mp3?a=1&b=2"));
}

#[test]
fn a_reply_larger_than_the_provider_takes_is_an_error() {
    let sentence = Sentence::new("greeting").with("service", "x".repeat(MAX_BYTES));
    let prompts = Prompts::load("en-US", None).expect("built in");
    let error = render(&Reply { say: vec![sentence], next: Next::Hangup }, &prompts, &urls()).expect_err("too large");
    assert_eq!(error.code(), "twiml_too_large");
}

/// Anything a value could hold, with what XML minds most made likely.
fn value() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "]]>",
        "<![CDATA[",
        "&",
        "&amp;",
        "&#0;",
        "&#xD800;",
        "\\ud800",
        "<",
        ">",
        "\"",
        "'",
        "--",
        "<!--",
        "?>",
        "\0",
        "\u{1b}",
        "\u{7f}",
        "\u{85}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{feff}",
        "\r\n",
        "\t",
        "{digits}",
        "😀",
        "👩‍👩‍👧",
        "\u{202e}",
        "ä",
    ])
    .prop_map(str::to_owned);
    let any_char = any::<char>().prop_map(String::from);
    proptest::collection::vec(prop_oneof![nasty, any_char, ".{0,5}"], 0..12).prop_map(|parts| parts.concat())
}

/// A text as a parser of XML 1.0 gives it back: without the characters that XML forbids, line breaks and tabs as
/// spaces.
fn heard(text: &str) -> String {
    let is_allowed = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(is_allowed).map(|c| if c.is_ascii_whitespace() { ' ' } else { c }).collect()
}

proptest! {
    #[test]
    fn any_value_is_said_as_it_is_and_breaks_no_document(value in value(), is_asked in any::<bool>()) {
        let next = if is_asked { Next::Gather { keys: Keys::One, timeout_s: 3 } } else { Next::Hangup };
        for (locale, voice) in LOCALES {
            let sentence = Sentence::new("greeting").with("service", value.clone());
            let xml = render_in(locale, voice, &Reply { say: vec![sentence], next: next.clone() });
            let document = check(&xml).map_err(|violations| TestCaseError::fail(format!("{violations:?}\n{xml}")))?;
            let start = if locale == "en-US" { "Welcome to " } else { "Willkommen bei " };
            let expected = format!("{start}{}.", heard(&value));
            let said = match &document.verbs[0] {
                Verb::Gather(gather) => &gather.children[0],
                verb => verb,
            };
            let is_said = matches!(said, Verb::Say { text, .. } if *text == expected);
            prop_assert!(is_said, "{expected:?}\n{xml}");
        }
    }
}
