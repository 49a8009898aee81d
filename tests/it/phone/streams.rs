//! The phone's end of a stream, against a server that only says what it is told to.

mod server;

use std::time::{Duration, Instant};

use callprint::phone::{
    Account, Answer, Ended, Listening, Network, Pace, Report, Script, StreamEnd, Then, Utterance, What, listen,
};
use callprint::twilio::Form;
use callprint::twilio::signature::sign;
use callprint::types::Clip8k;
use serde_json::json;

use self::server::{Act, Server};
use super::answering_machine::{AnsweringMachine, Asked, phone, tone, twiml};

const FRAME_BYTES: usize = 160;

/// A caller whose answer goes through this network into a stream of this server.
async fn stream(server: &Server, network: Network, answer: Answer) -> (Report, Vec<Asked>) {
    stream_of(server, r#"action="/next?n=2""#, network, vec![answer]).await
}

async fn stream_of(server: &Server, attributes: &str, network: Network, answers: Vec<Answer>) -> (Report, Vec<Asked>) {
    let parameters = r#"<Parameter name="token" value="a&amp;b"/><Parameter name="turn" value=""/>"#;
    let connect = format!(r#"<Connect {attributes}><Stream url="{}">{parameters}</Stream></Connect>"#, server.url);
    let hangup = twiml("<Hangup/>");
    let first = twiml(&format!("{connect}<Redirect>/other</Redirect>"));
    let record = twiml(r#"<Record action="/done" timeout="1"/>"#);
    let replies = [("/start", first), ("/next", hangup.clone()), ("/other", record), ("/done", hangup)];
    let machine = AnsweringMachine::start(&replies).await;
    let phone = phone().0.with_network(network);
    let report = phone.call(&machine.outgoing(), Script::in_order(answers)).await;
    (report, machine.asked())
}

fn say(ms: u32) -> Answer {
    Answer::Say(words(ms))
}

/// A tone in a quiet place: the silence after it says how quiet.
fn words(ms: u32) -> Utterance {
    let tone = tone(ms);
    let samples = [tone.clip.samples(), &[0.0; 800]].concat();
    Utterance { clip: Clip8k::new(samples), ..tone }
}

/// Closes once so many frames have come.
fn after(frames: usize) -> Vec<(usize, Act)> {
    vec![(frames, Act::Close)]
}

#[tokio::test]
async fn the_handshake_is_signed_and_the_start_tells_the_call_and_its_parameters() {
    let server = Server::start(after(1)).await;
    let (report, _) = stream(&server, Network::default(), Answer::Nothing).await;
    assert!(report.is_proper(), "{:?}", report.violations);
    let got = server.got();
    let signature = got.headers["x-twilio-signature"].to_str().unwrap();
    assert_eq!(signature, sign(&server.url, &Form::default(), &"12345".into()));
    assert_eq!(got.messages[0], json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" }));
    let sid = got.sid();
    assert!(sid.starts_with("MZ") && sid.len() == 34, "{sid}");
    let start = json!({
        "event": "start", "sequenceNumber": "1", "streamSid": sid,
        "start": {
            "accountSid": format!("AC{:032x}", 7), "callSid": report.call_sid, "streamSid": sid, "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": { "token": "a&b", "turn": "" },
        },
    });
    assert_eq!(got.messages[1], start);
}

#[tokio::test]
async fn a_take_is_spoken_after_a_short_silence_and_the_action_is_fetched_once_the_server_closes() {
    let server = Server::start(after(80)).await;
    let (report, asked) = stream(&server, Network::default(), say(1_000)).await;
    assert_eq!((report.ended, report.spoken()), (Ended::HungUp, vec!["tone"]));
    assert_eq!((asked[1].path_and_query.as_str(), asked[1].get("CallStatus")), ("/next?n=2", "in-progress"));
    let frames = server.got().frames();
    for (n, frame) in frames.iter().enumerate() {
        let (chunk, at) = ((n + 1).to_string(), (n * 20).to_string());
        assert_eq!((frame.sequence, frame.chunk.as_str(), frame.timestamp.as_str()), (n as u64 + 2, &*chunk, &*at));
        assert_eq!((frame.audio.len(), frame.track.as_str()), (FRAME_BYTES, "inbound"));
    }
    let loud: Vec<usize> = (0..frames.len()).filter(|&n| frames[n].is_loud()).collect();
    assert_eq!(loud, (15..65).collect::<Vec<_>>(), "300 ms of silence, a second of tone, silence");
    let [streamed] = &report.streams[..] else { panic!("{:?}", report.streams) };
    assert_eq!((streamed.ended, streamed.late_frames), (StreamEnd::Closed, 0));
    assert!(streamed.frames >= 80 && streamed.line_ms == streamed.frames * 20, "{streamed:?}");
    assert!(streamed.verdict_ms.is_some() && streamed.pause_ms.is_none(), "{streamed:?}");
    assert!(report.line_ms >= streamed.line_ms);
}

#[tokio::test]
async fn marks_come_back_in_order_after_their_sound_and_at_once_after_clear() {
    let acts = vec![
        (0, Act::Mark("at once")),
        (0, Act::Sound(400)),
        (0, Act::Mark("after 50 ms")),
        (0, Act::Sound(16_000)),
        (0, Act::Mark("after 2 s")),
        (0, Act::Mark("with it")),
        (10, Act::Clear),
        (40, Act::Close),
    ];
    let server = Server::start(acts).await;
    let network = Network { pace: Pace::RealTime, ..Network::default() };
    let (report, _) = stream(&server, network, say(200)).await;
    assert!(report.is_proper(), "{:?}", report.violations);
    let got = server.got();
    assert_eq!(got.marks(), ["at once", "after 50 ms", "after 2 s", "with it"]);
    let frames_before = |mark: &str| got.frames_before_mark(mark);
    assert_eq!(frames_before("after 50 ms"), 3);
    let cleared = frames_before("after 2 s");
    assert!((10..20).contains(&cleared), "{cleared}");
    assert_eq!(frames_before("with it"), cleared);
    let first_word = got.frames().iter().position(server::Frame::is_loud).unwrap();
    assert!(first_word >= cleared + 15, "nobody speaks while the line is heard: {first_word}");
    let heard: u64 = report.events.iter().map(|event| if let What::Heard { ms } = event.what { ms } else { 0 }).sum();
    assert_eq!(heard, report.streams[0].heard_ms);
    assert!((200..500).contains(&heard), "{heard} ms until it was cleared");
}

#[tokio::test]
async fn lost_frames_are_gaps_in_time_and_doubled_ones_the_same_message_twice() {
    let network = Network { loss: 0.1, duplicates: 0.2, seed: 3, ..Network::default() };
    let server = Server::start(after(200)).await;
    let (report, _) = stream(&server, network, say(4_000)).await;
    let frames = server.got().frames();
    let (mut lost, mut doubled) = (0, 0);
    for pair in frames.windows(2) {
        let apart = pair[1].at_ms() - pair[0].at_ms();
        if apart == 0 {
            doubled += 1;
            assert_eq!((pair[0].sequence, &pair[0].audio), (pair[1].sequence, &pair[1].audio));
        } else {
            lost += apart / 20 - 1;
            assert_eq!(pair[1].sequence, pair[0].sequence + 1, "the provider numbers what it sends");
        }
    }
    assert!((8..50).contains(&lost) && (15..70).contains(&doubled), "{lost} lost, {doubled} doubled");
    let [streamed] = &report.streams[..] else { panic!("{:?}", report.streams) };
    assert!(streamed.lost_frames >= lost && streamed.doubled_frames >= doubled, "{streamed:?}");
}

#[tokio::test]
async fn in_real_time_a_frame_comes_every_20_ms_and_jitter_changes_no_order() {
    let network = Network { pace: Pace::RealTime, jitter_ms: 60, lead_in_ms: 0, seed: 1, ..Network::default() };
    let server = Server::start(after(40)).await;
    let start = Instant::now();
    let (report, _) = stream(&server, network, say(200)).await;
    assert!(start.elapsed() >= Duration::from_millis(800), "{:?}", start.elapsed());
    let times: Vec<u64> = server.got().frames().iter().map(server::Frame::at_ms).collect();
    assert!(times.iter().enumerate().all(|(n, at)| *at == n as u64 * 20), "{times:?}");
    let pause = report.streams[0].pause_ms.unwrap();
    assert!((500.0..5_000.0).contains(&pause), "600 ms of silence before the close: {pause}");
}

/// What the caller does, what the server gets of it, and how the call ends.
#[tokio::test]
async fn keys_and_hanging_up_arrive_as_the_caller_means_them() {
    let with = |then| Answer::Say(Utterance { then, ..words(400) });
    let network = Network::default;
    let early = Network { hang_up_after_ms: Some(200), ..network() };
    let pressing = Network { keys: vec![(100, '7')], ..network() };
    let table = [
        (network(), with(Then::Press('#')), "#", StreamEnd::Closed, Ended::HungUp, "in-progress"),
        (network(), Answer::Keys("12".to_owned()), "12", StreamEnd::Closed, Ended::HungUp, "in-progress"),
        (pressing, say(400), "7", StreamEnd::Closed, Ended::HungUp, "in-progress"),
        (network(), with(Then::HangUp), "", StreamEnd::HungUp, Ended::CallerHungUp, "completed"),
        (network(), Answer::HangUp, "", StreamEnd::HungUp, Ended::CallerHungUp, "completed"),
        (early, say(4_000), "", StreamEnd::HungUp, Ended::CallerHungUp, "completed"),
    ];
    for (network, answer, keys, end, ended, status) in table {
        let told = format!("{answer:.30?}");
        let server = Server::start(after(90)).await;
        let (report, asked) = stream(&server, network, answer).await;
        let got = server.got();
        assert_eq!((got.keys().as_str(), report.streams[0].ended, report.ended), (keys, end, ended), "{told}");
        assert_eq!((asked[1].path_and_query.as_str(), asked[1].get("CallStatus")), ("/next?n=2", status), "{told}");
        let has_stop = got.messages.last().unwrap()["event"] == "stop";
        assert_eq!(has_stop, end == StreamEnd::HungUp, "{told}");
    }
}

#[tokio::test]
async fn a_stream_without_an_action_goes_on_with_the_next_verb() {
    let server = Server::start(after(5)).await;
    let (_, asked) = stream_of(&server, "", Network::default(), vec![Answer::Nothing]).await;
    assert_eq!(asked[1].path_and_query, "/other");
    let server = Server::start(vec![]).await;
    let (report, asked) = stream_of(&server, "", Network::default(), vec![Answer::HangUp]).await;
    assert_eq!((report.ended, asked.len()), (Ended::CallerHungUp, 1));
}

#[tokio::test]
async fn a_refused_handshake_goes_on_and_the_take_is_kept_for_the_next_question() {
    let server = Server::refusing(403).await;
    let (report, asked) = stream_of(&server, "", Network::default(), vec![say(500)]).await;
    assert!(report.is_proper() && !report.has_streamed(), "{:?}", report.violations);
    assert_eq!((asked[1].path_and_query.as_str(), report.spoken()), ("/other", vec!["tone"]));
    let refused = |what: &What| matches!(what, What::StreamRefused { status: Some(403), .. });
    assert!(report.events.iter().any(|event| refused(&event.what)), "{:?}", report.events);
    assert_eq!(report.streams[0].ended, StreamEnd::Refused);

    let (report, asked) = stream(&Server::gone().await, Network::default(), say(500)).await;
    assert_eq!((asked[1].path_and_query.as_str(), report.streams[0].ended), ("/next?n=2", StreamEnd::Refused));
}

#[tokio::test]
async fn a_socket_that_dies_goes_on_with_the_action() {
    let server = Server::start(vec![(10, Act::Die)]).await;
    let (report, asked) = stream(&server, Network::default(), say(4_000)).await;
    assert_eq!((report.streams[0].ended, report.ended), (StreamEnd::Broken, Ended::HungUp));
    assert_eq!(asked[1].path_and_query, "/next?n=2");
}

/// A server that never closes, and one that does not even read.
#[tokio::test]
async fn a_stream_has_an_end_whatever_the_server_does() {
    for acts in [vec![], vec![(0, Act::Sleep)]] {
        let server = Server::start(acts).await;
        let network = Network { longest_ms: 3_000, ..Network::default() };
        let (report, asked) = stream(&server, network, say(1_000)).await;
        let [streamed] = &report.streams[..] else { panic!("{:?}", report.streams) };
        assert_eq!((report.ended, streamed.ended, streamed.frames), (Ended::TooLong, StreamEnd::TooLong, 150));
        assert_eq!(asked.len(), 1);
    }
}

#[tokio::test]
async fn what_the_provider_ignores_is_a_fault_of_the_server() {
    let acts = vec![
        (0, Act::Text("{")),
        (0, Act::Text(r#"{"event":"clear","streamSid":"MZ0"}"#)),
        (0, Act::Binary),
        (3, Act::Close),
    ];
    let server = Server::start(acts).await;
    let (report, _) = stream(&server, Network::default(), Answer::Nothing).await;
    let codes: Vec<_> = report.violations.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(codes, ["stream_not_json", "stream_wrong_sid", "stream_binary_frame"]);
}

#[tokio::test]
async fn a_stream_that_listens_carries_both_sides_and_takes_nothing() {
    let server = Server::start(vec![(0, Act::Sound(160))]).await;
    let clip = |ms| Some(words(ms).clip);
    let listening = Listening {
        url: server.url.clone(),
        account: Account { sid: format!("AC{:032x}", 7), token: "12345".into() },
        call_sid: format!("CA{:032x}", 9),
        params: vec![("token".to_owned(), "t".to_owned())],
        inbound: clip(400),
        outbound: clip(200),
    };
    let (streamed, events) = listen(&listening, &Network::default()).await;
    let got = server.got();
    assert_eq!(got.messages[1]["start"]["tracks"], json!(["inbound", "outbound"]));
    let frames = got.frames();
    let loud = |track| frames.iter().filter(|frame| frame.track == track && frame.is_loud()).count();
    assert_eq!((loud("inbound"), loud("outbound")), (20, 10));
    assert_eq!((frames[0].chunk.as_str(), frames[1].chunk.as_str(), frames[2].chunk.as_str()), ("1", "1", "2"));
    assert_eq!(got.messages.last().unwrap()["event"], "stop");
    assert_eq!((streamed.ended, streamed.frames), (StreamEnd::Stopped, 252));
    let is_fault = |what: &What| matches!(what, What::Faulted { code, .. } if code == "stream_unidirectional");
    assert!(events.iter().any(is_fault), "{events:?}");
}

#[tokio::test]
async fn a_started_stream_runs_beside_the_call() {
    let server = Server::start(vec![]).await;
    let start = format!(r#"<Start><Stream url="{}" track="both_tracks"/></Start><Say>Hello.</Say>"#, server.url);
    let machine = AnsweringMachine::start(&[("/start", twiml(&start))]).await;
    let report = phone().0.call(&machine.outgoing(), Script::in_order([say(400)])).await;
    assert_eq!((report.ended, report.said()), (Ended::RanOut, vec!["Hello."]));
    assert_eq!((report.streams[0].ended, report.has_streamed()), (StreamEnd::Stopped, true));
    let loud = server.got().frames().iter().filter(|frame| frame.is_loud()).count();
    assert_eq!(loud, 20);
    assert!(report.is_proper(), "{:?}", report.violations);
}
