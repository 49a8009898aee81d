//! The providers' web sockets: their handshake, their limits, and the reading of their messages.

mod dialect;

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::Edge;
use super::error::Refusal;
use super::signed::SIGNATURE;
use crate::media::{Close, Gone, MediaMessage, MediaSocket, Received};
use crate::twilio::stream::MAX_MESSAGE_BYTES;
use crate::types::media::{FrameError, MediaEvent, Out};
use dialect::Dialect;

/// Bytes that a socket reads at once, and may have waiting to be sent: a start message, a tone. Streams are many.
const BUFFER_BYTES: usize = 4 * 1024;

/// The largest message that is read, to be refused in good order; the socket breaks on anything larger.
const MOST_READ_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

/// The most that may wait to be sent: a sentence of half a minute, base64, and a little more.
const MOST_WAITING_BYTES: usize = 512 * 1024;

/// A provider reads at once; a peer that lets us wait for longer is not listening.
const SENT_WITHIN: Duration = Duration::from_secs(2);

/// How long the other end may take to close in return.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);

/// Lets a provider's socket in: first its signature, then its room, then the upgrade.
///
/// Twilio (and `SignalWire`) signs the handshake, and a signature that is there must be right. Telnyx signs none: its
/// sockets are let in only where the operator has named their Telnyx user, to show the token of a listening. So the
/// handshake tells the provider, and a socket speaks one dialect from its first message on.
pub(super) async fn upgrade(State(edge): State<Edge>, request: Request) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    let signature = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let url = parts.uri.path_and_query().map_or("/", |both| both.as_str());
    let telnyx_user = &edge.app.config().listening.telnyx_user_id;
    let is_telnyx = !telnyx_user.is_empty() && !parts.headers.contains_key(SIGNATURE);
    if !is_telnyx {
        edge.verifier.verify_handshake(url, signature)?;
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let (dialect, entry) = if is_telnyx {
        (Dialect::Telnyx, edge.app.media.unsigned(telnyx_user))
    } else {
        (Dialect::Twilio, edge.app.media.signed(edge.account.as_str()))
    };
    let entry = entry.ok_or(Refusal::Busy)?;
    let upgrade = upgrade
        .max_message_size(MOST_READ_BYTES)
        .max_frame_size(MOST_READ_BYTES)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(MOST_WAITING_BYTES);
    Ok(upgrade.on_upgrade(async move |socket| {
        edge.app.media.stream(entry, Socket { socket, dialect }).await;
    }))
}

/// A provider's socket.
struct Socket {
    socket: WebSocket,
    dialect: Dialect,
}

/// One text message of a provider's, where the socket has put it.
struct TextMessage {
    text: Utf8Bytes,
    dialect: Dialect,
}

impl MediaMessage for TextMessage {
    fn event(&self) -> Result<MediaEvent<'_>, FrameError> {
        self.dialect.read(&self.text)
    }
}

impl Socket {
    async fn put(&mut self, message: Message) -> Result<(), Gone> {
        let sent = timeout(SENT_WITHIN, self.socket.send(message)).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Gone) }
    }
}

impl MediaSocket for Socket {
    type Message = TextMessage;

    async fn receive(&mut self) -> Received<TextMessage> {
        match self.socket.recv().await {
            Some(Ok(Message::Text(text))) => Received::Message(TextMessage { text, dialect: self.dialect }),
            Some(Ok(Message::Binary(_))) => Received::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Received::Control,
            Some(Err(error)) if is_too_large(&error) => Received::TooLarge,
            Some(Ok(Message::Close(_)) | Err(_)) | None => Received::Gone,
        }
    }

    async fn send(&mut self, out: Out<'_>, stream_id: &str) -> Result<(), Gone> {
        let text = self.dialect.write(&out, stream_id);
        self.put(Message::Text(text.into())).await
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        self.put(Message::Ping(axum::body::Bytes::new())).await
    }

    async fn close(&mut self, close: Close) {
        let frame = CloseFrame { code: close.code(), reason: Utf8Bytes::default() };
        if self.put(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        // A socket dropped with unread bytes is reset, and the other end may then never see why.
        let farewell = async { while matches!(self.socket.recv().await, Some(Ok(_))) {} };
        let _ = timeout(CLOSED_WITHIN, farewell).await;
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    use std::error::Error as _;
    use tokio_tungstenite::tungstenite::Error::Capacity;
    let inner = error.source().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(Capacity(_)))
}
