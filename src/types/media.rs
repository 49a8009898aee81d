//! A live call's audio as messages, in no provider's dialect: sessions, frames, events, and our answers.
//!
//! Reading a frame costs no memory of its own: its audio stays base64 in the message until
//! [`Payload::decode_into`] writes it to a buffer the caller keeps.

mod error;
mod format;
pub(crate) mod json;
pub(crate) mod loose;

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub use error::FrameError;
pub use format::{Codec, MediaFormat};

/// Takes base64 with and without its padding; providers agree on the alphabet only.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Which way the audio goes, seen from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Track {
    /// The caller's speech.
    Inbound,
    /// The sound that the caller hears.
    Outbound,
}

impl Track {
    /// The name in frames.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    /// Reads both spellings in use: `inbound` in frames, `inbound_track` elsewhere.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "inbound" | "inbound_track" => Some(Self::Inbound),
            "outbound" | "outbound_track" => Some(Self::Outbound),
            _ => None,
        }
    }
}

/// A provider's words about a stream before its first frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaSession {
    /// The call at the provider, in the provider's own form.
    pub call_id: String,
    /// The account at the provider, if it was said.
    pub account_id: Option<String>,
    /// The stream at the provider; answers to some providers must carry it.
    pub stream_id: String,
    /// The tracks that will come.
    pub tracks: Vec<Track>,
    /// How the audio is coded.
    pub format: MediaFormat,
    /// Whether frames come in the order they were spoken in; otherwise they must be put in order.
    pub in_order: bool,
    /// Parameters that our own reply asked the provider to hand on, the token among them.
    pub params: BTreeMap<String, String>,
}

/// One frame's place in its track, and its audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'m> {
    /// The track it belongs to.
    pub track: Track,
    /// A number that grows from frame to frame of a track, not always by one.
    pub seq: Option<u64>,
    /// When it was spoken, in milliseconds since the stream began.
    pub at_ms: Option<u64>,
    /// The coded audio.
    pub payload: Payload<'m>,
}

/// A frame's audio, still base64, borrowed from the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload<'m>(Cow<'m, str>);

impl<'m> Payload<'m> {
    /// Wraps base64 text, unchecked until it is decoded.
    pub fn new(base64: impl Into<Cow<'m, str>>) -> Self {
        Self(base64.into())
    }

    /// Replaces what `bytes` holds with the audio; a buffer large enough is not reallocated.
    ///
    /// # Errors
    /// [`FrameError::Base64`], leaving `bytes` empty.
    pub fn decode_into(&self, bytes: &mut Vec<u8>) -> Result<(), FrameError> {
        bytes.clear();
        BASE64.decode_vec(self.0.as_bytes(), bytes).map_err(|_| {
            bytes.clear();
            FrameError::Base64
        })
    }
}

/// The meaning of one message of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent<'m> {
    /// The socket speaks the protocol; nothing is known of the call yet.
    Connected,
    /// The stream begins; comes once, before any frame.
    Started(Box<MediaSession>),
    /// Audio.
    Frame(Frame<'m>),
    /// The caller pressed a key: `0` to `9`, `*`, `#`, or `A` to `D`.
    Key(char),
    /// Everything sent before this mark was played, or dropped by [`Out::Clear`].
    Mark(Cow<'m, str>),
    /// The provider cannot do what we asked; its own short words.
    Fault(String),
    /// The stream is over; the provider hangs up the socket next.
    Stopped,
    /// A message that says nothing to us; providers add kinds without notice.
    Ignored,
}

/// One message of ours into a stream that goes both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out<'a> {
    /// Audio to play after what is already waiting: µ-law at 8 kHz, no header.
    Audio(&'a [u8]),
    /// Asks for [`MediaEvent::Mark`] once all audio sent so far was played.
    Mark(&'a str),
    /// Drops what is waiting to be played.
    Clear,
}

impl Out<'_> {
    /// The base64 of audio to send.
    pub(crate) fn base64(audio: &[u8]) -> String {
        BASE64.encode(audio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_decoded_with_and_without_padding_into_the_same_buffer() {
        let mut bytes = Vec::with_capacity(160);
        let buffer = bytes.as_ptr();
        for (text, audio) in
            [("/38A", &[0xff, 0x7f, 0x00][..]), ("/38=", &[0xff, 0x7f]), ("/38", &[0xff, 0x7f]), ("", &[])]
        {
            Payload::new(text).decode_into(&mut bytes).unwrap();
            assert_eq!((bytes.as_slice(), bytes.as_ptr()), (audio, buffer), "{text:?}");
        }
    }

    #[test]
    fn bad_base64_is_an_error_that_leaves_nothing_behind() {
        let mut bytes = vec![1, 2, 3];
        for text in ["/38A!", "/", "/38A\n", "_38A", "/3=8", "ü"] {
            assert_eq!(Payload::new(text).decode_into(&mut bytes), Err(FrameError::Base64), "{text:?}");
            assert!(bytes.is_empty());
        }
    }

    #[test]
    fn both_spellings_of_a_track_are_read() {
        assert_eq!(["inbound", "inbound_track"].map(Track::from_name), [Some(Track::Inbound); 2]);
        assert_eq!(["outbound", "outbound_track"].map(Track::from_name), [Some(Track::Outbound); 2]);
        assert_eq!(["", "Inbound", "both_tracks"].map(Track::from_name), [None; 3]);
    }
}
