//! A web socket, as far as a stream needs one; `http` brings the real one, which knows how its provider writes.

use crate::types::media::{FrameError, MediaEvent, Out};

/// A web socket, as far as a stream needs one.
pub trait MediaSocket: Send {
    /// A message of the provider's.
    type Message: MediaMessage;

    /// The next message. Nothing is lost when this is given up before it is done.
    fn receive(&mut self) -> impl Future<Output = Received<Self::Message>> + Send;

    /// Sends something into a stream; waits for a bounded time where the other end does not read.
    ///
    /// # Errors
    /// [`Gone`] when it could not be sent.
    fn send(&mut self, out: Out<'_>, stream_id: &str) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Asks whether the other end is there, which also keeps proxies from closing an idle socket.
    ///
    /// # Errors
    /// [`Gone`] when it could not be sent.
    fn ping(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Says why it ends and lets the other end close; never for long.
    fn close(&mut self, close: Close) -> impl Future<Output = ()> + Send;
}

/// A message as it came: read where it lies, so that its audio is never copied as text.
pub trait MediaMessage: Send {
    /// The meaning of the message.
    ///
    /// # Errors
    /// [`FrameError`] for a damaged message; it says whether the socket must close for it.
    fn event(&self) -> Result<MediaEvent<'_>, FrameError>;
}

/// One result of waiting for a message.
#[derive(Clone, Debug)]
pub enum Received<M> {
    /// A message of the provider's.
    Message(M),
    /// A binary message, which no provider of ours sends.
    Binary,
    /// Part of the protocol, already dealt with.
    Control,
    /// A message larger than any honest one.
    TooLarge,
    /// Nothing more: closed, or broken.
    Gone,
}

/// The other end cannot be reached any more, or does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// Why we close a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The turn or the conversation is over.
    Done,
    /// The server stops.
    GoingAway,
    /// The other end does something that the protocol forbids.
    Violation,
    /// A message is too large.
    TooLarge,
    /// There is no room now; there may be in a moment.
    Busy,
    /// Something failed on our side.
    Failed,
}

impl Close {
    /// The code of RFC 6455.
    pub const fn code(self) -> u16 {
        match self {
            Self::Done => 1000,
            Self::GoingAway => 1001,
            Self::Violation => 1008,
            Self::TooLarge => 1009,
            Self::Busy => 1013,
            Self::Failed => 1011,
        }
    }
}
