//! A web socket, as far as a stream needs one; `http` brings the real one.

use std::ops::Deref;

/// A web socket, as far as a stream needs one.
pub trait MediaSocket: Send {
    /// A text message; read where it lies.
    type Text: Deref<Target = str> + Send;

    /// The next message. Nothing is lost when this is given up before it is done.
    fn receive(&mut self) -> impl Future<Output = Received<Self::Text>> + Send;

    /// Sends a text message; waits for a bounded time where the other end does not read.
    ///
    /// # Errors
    /// [`Gone`] when it could not be sent.
    fn send(&mut self, text: String) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Asks whether somebody is there, which also keeps proxies from closing an idle socket.
    ///
    /// # Errors
    /// [`Gone`] when it could not be sent.
    fn ping(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Says why it ends and lets the other end close; never for long.
    fn close(&mut self, close: Close) -> impl Future<Output = ()> + Send;
}

/// What came in.
#[derive(Debug)]
pub enum Received<T> {
    /// A text message.
    Text(T),
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
    /// We have heard what we wanted.
    Done,
    /// The server stops.
    GoingAway,
    /// The other end does what it must not.
    Violation,
    /// A message is too large.
    TooLarge,
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
            Self::Failed => 1011,
        }
    }
}
