use serde::Serialize;

/// A stream as the phone saw it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Streamed {
    /// The web socket.
    pub url: String,
    /// How it ended.
    pub ended: StreamEnd,
    /// Length on the line's clock.
    pub line_ms: u64,
    /// Media messages sent, both of a doubled frame among them.
    pub frames: u64,
    /// Frames that were lost on purpose.
    pub lost_frames: u64,
    /// Frames that were doubled on purpose.
    pub doubled_frames: u64,
    /// Frames the phone itself sent more than 20 ms after their time.
    pub late_frames: u64,
    /// Length of the sound that the server played.
    pub heard_ms: u64,
    /// Time from the last sound of the take to the server's close; only of a stream in real time.
    pub pause_ms: Option<f64>,
    /// Real time from the server's close to the last byte of the next document.
    pub verdict_ms: Option<f64>,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEnd {
    /// The server closed the socket, as it does when it has heard enough.
    Closed,
    /// The socket was never open.
    Refused,
    /// The socket died without a close frame, or took nothing more.
    Broken,
    /// The caller hung up.
    HungUp,
    /// Everything was sent: a stream that only listens.
    Stopped,
    /// It lasted beyond `Network::longest_ms`.
    TooLong,
}

impl StreamEnd {
    /// The stable machine code, `snake_case`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Refused => "refused",
            Self::Broken => "broken",
            Self::HungUp => "hung_up",
            Self::Stopped => "stopped",
            Self::TooLong => "too_long",
        }
    }
}

impl Streamed {
    /// A stream of which nothing has been sent yet, or never will be.
    pub(in super::super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ended: StreamEnd::Refused,
            line_ms: 0,
            frames: 0,
            lost_frames: 0,
            doubled_frames: 0,
            late_frames: 0,
            heard_ms: 0,
            pause_ms: None,
            verdict_ms: None,
        }
    }
}
