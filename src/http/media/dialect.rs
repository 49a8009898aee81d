//! How the providers of streams write their messages: the only place that chooses between them.

use crate::types::media::{FrameError, MediaEvent, Out};
use crate::{telnyx, twilio};

/// How a provider writes the messages of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Twilio's, which `SignalWire` speaks too.
    Twilio,
    /// Telnyx's.
    Telnyx,
}

impl Dialect {
    /// Reads one text message.
    pub(super) fn read(self, text: &str) -> Result<MediaEvent<'_>, FrameError> {
        match self {
            Self::Twilio => twilio::stream::read(text, twilio::stream::MAX_MESSAGE_BYTES),
            Self::Telnyx => telnyx::stream::read(text, telnyx::stream::MAX_MESSAGE_BYTES),
        }
    }

    /// Writes one message into a stream that goes both ways.
    pub(super) fn write(self, out: &Out<'_>, stream_id: &str) -> String {
        match self {
            Self::Twilio => twilio::stream::write(out, stream_id),
            Self::Telnyx => telnyx::stream::write(out),
        }
    }
}
