//! Telnyx's messages, well formed and not.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::types::media::{Frame, MediaFormat, Payload};

#[test]
fn a_start_needs_its_call_and_stream_and_little_else() {
    let message = |start: serde_json::Value| json!({"event": "start", "stream_id": "S1", "start": start}).to_string();
    let text = message(json!({"call_control_id": "v3:x", "custom_parameters": null, "media_format": null}));
    let MediaEvent::Started(session) = read(&text, MAX_MESSAGE_BYTES).unwrap() else { panic!("no start") };
    assert_eq!((session.call_id.as_str(), session.stream_id.as_str()), ("v3:x", "S1"));
    assert_eq!((session.format, session.in_order), (MediaFormat::TELEPHONE, false));
    let error = read(&message(json!({"user_id": "u"})), MAX_MESSAGE_BYTES).map(|_| ());
    assert_eq!(error, Err(FrameError::Start("call_control_id")));
    let text = json!({"event": "start", "start": {"call_control_id": "v3:x"}}).to_string();
    assert_eq!(read(&text, MAX_MESSAGE_BYTES).map(|_| ()), Err(FrameError::Start("stream_id")));
}

#[test]
fn codecs_of_wider_bands_are_refused_at_the_start() {
    for encoding in ["G722", "AMR-WB"] {
        let start = json!({"call_control_id": "v3:x", "media_format": {"encoding": encoding, "sample_rate": 16_000}});
        let text = json!({"event": "start", "stream_id": "S1", "start": start}).to_string();
        let error = read(&text, MAX_MESSAGE_BYTES).unwrap_err();
        assert_eq!((error.code(), error.must_close()), ("frame_format", true));
    }
}

#[test]
fn frames_are_numbered_by_chunk_and_only_without_one_by_sequence() {
    for (media, seq) in [
        (json!({"track": "inbound", "chunk": "2", "timestamp": "20", "payload": "/38="}), Some(2)),
        (json!({"track": "inbound", "timestamp": 20, "payload": "/38="}), Some(9)),
    ] {
        let text = json!({"event": "media", "media": media, "sequence_number": "9", "stream_id": "S1"}).to_string();
        let frame = Frame { track: Track::Inbound, seq, at_ms: Some(20), payload: Payload::new("/38=") };
        assert_eq!(read(&text, MAX_MESSAGE_BYTES), Ok(MediaEvent::Frame(frame)));
    }
}

#[test]
fn a_fault_is_told_in_few_words_whatever_is_in_it() {
    for (payload, told) in [
        (
            json!({"code": 100_004, "title": "invalid_media", "detail": "Media provided was not base64 encoded"}),
            "100004 invalid_media",
        ),
        (json!({"code": "100005"}), "100005"),
        (json!({}), "unknown"),
        (json!(7), "unknown"),
        (json!({"title": "x".repeat(1_000)}), &"x".repeat(200)),
    ] {
        let text = json!({"event": "error", "payload": payload, "stream_id": "S1"}).to_string();
        assert_eq!(read(&text, MAX_MESSAGE_BYTES), Ok(MediaEvent::Fault(told.to_owned())));
    }
}

#[test]
fn what_we_send_carries_no_stream_id() {
    let parsed = |out: &Out<'_>| serde_json::from_str::<serde_json::Value>(&write(out)).unwrap();
    assert_eq!(parsed(&Out::Audio(&[0xff, 0x7f])), json!({"event": "media", "media": {"payload": "/38="}}));
    assert_eq!(parsed(&Out::Mark("a\"b")), json!({"event": "mark", "mark": {"name": "a\"b"}}));
    assert_eq!(parsed(&Out::Clear), json!({"event": "clear"}));
}

#[test]
fn messages_beyond_the_cap_and_what_is_no_object_close_the_socket() {
    assert_eq!(read("{}", 1), Err(FrameError::TooLarge { max_bytes: 1 }));
    for text in ["", "[]", "7", "{"] {
        assert!(read(text, MAX_MESSAGE_BYTES).unwrap_err().must_close(), "{text:?}");
    }
    assert_eq!(read("{}", 2), Ok(MediaEvent::Ignored));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in r#"(\{"event":"(media|start|error|dtmf)",)?.*"#) {
        let _ = read(&text, MAX_MESSAGE_BYTES);
    }
}
