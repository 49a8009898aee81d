//! The messages of a stream as the provider writes and reads them.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::types::media::Track;

/// Writes what the provider sends, numbered.
pub(super) struct Messages {
    sid: String,
    sequence: u64,
    /// Frames so far, inbound and outbound.
    chunks: [u64; 2],
}

/// A message of the server into a stream that goes both ways.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To be heard: so many samples.
    Audio(usize),
    /// To be told when what was sent before has been heard.
    Mark(String),
    /// To drop what is waiting.
    Clear,
}

/// Something the provider would ignore: a stable code, and what it was.
pub(super) type Ignored = (&'static str, String);

impl Messages {
    pub(super) fn new(sid: String) -> Self {
        Self { sid, sequence: 0, chunks: [0; 2] }
    }

    pub(super) fn connected() -> String {
        json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" }).to_string()
    }

    pub(super) fn start(&mut self, account: &str, call: &str, tracks: &[Track], params: &[(String, String)]) -> String {
        let tracks: Vec<_> = tracks.iter().map(|track| name(*track)).collect();
        let params: serde_json::Map<_, _> =
            params.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        json!({
            "event": "start",
            "sequenceNumber": self.next(),
            "start": {
                "accountSid": account,
                "streamSid": self.sid,
                "callSid": call,
                "tracks": tracks,
                "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
                "customParameters": params,
            },
            "streamSid": self.sid,
        })
        .to_string()
    }

    /// A frame; `payload` is base64 already. This one is written 50 times a second, so without a tree in between.
    pub(super) fn media(&mut self, track: Track, at_ms: u64, payload: &str) -> String {
        self.sequence += 1;
        let chunk = &mut self.chunks[usize::from(track == Track::Outbound)];
        *chunk += 1;
        let mut text = String::with_capacity(payload.len() + 192);
        // Writing to a string does not fail.
        let _ = write!(
            text,
            concat!(
                r#"{{"event":"media","sequenceNumber":"{}","media":{{"track":"{}","chunk":"{}","#,
                r#""timestamp":"{}","payload":"{}"}},"streamSid":"{}"}}"#,
            ),
            self.sequence,
            name(track),
            chunk,
            at_ms,
            payload,
            self.sid,
        );
        text
    }

    pub(super) fn dtmf(&mut self, key: char) -> String {
        let dtmf = json!({ "track": "inbound_track", "digit": key.to_string() });
        json!({ "event": "dtmf", "streamSid": self.sid, "sequenceNumber": self.next(), "dtmf": dtmf }).to_string()
    }

    pub(super) fn mark(&mut self, name: &str) -> String {
        let mark = json!({ "name": name });
        json!({ "event": "mark", "sequenceNumber": self.next(), "streamSid": self.sid, "mark": mark }).to_string()
    }

    pub(super) fn stop(&mut self, account: &str, call: &str) -> String {
        let stop = json!({ "accountSid": account, "callSid": call });
        json!({ "event": "stop", "sequenceNumber": self.next(), "streamSid": self.sid, "stop": stop }).to_string()
    }

    /// Reads what the server sent.
    ///
    /// # Errors
    /// A message that the provider ignores without a word, which a server should be told of.
    pub(super) fn read(&self, text: &str) -> Result<Wish, Ignored> {
        let message: Value = serde_json::from_str(text).map_err(|error| ("stream_not_json", error.to_string()))?;
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
        if text("/streamSid") != Some(&self.sid) {
            let sid = text("/streamSid").unwrap_or("none");
            return Err(("stream_wrong_sid", format!("a message for stream {sid}")));
        }
        match text("/event") {
            Some("media") => {
                let payload =
                    text("/media/payload").ok_or(("stream_no_payload", "a media message without audio".to_owned()))?;
                let audio = BASE64.decode(payload).map_err(|error| ("stream_bad_base64", error.to_string()))?;
                Ok(Wish::Audio(audio.len()))
            }
            Some("mark") => {
                let name = text("/mark/name").ok_or(("stream_no_name", "a mark without a name".to_owned()))?;
                Ok(Wish::Mark(name.to_owned()))
            }
            Some("clear") => Ok(Wish::Clear),
            other => Err(("stream_unknown_event", format!("the event {:?}", other.unwrap_or_default()))),
        }
    }

    fn next(&mut self) -> String {
        self.sequence += 1;
        self.sequence.to_string()
    }
}

const fn name(track: Track) -> &'static str {
    match track {
        Track::Inbound => "inbound",
        Track::Outbound => "outbound",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::stream;
    use crate::types::media::{MediaEvent, Out};

    fn messages() -> Messages {
        Messages::new("MZ1".to_owned())
    }

    #[test]
    fn the_server_reads_what_we_write() {
        let mut messages = messages();
        let params = [("token".to_owned(), "a \"b\"".to_owned())];
        let texts = [
            Messages::connected(),
            messages.start("AC1", "CA1", &[Track::Inbound], &params),
            messages.media(Track::Inbound, 40, "/38A"),
            messages.dtmf('#'),
            messages.mark("m"),
            messages.stop("AC1", "CA1"),
        ];
        let events: Vec<_> = texts.iter().map(|text| stream::read(text, 64 * 1024).unwrap()).collect();
        let [MediaEvent::Connected, MediaEvent::Started(session), MediaEvent::Frame(frame), rest @ ..] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!((session.call_id.as_str(), session.account_id.as_deref()), ("CA1", Some("AC1")));
        assert_eq!(session.params["token"], "a \"b\"");
        assert_eq!((frame.seq, frame.at_ms, frame.track), (Some(2), Some(40), Track::Inbound));
        assert_eq!(rest, [MediaEvent::Key('#'), MediaEvent::Mark("m".into()), MediaEvent::Stopped]);
    }

    #[test]
    fn we_read_what_the_server_writes() {
        let rows = [
            (Out::Audio(&[0xff; 160]), Wish::Audio(160)),
            (Out::Mark("m"), Wish::Mark("m".to_owned())),
            (Out::Clear, Wish::Clear),
        ];
        for (out, wish) in rows {
            assert_eq!(messages().read(&stream::write(&out, "MZ1")), Ok(wish));
        }
    }

    #[test]
    fn what_the_provider_would_ignore_gets_a_code() {
        let rows = [
            ("{", "stream_not_json"),
            (r#"{"event":"clear"}"#, "stream_wrong_sid"),
            (r#"{"event":"clear","streamSid":"MZ2"}"#, "stream_wrong_sid"),
            (r#"{"event":"hold","streamSid":"MZ1"}"#, "stream_unknown_event"),
            (r#"{"event":"media","streamSid":"MZ1"}"#, "stream_no_payload"),
            (r#"{"event":"media","streamSid":"MZ1","media":{"payload":"!"}}"#, "stream_bad_base64"),
            (r#"{"event":"mark","streamSid":"MZ1","mark":{}}"#, "stream_no_name"),
        ];
        for (text, code) in rows {
            assert_eq!(messages().read(text).unwrap_err().0, code, "{text}");
        }
    }

    #[test]
    fn frames_are_counted_by_track_and_messages_by_stream() {
        let mut messages = messages();
        let texts = [Track::Inbound, Track::Outbound, Track::Inbound].map(|track| messages.media(track, 0, ""));
        let numbers = texts.map(|text| {
            let message: Value = serde_json::from_str(&text).unwrap();
            (
                message["sequenceNumber"].as_str().unwrap().to_owned(),
                message["media"]["chunk"].as_str().unwrap().to_owned(),
            )
        });
        let expected = [("1", "1"), ("2", "1"), ("3", "2")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(numbers, expected);
    }
}
