//! The parts that the JSON of all stream providers has in common.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::loose::Loose;
use super::{Codec, Frame, FrameError, MediaEvent, MediaFormat, Payload, Track};

/// The audio of a media message and its place.
#[derive(Deserialize)]
pub(crate) struct Media<'m> {
    #[serde(borrow)]
    track: Option<Loose<'m>>,
    #[serde(borrow)]
    chunk: Option<Loose<'m>>,
    #[serde(borrow)]
    timestamp: Option<Loose<'m>>,
    #[serde(borrow)]
    payload: Option<Loose<'m>>,
}

impl<'m> Media<'m> {
    /// The number that counts only messages with audio.
    pub(crate) fn chunk(&self) -> Option<u64> {
        number(self.chunk.as_ref())
    }

    /// The frame, placed by `seq`; audio of a track we do not know is ignored.
    pub(crate) fn frame(self, seq: Option<u64>) -> Result<MediaEvent<'m>, FrameError> {
        // Without a name it is the only track there is: the caller's.
        let name = self.track.and_then(Loose::text).unwrap_or(Cow::Borrowed("inbound"));
        let Some(track) = Track::from_name(&name) else { return Ok(MediaEvent::Ignored) };
        let Some(Loose::Text(payload)) = self.payload else { return Err(FrameError::Media("payload")) };
        let at_ms = number(self.timestamp.as_ref());
        Ok(MediaEvent::Frame(Frame { track, seq, at_ms, payload: Payload::new(payload) }))
    }
}

/// The format a start message announces.
#[derive(Deserialize)]
pub(crate) struct Format<'m> {
    #[serde(borrow)]
    encoding: Option<Loose<'m>>,
    #[serde(borrow, alias = "sampleRate")]
    sample_rate: Option<Loose<'m>>,
    #[serde(borrow)]
    channels: Option<Loose<'m>>,
}

impl Format<'_> {
    /// The format, with `linear` as the byte order of L16; a telephone's if there is none.
    pub(crate) fn read(given: Option<Self>, linear: Codec) -> Result<MediaFormat, FrameError> {
        let Some(format) = given else { return Ok(MediaFormat::TELEPHONE) };
        let encoding = format.encoding.and_then(Loose::filled).unwrap_or_else(|| "PCMU".to_owned());
        MediaFormat::from_name(&encoding, number(format.sample_rate.as_ref()), number(format.channels.as_ref()), linear)
    }
}

/// The parameters of a start message.
pub(crate) type Params<'m> = BTreeMap<Cow<'m, str>, Loose<'m>>;

/// The parameters that are text or numbers, as text.
pub(crate) fn params(given: Option<Params<'_>>) -> BTreeMap<String, String> {
    let given = given.into_iter().flatten();
    given.filter_map(|(name, value)| Some((name.into_owned(), value.text()?.into_owned()))).collect()
}

/// A key the caller pressed.
pub(crate) fn key<'m>(dtmf: Option<&'m RawValue>) -> MediaEvent<'m> {
    #[derive(Deserialize)]
    struct Dtmf<'m> {
        #[serde(borrow)]
        digit: Option<Loose<'m>>,
    }
    let key = part::<Dtmf<'m>>(dtmf).and_then(|dtmf| dtmf.digit?.key());
    key.map_or(MediaEvent::Ignored, MediaEvent::Key)
}

/// A mark that came back.
pub(crate) fn mark<'m>(mark: Option<&'m RawValue>) -> MediaEvent<'m> {
    #[derive(Deserialize)]
    struct Mark<'m> {
        #[serde(borrow)]
        name: Option<Loose<'m>>,
    }
    let name = part::<Mark<'m>>(mark).and_then(|mark| mark.name?.text());
    name.map_or(MediaEvent::Ignored, MediaEvent::Mark)
}

/// One part of a message, if it is there and has the shape it should have.
pub(crate) fn part<'m, T: Deserialize<'m>>(raw: Option<&'m RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// The whole number a value is or spells.
pub(crate) fn number(value: Option<&Loose<'_>>) -> Option<u64> {
    value.and_then(Loose::number)
}
