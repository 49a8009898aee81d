use serde::Serialize;

use super::stream::StreamEnd;

/// One thing that happened on the line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When, in milliseconds since the call began, on the line's clock.
    pub at_ms: u64,
    /// The event.
    #[serde(flatten)]
    pub what: What,
}

/// The events on the line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The provider fetched a document.
    Asked {
        /// Where.
        url: String,
        /// The status it got; none when no answer came.
        status: Option<u16>,
        /// How long the answer took, in real time.
        latency_ms: f64,
    },
    /// The server spoke.
    Said {
        /// The words.
        text: String,
    },
    /// The server played a recorded prompt, or keys.
    Played {
        /// Its URL, or the keys.
        url: String,
    },
    /// The caller pressed keys.
    Pressed {
        /// Which.
        keys: String,
    },
    /// The caller spoke into a recording, or into a stream.
    Spoke {
        /// The take's name.
        take: String,
        /// Its words, where they are known.
        words: Option<String>,
        /// Length of the recording that was made; into a stream, of what was spoken.
        recorded_ms: u64,
    },
    /// The caller did nothing.
    Waited {
        /// For how long.
        ms: u64,
    },
    /// A stream was opened.
    StreamOpened {
        /// The web socket.
        url: String,
        /// How long the handshake took, in real time.
        latency_ms: f64,
    },
    /// A stream could not be opened; the call goes on.
    StreamRefused {
        /// The web socket.
        url: String,
        /// The status of the answer; none when no answer came.
        status: Option<u16>,
        /// Why, for people.
        message: String,
    },
    /// The caller heard a tone or a prompt that came through the stream.
    Heard {
        /// How long it was.
        ms: u64,
    },
    /// A stream was over.
    StreamClosed {
        /// How it ended.
        how: StreamEnd,
        /// Time from the last sound of the take to the server's close; only of a stream in real time.
        pause_ms: Option<f64>,
    },
    /// The call left for another application.
    Redirected {
        /// Where to.
        url: String,
        /// Claims of the signed token in the URL, unverified: the phone does not know the secret.
        claims: Option<serde_json::Value>,
    },
    /// The server connected another number.
    Dialed {
        /// Whom.
        number: String,
    },
    /// The server, or the wire to it, did something the provider would not take.
    Faulted {
        /// The stable machine code.
        code: String,
        /// A description, for people.
        message: String,
    },
    /// The call was over.
    Ended {
        /// How.
        how: Ended,
    },
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The server hung up.
    HungUp,
    /// The caller hung up.
    CallerHungUp,
    /// The last document had nothing more to do.
    RanOut,
    /// The call went on at another application.
    Redirected,
    /// Another number was connected, and the server had nothing to add.
    Dialed,
    /// The server refused the call before it was answered.
    Rejected,
    /// The server failed, or said what the provider does not take.
    Failed,
    /// The call went on beyond every bound: a loop.
    TooLong,
}

impl Ended {
    /// The stable machine code, `snake_case`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::CallerHungUp => "caller_hung_up",
            Self::RanOut => "ran_out",
            Self::Redirected => "redirected",
            Self::Dialed => "dialed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::TooLong => "too_long",
        }
    }

    /// Whether the call came to an end that a server may bring about.
    pub const fn is_proper(self) -> bool {
        !matches!(self, Self::Failed | Self::TooLong)
    }
}
