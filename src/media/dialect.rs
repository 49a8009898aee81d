use crate::types::media::{FrameError, MediaEvent, Out};
use crate::{telnyx, twilio};

/// How a provider spells the messages of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Twilio's, which `SignalWire` speaks too.
    Twilio,
    /// Telnyx's.
    Telnyx,
}

impl Dialect {
    /// Reads one text message.
    pub(crate) fn read(self, text: &str) -> Result<MediaEvent<'_>, FrameError> {
        match self {
            Self::Twilio => twilio::stream::read(text, twilio::stream::MAX_MESSAGE_BYTES),
            Self::Telnyx => telnyx::stream::read(text, telnyx::stream::MAX_MESSAGE_BYTES),
        }
    }

    /// Writes what we send into a stream that goes both ways.
    pub(crate) fn write(self, out: &Out<'_>, stream_id: &str) -> String {
        match self {
            Self::Twilio => twilio::stream::write(out, stream_id),
            Self::Telnyx => telnyx::stream::write(out),
        }
    }
}
