//! Faults of a provider, or of a stranger who poses as one: nothing is let in, nothing is lost, the caller is asked
//! again.

use std::sync::Arc;
use std::time::Duration;

use callprint::twilio::Form;
use callprint::twilio::signature::sign;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::line::{Line, silence, spoken};
use super::{ACTION, House, Invited};

/// How a socket is closed on whoever breaks the protocol.
const VIOLATION: Option<u16> = Some(1008);

/// A house, a call that may stream, and a socket that has not said anything yet.
async fn ready() -> (House, Invited, Line) {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let line = house.dial().await;
    (house, invited, line)
}

/// The turn is asked once more, as a recording, and nothing was judged.
async fn is_asked_again(house: House, invited: &Invited) {
    let answer = house.post(ACTION, &invited.form).await;
    assert!(answer.body.contains("<Record"), "{answer:?}");
    assert_eq!(house.verdicts().await, ["accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_provider_gets_a_socket() {
    let house = House::streaming().await;
    let token = &house.account.token;
    let none = Form::default();
    let http = format!("{}/media", house.base);
    for signature in [
        None,
        Some(String::new()),
        Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        // The right key over the wrong scheme, path and query.
        Some(sign(&http, &none, token)),
        Some(sign(&format!("{}x", house.socket_url()), &none, token)),
        Some(sign(&house.socket_url(), &none, &"another token".into())),
    ] {
        let refused = house.dial_as(signature.as_deref()).await.err();
        assert_eq!(refused, Some(StatusCode::FORBIDDEN), "{signature:?}");
    }
    let slashed = sign(&format!("{}/", house.socket_url()), &none, token);
    assert!(house.dial_as(Some(&slashed)).await.is_ok(), "the provider may have signed a slash at the end");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_before_the_start_is_refused() {
    let (house, invited, mut line) = ready().await;
    let frame = line.frame(&silence(20));
    line.say(frame).await;
    assert_eq!(line.closed().await, VIOLATION);
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_ends_the_stream() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    let again = line.start(&invited.call, &invited.token);
    line.say(again).await;
    assert_eq!(line.closed().await, VIOLATION);
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_wrong_missing_used_or_anothers_is_refused_alike() {
    let (house, invited, mut line) = ready().await;
    let other = house.invited(2).await;
    for (call, token) in [
        (&invited.call, "wrong"),
        (&invited.call, ""),
        (&invited.call, other.token.as_str()),
        (&other.call, invited.token.as_str()),
        (&"CA00000000000000000000000000000009".to_owned(), invited.token.as_str()),
        (&"not a call".to_owned(), invited.token.as_str()),
    ] {
        let mut line = house.dial().await;
        let start = line.start(call, token);
        line.say(start).await;
        assert_eq!(line.closed().await, VIOLATION, "{call} {token}");
    }
    line.begin(&invited).await;
    assert!(line.heard().await.is_some(), "the right one is still good");
    let mut second = house.dial().await;
    second.begin(&invited).await;
    assert_eq!(second.closed().await, VIOLATION, "but only once");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_worth_nothing_after_its_time() {
    let (house, invited, mut line) = ready().await;
    house.clock.advance_s(121);
    line.begin(&invited).await;
    assert_eq!(line.closed().await, VIOLATION);
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_account_is_refused() {
    let (house, invited, mut line) = ready().await;
    let mut start = line.start(&invited.call, &invited.token);
    start["start"]["accountSid"] = json!("AC00000000000000000000000000000009");
    line.say(start).await;
    assert_eq!(line.closed().await, VIOLATION);
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_call_or_with_audio_that_nobody_decodes_is_refused() {
    let (house, invited, _line) = ready().await;
    let mangle: [fn(&mut Value); 4] = [
        |start| start["start"]["callSid"] = json!(null),
        |start| start["start"]["mediaFormat"]["encoding"] = json!("audio/x-unheard-of"),
        |start| start["start"]["mediaFormat"]["sampleRate"] = json!(44_100),
        |start| start["start"] = json!("begin"),
    ];
    for mangle in mangle {
        let mut line = house.dial().await;
        let mut start = line.start(&invited.call, &invited.token);
        mangle(&mut start);
        line.say(start.clone()).await;
        assert_eq!(line.closed().await, VIOLATION, "{start}");
    }
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_ends_the_stream() {
    for (message, code) in [
        (Message::binary(vec![0xff; 160]), VIOLATION),
        (Message::text("{"), VIOLATION),
        (Message::text("[1, 2]"), VIOLATION),
        (Message::text(format!("{{\"event\":\"{}\"}}", "x".repeat(70_000))), Some(1009)),
    ] {
        let (house, invited, mut line) = ready().await;
        line.begin(&invited).await;
        line.send(message.clone()).await;
        assert_eq!(line.closed().await, code, "{:.40}", message.to_string());
        is_asked_again(house, &invited).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_in_one_message_are_not_taken_in() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    // The server stops reading long before the end, so the sender may find the socket gone.
    line.send(Message::text("x".repeat(10_000_000))).await;
    line.closed().await;
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_frame_costs_its_audio_and_no_more() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    line.speak(&silence(200)).await;
    for payload in [json!("!!!"), json!(7), json!(null)] {
        let mut frame = line.frame(&silence(20));
        frame["media"]["payload"] = payload;
        line.say(frame).await;
    }
    line.say(json!({ "event": "media" })).await;
    line.speak_take("anna_pass_5").await;
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_may_be_numbers_and_events_may_be_new() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    for bytes in [silence(300), spoken("anna_pass_5"), silence(3_000)].concat().chunks(160) {
        let mut frame = line.frame(bytes);
        for (name, field) in [
            ("sequenceNumber", &["sequenceNumber"][..]),
            ("chunk", &["media", "chunk"]),
            ("timestamp", &["media", "timestamp"]),
        ] {
            let value = field.iter().fold(&mut frame, |value, key| &mut value[*key]);
            *value = json!(value.as_str().unwrap().parse::<u64>().unwrap_or_else(|_| panic!("{name}")));
        }
        line.say(frame).await;
        line.say(json!({ "event": "weather", "media": "sunny", "start": 7 })).await;
    }
    line.closed().await;
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_may_have_any_length() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    let sound = [silence(300), spoken("anna_pass_5"), silence(3_000)].concat();
    let mut rest = &sound[..];
    for length in [0, 1, 7, 160, 8_000, 0, 333, 2_400].into_iter().cycle() {
        let (frame, after) = rest.split_at(rest.len().min(length));
        rest = after;
        let message = line.frame(frame);
        if !line.say(message).await || rest.is_empty() {
            break;
        }
    }
    line.closed().await;
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_network_costs_no_verdict() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    line.speak(&silence(300)).await;
    let mut last = line.frame(&silence(20));
    for (n, bytes) in spoken("anna_pass_5").chunks(160).enumerate() {
        if n % 25 == 24 {
            // 20 ms are lost, the frame before comes once more, and one from long ago.
            line.lose(20);
            line.say(last.clone()).await;
            let mut old = last.clone();
            old["sequenceNumber"] = json!("2");
            line.say(old).await;
            continue;
        }
        last = line.frame(bytes);
        line.say(last.clone()).await;
    }
    line.speak(&silence(3_000)).await;
    line.closed().await;
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_of_silence_are_one_question_without_an_answer() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    // The server closes after some seconds of it; whoever goes on talks to nobody.
    line.speak(&silence(600_000)).await;
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "retry no_speech"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_more_than_a_line_can_is_cut_off() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    for _ in 0..3_000 {
        if !line.say(json!({ "event": "hello" })).await {
            break;
        }
    }
    assert!(matches!(line.closed().await, VIOLATION | None));
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_dies_in_the_middle_of_a_sentence_costs_one_repetition() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    drop(line);
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_dies_before_its_start_leaves_the_token_good() {
    let (house, invited, line) = ready().await;
    drop(line);
    let mut line = house.dial().await;
    line.begin(&invited).await;
    line.speak_take("anna_pass_5").await;
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_dies_after_the_caller_has_finished_loses_nothing() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    line.speak(&[silence(300), spoken("anna_pass_5"), silence(3_000)].concat()).await;
    // The tone, its mark and the clearing of both were sent before the end; whoever reads no further may go.
    while line.heard().await.is_some_and(|heard| heard["event"] != "clear") {}
    house.attempt(2).await;
    drop(line);
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_in_the_middle_is_not_judged() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    line.speak(&spoken("anna_pass_5")[..12_000]).await;
    line.say(json!({ "event": "stop", "stop": { "callSid": invited.call } })).await;
    assert_eq!(line.closed().await, Some(1000));
    let gone = Form::default().with("CallStatus", "completed");
    let form = invited
        .form
        .pairs()
        .filter(|(name, _)| *name != "CallStatus")
        .fold(gone, |form, (name, value)| form.with(name, value));
    house.post(ACTION, &form).await;
    house.post("/call/status", &form).await;
    assert_eq!(house.verdicts().await, ["accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_a_stream_costs_one_repetition() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    let house = house.restarted().await;
    assert!(matches!(line.closed().await, Some(1001) | None));
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_of_a_stream_costs_one_repetition() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    let house = house.killed().await;
    is_asked_again(house, &invited).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_sockets_that_say_nothing_cost_places_for_seconds_and_never_a_call() {
    const SOCKETS: usize = 2_000;
    const PLACES: usize = 600;
    allow_files(2 * SOCKETS as u64);
    let house = Arc::new(House::streaming_with(&format!("[streams]\nmax_open = {PLACES}")).await);
    let signature = sign(&house.socket_url(), &Form::default(), &house.account.token);
    let mut dialled = JoinSet::new();
    for _ in 0..SOCKETS {
        let (house, signature) = (Arc::clone(&house), signature.clone());
        dialled.spawn(async move { house.dial_as(Some(&signature)).await });
    }
    // A caller who comes meanwhile is recorded, or streamed: never turned away.
    let form = house.form(1, super::ANNA);
    house.post("/incoming_call", &form).await;
    let asked = house.post("/call/turn?n=1&silent=1", &form).await;
    assert!(asked.body.contains("<Record") || asked.body.contains("<Connect"), "{asked:?}");
    let (open, refused): (Vec<_>, Vec<_>) = dialled.join_all().await.into_iter().partition(Result::is_ok);
    assert!(open.len() >= PLACES && !refused.is_empty(), "{} open, {} refused", open.len(), refused.len());
    assert!(refused.iter().all(|status| status.as_ref().err() == Some(&StatusCode::SERVICE_UNAVAILABLE)));
    for mut line in open.into_iter().flatten() {
        assert_eq!(line.closed().await, VIOLATION);
    }
    assert!(!house.invited(2).await.token.is_empty(), "and the next caller streams");
    Arc::into_inner(house).expect("nobody else has it").close().await;
}

/// Lets this process have so many files and sockets open.
fn allow_files(count: u64) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    assert!(limit.maximum.is_none_or(|most| most > count), "this machine allows {:?} open files", limit.maximum);
    limit.current = limit.current.map(|now| now.max(count + 500));
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_never_reads_is_left_alone() {
    let (house, invited, mut line) = ready().await;
    line.begin(&invited).await;
    // Neither the tone, nor the close, nor a ping is ever read.
    line.speak(&[silence(300), spoken("anna_pass_5"), silence(3_000)].concat()).await;
    house.attempt(2).await;
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    tokio::time::timeout(Duration::from_secs(10), house.close()).await.expect("it holds up no shutdown");
    drop(line);
}
