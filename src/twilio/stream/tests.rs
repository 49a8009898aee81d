//! Twilio's messages, well formed and not.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::types::media::{Frame, MediaFormat, Payload};

fn start(change: impl FnOnce(&mut serde_json::Value)) -> Result<MediaSession, FrameError> {
    let mut message = json!({
        "event": "start", "sequenceNumber": "1", "streamSid": "MZ1",
        "start": {
            "accountSid": "AC1", "streamSid": "MZ1", "callSid": "CA1", "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "t"},
        },
    });
    change(&mut message);
    match read(&message.to_string(), MAX_MESSAGE_BYTES)? {
        MediaEvent::Started(session) => Ok(*session),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_start_needs_its_call_and_stream_and_little_else() {
    let session = start(|message| {
        message["start"] = json!({"callSid": "CA1"});
    })
    .unwrap();
    assert_eq!((session.call_id.as_str(), session.stream_id.as_str(), session.account_id), ("CA1", "MZ1", None));
    assert_eq!(
        (session.tracks, session.format, session.params.len()),
        (vec![Track::Inbound], MediaFormat::TELEPHONE, 0)
    );
    for (part, pointer) in [("callSid", "/start/callSid"), ("start", "/start")] {
        let error = start(|message| *message.pointer_mut(pointer).unwrap() = json!(null)).unwrap_err();
        assert_eq!((&error, error.must_close()), (&FrameError::Start(part), true));
    }
    let error = start(|message| {
        message["streamSid"] = json!("");
        message["start"]["streamSid"] = json!(" ");
    });
    assert_eq!(error, Err(FrameError::Start("streamSid")));
}

#[test]
fn a_start_with_audio_we_cannot_decode_is_refused() {
    let error = start(|message| message["start"]["mediaFormat"]["encoding"] = json!("audio/g722")).unwrap_err();
    assert_eq!((error.code(), error.must_close()), ("frame_format", true));
}

#[test]
fn parameters_are_text_whatever_they_came_as() {
    let session = start(|message| {
        message["start"]["customParameters"] = json!({"token": "a\"ü", "turn": 3, "flag": true, "deep": {"x": 1}});
        message["start"]["tracks"] = json!(["inbound_track", "outbound", "sideways", 4]);
    })
    .unwrap();
    assert_eq!(session.params, [("token", "a\"ü"), ("turn", "3")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    assert_eq!(session.tracks, [Track::Inbound, Track::Outbound]);
}

#[test]
fn a_frame_is_borrowed_from_its_message_whatever_order_its_fields_have() {
    for text in [
        r#"{"event":"media","sequenceNumber":"4","streamSid":"MZ1",
            "media":{"track":"inbound","chunk":"2","timestamp":"40","payload":"/38="}}"#,
        r#"{"streamSid":"MZ1","media":{"payload":"/38=","timestamp":40.0,"chunk":2,"new":[{}]},
            "sequenceNumber":4,"event":"media"}"#,
        r#"{"media":{"payload":"/38=","timestamp":" 40 ","chunk":4,"track":"inbound_track"},
            "event":"media","sequenceNumber":null}"#,
    ] {
        let event = read(text, MAX_MESSAGE_BYTES).unwrap();
        let frame = Frame { track: Track::Inbound, seq: Some(4), at_ms: Some(40), payload: Payload::new("/38=") };
        assert_eq!(event, MediaEvent::Frame(frame));
    }
    let unplaced =
        read(r#"{"event":"media","media":{"payload":"","track":"outbound","timestamp":"-1"}}"#, 100).unwrap();
    let frame = Frame { track: Track::Outbound, seq: None, at_ms: None, payload: Payload::new("") };
    assert_eq!(unplaced, MediaEvent::Frame(frame));
}

#[test]
fn a_frame_without_audio_is_skipped_and_the_socket_stays() {
    for text in [
        r#"{"event":"media"}"#,
        r#"{"event":"media","media":{}}"#,
        r#"{"event":"media","media":{"payload":7}}"#,
        r#"{"event":"media","media":[]}"#,
    ] {
        let error = read(text, MAX_MESSAGE_BYTES).unwrap_err();
        assert_eq!((error.code(), error.must_close()), ("frame_media", false), "{text}");
    }
}

#[test]
fn what_says_nothing_to_us_is_ignored() {
    for text in [
        "{}",
        r#"{"event":7}"#,
        r#"{"event":null,"media":3}"#,
        r#"{"event":"warming_up","media":{"payload":1},"start":[],"mark":"x"}"#,
        r#"{"event":"media","media":{"track":"sideways","payload":"/38="}}"#,
        r#"{"event":"dtmf","dtmf":{"digit":"12"}}"#,
        r#"{"event":"dtmf","dtmf":"5"}"#,
        r#"{"event":"mark"}"#,
    ] {
        assert_eq!(read(text, MAX_MESSAGE_BYTES), Ok(MediaEvent::Ignored), "{text}");
    }
}

#[test]
fn keys_and_marks_are_read() {
    for (digit, key) in [("\"5\"", '5'), ("5", '5'), ("\"#\"", '#'), ("\"*\"", '*'), ("\"d\"", 'D')] {
        let text =
            format!(r#"{{"event":"dtmf","streamSid":"MZ1","dtmf":{{"track":"inbound_track","digit":{digit}}}}}"#);
        assert_eq!(read(&text, MAX_MESSAGE_BYTES), Ok(MediaEvent::Key(key)));
    }
    let mark = read(r#"{"event":"mark","mark":{"name":"be\"ep"}}"#, MAX_MESSAGE_BYTES);
    assert_eq!(mark, Ok(MediaEvent::Mark("be\"ep".into())));
}

#[test]
fn what_no_provider_sends_closes_the_socket() {
    for text in ["", "null", "[]", "\"media\"", "{", "{\"event\":\"media\"", "\u{0}", r#"{"event":"stop"} x"#] {
        let error = read(text, MAX_MESSAGE_BYTES).unwrap_err();
        assert_eq!((error.code(), error.must_close()), ("frame_not_json", true), "{text:?}");
    }
    // Nesting costs no stack.
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(read(&format!(r#"{{"event":{deep}}}"#), MAX_MESSAGE_BYTES), Ok(MediaEvent::Ignored));
    assert_eq!(read(&format!(r#"{{"event":"stop","x":{deep}}}"#), MAX_MESSAGE_BYTES), Ok(MediaEvent::Stopped));
    let large = format!(r#"{{"event":"stop","x":"{}"}}"#, "a".repeat(MAX_MESSAGE_BYTES));
    let error = read(&large, MAX_MESSAGE_BYTES).unwrap_err();
    assert_eq!((error.code(), error.must_close()), ("frame_too_large", true));
    assert_eq!(read(&large, large.len()), Ok(MediaEvent::Stopped));
}

#[test]
fn what_we_send_has_the_documented_shape() {
    let parsed = |out: &Out<'_>| serde_json::from_str::<serde_json::Value>(&write(out, "MZ\"1")).unwrap();
    assert_eq!(
        parsed(&Out::Audio(&[0xff, 0x7f])),
        json!({"event": "media", "streamSid": "MZ\"1", "media": {"payload": "/38="}})
    );
    assert_eq!(parsed(&Out::Mark("a\\b")), json!({"event": "mark", "streamSid": "MZ\"1", "mark": {"name": "a\\b"}}));
    assert_eq!(parsed(&Out::Clear), json!({"event": "clear", "streamSid": "MZ\"1"}));
}

/// Messages that are nearly right, where the bugs are.
fn near_messages() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "null",
        "7",
        "-1",
        "1e400",
        "\"\"",
        "\"x\"",
        "\"/38=\"",
        "[]",
        "{}",
        "{\"a\":[1]}",
        "\"\\ud800\"",
        "true",
        "\"inbound\"",
    ]);
    let key = prop::sample::select(vec![
        "event",
        "media",
        "start",
        "streamSid",
        "sequenceNumber",
        "payload",
        "track",
        "chunk",
        "timestamp",
        "mediaFormat",
        "callSid",
    ]);
    let event = prop::sample::select(vec!["media", "start", "dtmf", "mark", "stop", "other"]);
    let pairs = prop::collection::vec((key, value), 0..6);
    (event, pairs.clone(), pairs).prop_map(|(event, outer, inner)| {
        let list =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect::<Vec<_>>().join(",");
        let comma = if outer.is_empty() { "" } else { "," };
        format!("{{\"event\":\"{event}\",\"{event}\":{{{}}}{comma}{}}}", list(&inner), list(&outer))
    })
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".*") {
        let _ = read(&text, MAX_MESSAGE_BYTES);
    }

    #[test]
    fn nearly_right_messages_never_panic(text in near_messages()) {
        let _ = read(&text, MAX_MESSAGE_BYTES);
    }

    #[test]
    fn a_frame_comes_back_as_it_was_sent(audio in prop::collection::vec(any::<u8>(), 0..500), sid in ".*") {
        let text = write(&Out::Audio(&audio), &sid);
        let MediaEvent::Frame(frame) = read(&text, MAX_MESSAGE_BYTES).unwrap() else { panic!("{text}") };
        let mut bytes = Vec::new();
        frame.payload.decode_into(&mut bytes).unwrap();
        prop_assert_eq!(bytes, audio);
    }
}
