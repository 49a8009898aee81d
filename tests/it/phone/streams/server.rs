//! A WebSocket server that keeps what it gets and does what it is told, once so many frames have come.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, StatusCode};
use tokio_util::task::AbortOnDropHandle;

/// What the server does.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// Sends so many samples to be heard.
    Sound(usize),
    Mark(&'static str),
    Clear,
    Text(&'static str),
    Binary,
    Close,
    /// Drops the connection without a word.
    Die,
    /// Reads nothing any more.
    Sleep,
}

#[derive(Clone, Default)]
pub(super) struct Got {
    pub(super) headers: HeaderMap,
    pub(super) messages: Vec<Value>,
}

pub(super) struct Frame {
    pub(super) sequence: u64,
    pub(super) chunk: String,
    pub(super) timestamp: String,
    pub(super) track: String,
    pub(super) audio: Vec<u8>,
}

impl Frame {
    pub(super) fn at_ms(&self) -> u64 {
        self.timestamp.parse().unwrap()
    }

    /// Whether more than noise is in it.
    pub(super) fn is_loud(&self) -> bool {
        self.audio.iter().any(|&byte| callprint::audio::mulaw::to_linear(byte).abs() > 1_000)
    }
}

impl Got {
    pub(super) fn sid(&self) -> String {
        self.messages[1]["streamSid"].as_str().unwrap().to_owned()
    }

    fn of<'g>(&'g self, event: &'g str) -> impl Iterator<Item = &'g Value> {
        self.messages.iter().filter(move |message| message["event"] == event)
    }

    pub(super) fn frames(&self) -> Vec<Frame> {
        self.of("media").map(frame).collect()
    }

    pub(super) fn marks(&self) -> Vec<&str> {
        self.of("mark").map(|message| message["mark"]["name"].as_str().unwrap()).collect()
    }

    pub(super) fn frames_before_mark(&self, name: &str) -> usize {
        let before = self.messages.iter().take_while(|message| message["mark"]["name"] != name);
        before.filter(|message| message["event"] == "media").count()
    }

    pub(super) fn keys(&self) -> String {
        self.of("dtmf").map(|message| message["dtmf"]["digit"].as_str().unwrap()).collect()
    }
}

fn frame(message: &Value) -> Frame {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let media = &message["media"];
    Frame {
        sequence: text(&message["sequenceNumber"]).parse().unwrap(),
        chunk: text(&media["chunk"]),
        timestamp: text(&media["timestamp"]),
        track: text(&media["track"]),
        audio: BASE64.decode(text(&media["payload"])).unwrap(),
    }
}

pub(super) struct Server {
    pub(super) url: String,
    got: Arc<Mutex<Got>>,
    _task: Option<AbortOnDropHandle<()>>,
}

impl Server {
    /// Does each act once so many frames have come, in order.
    pub(super) async fn start(acts: Vec<(usize, Act)>) -> Self {
        Self::with(acts, None).await
    }

    /// Answers every handshake with this status.
    pub(super) async fn refusing(status: u16) -> Self {
        Self::with(Vec::new(), Some(StatusCode::from_u16(status).unwrap())).await
    }

    /// A server that is not there.
    pub(super) async fn gone() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/media", listener.local_addr().unwrap());
        Self { url, got: Arc::default(), _task: None }
    }

    async fn with(acts: Vec<(usize, Act)>, refusal: Option<StatusCode>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/media", listener.local_addr().unwrap());
        let got: Arc<Mutex<Got>> = Arc::default();
        let shared = Arc::clone(&got);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &acts, refusal, &shared).await;
            }
        });
        Self { url, got, _task: Some(AbortOnDropHandle::new(task)) }
    }

    /// What the last connection brought.
    pub(super) fn got(&self) -> Got {
        self.got.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, acts: &[(usize, Act)], refusal: Option<StatusCode>, got: &Mutex<Got>) {
    *got.lock().unwrap() = Got::default();
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let accept = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        got.lock().unwrap().headers.clone_from(request.headers());
        let Some(status) = refusal else { return Ok(response) };
        let mut refused = ErrorResponse::new(None);
        *refused.status_mut() = status;
        Err(refused)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, accept).await else { return };
    let (mut frames, mut acts) = (0, acts.iter().peekable());
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        let is_start = message["event"] == "start";
        frames += usize::from(message["event"] == "media");
        got.lock().unwrap().messages.push(message);
        let has_started = is_start || frames > 0;
        while let Some((_, act)) = acts.next_if(|(after, _)| has_started && *after <= frames) {
            let sid = got.lock().unwrap().sid();
            match act {
                Act::Die => return,
                Act::Sleep => return std::future::pending().await,
                Act::Close => {
                    let _ = socket.close(None).await;
                }
                act => say(&mut socket, *act, &sid).await,
            }
        }
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, act: Act, sid: &str) {
    let message = match act {
        Act::Sound(samples) => {
            json!({ "event": "media", "streamSid": sid, "media": { "payload": BASE64.encode(vec![0x80; samples]) } })
        }
        Act::Mark(name) => json!({ "event": "mark", "streamSid": sid, "mark": { "name": name } }),
        Act::Clear => json!({ "event": "clear", "streamSid": sid }),
        Act::Text(text) => return socket.send(Message::text(text)).await.unwrap(),
        _ => return socket.send(Message::binary(vec![0; 160])).await.unwrap(),
    };
    socket.send(Message::text(message.to_string())).await.unwrap();
}
