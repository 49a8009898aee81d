//! A provider's socket in the hands of a test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callprint::audio::mulaw;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::house::fixture;
use crate::media::Invited;

/// 20 ms of the telephone.
pub(crate) const FRAME: usize = 160;

/// A provider's socket: says what a test wants it to say.
pub(crate) struct Line {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    account: String,
    seq: u64,
    chunk: u64,
    pub(crate) at_ms: u64,
}

/// The bytes a line carries of a recording of `fixtures/audio`.
pub(crate) fn spoken(name: &str) -> Vec<u8> {
    fixture(name).samples().iter().map(|sample| mulaw::from_linear((sample * 32_768.0) as i16)).collect()
}

/// Silence of that length.
pub(crate) fn silence(ms: usize) -> Vec<u8> {
    vec![0xff; ms * 8]
}

impl Line {
    pub(crate) fn new(socket: WebSocketStream<MaybeTlsStream<TcpStream>>, account: String) -> Self {
        Self { socket, account, seq: 0, chunk: 0, at_ms: 0 }
    }

    /// Sends anything; whether the other end still takes it.
    pub(crate) async fn send(&mut self, message: Message) -> bool {
        self.socket.send(message).await.is_ok()
    }

    /// Sends a JSON message.
    pub(crate) async fn say(&mut self, message: Value) -> bool {
        self.send(Message::text(message.to_string())).await
    }

    /// The start message for a call and a token.
    pub(crate) fn start(&mut self, call: &str, token: &str) -> Value {
        self.seq += 1;
        json!({
            "event": "start", "sequenceNumber": self.seq.to_string(), "streamSid": "MZ0123456789abcdef0123456789abcdef",
            "start": {
                "accountSid": self.account, "streamSid": "MZ0123456789abcdef0123456789abcdef", "callSid": call,
                "tracks": ["inbound"],
                "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
                "customParameters": { "token": token },
            },
        })
    }

    /// Greets and starts, as it should be.
    pub(crate) async fn begin(&mut self, invited: &Invited) -> bool {
        let start = self.start(&invited.call, &invited.token);
        self.say(json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" })).await && self.say(start).await
    }

    /// One frame of the inbound track; time goes on by its length.
    pub(crate) fn frame(&mut self, bytes: &[u8]) -> Value {
        (self.seq, self.chunk) = (self.seq + 1, self.chunk + 1);
        let frame = json!({
            "event": "media", "sequenceNumber": self.seq.to_string(), "streamSid": "MZ0123456789abcdef0123456789abcdef",
            "media": {
                "track": "inbound", "chunk": self.chunk.to_string(), "timestamp": self.at_ms.to_string(),
                "payload": STANDARD.encode(bytes),
            },
        });
        self.at_ms += bytes.len() as u64 / 8;
        frame
    }

    /// One frame of a track that began when the stream did; the tracks' times are their own.
    pub(crate) fn frame_of(&mut self, track: &str, at_ms: u64, bytes: &[u8]) -> Value {
        let (now, mut frame) = (self.at_ms, self.frame(bytes));
        self.at_ms = now;
        frame["media"]["track"] = json!(track);
        frame["media"]["timestamp"] = json!(at_ms.to_string());
        frame
    }

    /// Sends both tracks side by side in frames of 100 ms, as fast as they are taken; whether all of it was.
    pub(crate) async fn converse(&mut self, inbound: &[u8], outbound: &[u8]) -> bool {
        let most = inbound.len().max(outbound.len());
        for from in (0..most).step_by(5 * FRAME) {
            for (track, bytes) in [("inbound", inbound), ("outbound", outbound)] {
                let bytes = bytes.get(from..bytes.len().min(from + 5 * FRAME)).unwrap_or_default();
                let at_ms = self.at_ms + from as u64 / 8;
                let frame = self.frame_of(track, at_ms, bytes);
                if !bytes.is_empty() && !self.say(frame).await {
                    return false;
                }
            }
        }
        self.at_ms += most as u64 / 8;
        true
    }

    /// Sends audio in frames of 20 ms, as fast as it is taken; whether all of it was.
    pub(crate) async fn speak(&mut self, bytes: &[u8]) -> bool {
        for frame in bytes.chunks(FRAME) {
            let frame = self.frame(frame);
            if !self.say(frame).await {
                return false;
            }
        }
        true
    }

    /// Speaks a take and keeps silent until the server has closed.
    pub(crate) async fn speak_take(&mut self, name: &str) -> Option<u16> {
        self.speak(&[silence(300), spoken(name), silence(3_000)].concat()).await;
        self.closed().await
    }

    /// Loses time: audio that never comes.
    pub(crate) fn lose(&mut self, ms: u64) {
        self.at_ms += ms;
        self.chunk += ms / 20;
        self.seq += ms / 20;
    }

    /// The next text message of the server.
    pub(crate) async fn heard(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits until the server closes; the code it gives.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}
