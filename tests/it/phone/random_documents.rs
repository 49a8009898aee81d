use callprint::phone::{
    Answer, Connect, Dial, Document, Ended, Gather, Go, Interpreter, Limits, Method, Record, Script, Silence, Start,
    StreamEnd, Then, Tracks, Utterance, Verb, check,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use url::Url;

use super::answering_machine::tone;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z ]{0,20}", "\\PC{0,10}", Just("/next".to_owned()), Just("https://a.example/b?c".to_owned())]
}

fn amount() -> impl Strategy<Value = u32> {
    prop_oneof![0..5u32, Just(u32::MAX), any::<u32>()]
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![Just(Method::Get), Just(Method::Post)]
}

fn spoken() -> impl Strategy<Value = Verb> {
    let voice = || of("[a-z]{0,5}");
    prop_oneof![
        (text(), voice(), amount()).prop_map(|(text, voice, times)| Verb::Say {
            text,
            voice,
            language: "en-US".to_owned(),
            times
        }),
        (text(), of("[0-9w]{0,5}"), amount()).prop_map(|(url, digits, times)| Verb::Play { url, digits, times }),
        amount().prop_map(|seconds| Verb::Pause { seconds }),
    ]
}

fn gather() -> impl Strategy<Value = Verb> {
    (of(text()), method(), amount(), of(amount()), "[0-9*#]{0,2}", any::<(bool, bool)>(), vec(verb_leaf(), 0..3))
        .prop_map(
            |(action, method, timeout_s, num_digits, finish_on_key, (action_on_empty_result, barge_in), children)| {
                let children = children.into_iter().collect();
                let gather = Gather {
                    action,
                    method,
                    timeout_s,
                    num_digits,
                    finish_on_key,
                    action_on_empty_result,
                    barge_in,
                    children,
                };
                Verb::Gather(gather)
            },
        )
}

fn record() -> impl Strategy<Value = Verb> {
    // Short recordings mostly: a case of two minutes' silence costs more than it finds.
    let seconds = prop_oneof![9 => 0..3u32, 1 => Just(u32::MAX)];
    (of(text()), method(), amount(), "[0-9*#]{0,12}", seconds, any::<(bool, bool)>()).prop_map(
        |(action, method, timeout_s, finish_on_key, max_length_s, (play_beep, trim_silence))| {
            Verb::Record(Record { action, method, timeout_s, finish_on_key, max_length_s, play_beep, trim_silence })
        },
    )
}

fn verb_leaf() -> impl Strategy<Value = Verb> {
    let dial = (text(), of(text()), method(), amount())
        .prop_map(|(number, action, method, timeout_s)| Verb::Dial(Dial { number, action, method, timeout_s }));
    let connect = (of(text()), method(), text(), vec((text(), text()), 0..3))
        .prop_map(|(action, method, url, parameters)| Verb::Connect(Connect { action, method, url, parameters }));
    let start = (text(), vec((text(), text()), 0..3)).prop_map(|(url, parameters)| {
        let tracks = if url.is_empty() { Tracks::Outbound } else { Tracks::Both };
        Verb::Start(Start { url, tracks, parameters })
    });
    prop_oneof![
        6 => spoken(),
        2 => record(),
        1 => (text(), method()).prop_map(|(url, method)| Verb::Redirect { url, method }),
        1 => dial,
        1 => connect,
        1 => start,
        1 => Just(Verb::Hangup),
        1 => any::<bool>().prop_map(|busy| Verb::Reject { busy }),
    ]
}

fn document() -> impl Strategy<Value = Document> {
    vec(prop_oneof![3 => verb_leaf(), 1 => gather()], 0..6).prop_map(|verbs| Document { verbs })
}

fn answer() -> impl Strategy<Value = Answer> {
    let then = prop_oneof![Just(Then::Wait), Just(Then::HangUp), any::<char>().prop_map(Then::Press)];
    prop_oneof![
        Just(Answer::Nothing),
        "[0-9*#w]{0,12}".prop_map(Answer::Keys),
        ".{0,3}".prop_map(Answer::Keys),
        (0..400u32, then).prop_map(|(ms, then)| Answer::Say(Utterance { then, ..tone(ms) })),
        Just(Answer::HangUp),
    ]
}

/// Plays document after document, as long as another one is asked for.
fn ends(documents: &[Document], script: Script, silence: Silence) -> Ended {
    let base = Url::parse("http://h.example/start?n=1").unwrap();
    let limits = Limits { documents: 20, verbs: 60, ..Limits::default() };
    let mut line = Interpreter::new(script, silence, limits);
    let mut url = base.clone();
    let mut before_ms = 0;
    for document in documents.iter().cycle() {
        let mut go = line.play(document, &url);
        let mut endings = [StreamEnd::Closed, StreamEnd::Refused, StreamEnd::Broken].into_iter().cycle();
        while let (Go::Stream(_), Some(ending)) = (&go, endings.next()) {
            go = line.streamed(ending);
        }
        assert!(line.at_ms() >= before_ms, "time runs forwards");
        before_ms = line.at_ms();
        match go {
            Go::End(ended) => return ended,
            Go::Fetch(fetch) => url = fetch.url,
            Go::Stream(_) => unreachable!("streams have been followed"),
        }
    }
    unreachable!("there is at least one document")
}

proptest! {
    #[test]
    fn every_call_ends_whatever_the_documents_say(
        documents in vec(document(), 1..4),
        answers in vec(answer(), 0..6),
        falls_through in any::<bool>(),
    ) {
        let silence = if falls_through { Silence::FallsThrough } else { Silence::Recorded };
        ends(&documents, Script::in_order(answers), silence);
    }

    #[test]
    fn a_document_of_any_text_is_refused_or_played(xml in prop_oneof![
        "\\PC{0,200}",
        "<Response>(<(Say|Play|Pause|Gather|Record|Redirect|Dial|Hangup|Reject)( (length|timeout|loop|action)=\"[0-9a-z/]{0,12}\")?(/>|>[a-z]{0,5}</(Say|Play|Gather|Dial|Redirect)>)){0,5}</Response>",
    ]) {
        if let Ok(document) = check(&xml) {
            ends(&[document], Script::in_order([]), Silence::Recorded);
        }
    }
}

#[test]
fn a_document_that_asks_for_itself_is_stopped() {
    let again = Document { verbs: vec![Verb::Redirect { url: "/start".to_owned(), method: Method::Post }] };
    assert_eq!(ends(&[again], Script::in_order([]), Silence::Recorded), Ended::TooLong);
}
