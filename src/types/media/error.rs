//! Why a message of a stream was not taken.

use thiserror::Error;

/// Why a message of a stream was not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// The message is larger than any honest one.
    #[error("message is larger than {max_bytes} bytes")]
    TooLarge {
        /// The cap.
        max_bytes: usize,
    },
    /// The message is not a JSON object.
    #[error("message is not a JSON object")]
    NotJson,
    /// The start message lacks something a stream cannot do without.
    #[error("start message has no usable {0}")]
    Start(&'static str),
    /// The start message announces audio we cannot decode.
    #[error("{encoding:?} at {rate_hz} Hz with {channels} channels is not supported")]
    Format {
        /// The provider's name for the codec, cut to a few characters.
        encoding: String,
        /// Samples per second.
        rate_hz: u64,
        /// Channels.
        channels: u64,
    },
    /// A media message has no audio in it.
    #[error("media message has no usable {0}")]
    Media(&'static str),
    /// A frame's audio is not base64.
    #[error("frame is not base64")]
    Base64,
}

impl FrameError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "frame_too_large",
            Self::NotJson => "frame_not_json",
            Self::Start(_) => "frame_start",
            Self::Format { .. } => "frame_format",
            Self::Media(_) => "frame_media",
            Self::Base64 => "frame_base64",
        }
    }

    /// Whether the socket must be closed (policy violation, 1008); otherwise the message is skipped and counted.
    ///
    /// One bad frame is lost audio, which streams have anyway. A message that no provider would send, and a start we
    /// cannot use, end the stream.
    pub const fn must_close(&self) -> bool {
        !matches!(self, Self::Media(_) | Self::Base64)
    }
}
