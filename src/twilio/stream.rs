//! Media streams: the JSON of Twilio's WebSocket, which `SignalWire` speaks too.
//!
//! Tolerant in what it reads: numbers may be strings, fields and events may be new. `SignalWire` differs in its ids (no
//! `CA` and `MZ`) and may send L16, low byte first as its users pass it on; neither has been seen on a live call here.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::types::media::json::{self, Format, Media, Params};
use crate::types::media::loose::Loose;
use crate::types::media::{Codec, FrameError, MediaEvent, MediaSession, Out, Track};

/// The largest message worth reading: 20 ms of audio make 0.4 KiB, a start with every parameter 10 KiB.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'m> {
    #[serde(borrow)]
    event: Option<Loose<'m>>,
    #[serde(borrow)]
    sequence_number: Option<Loose<'m>>,
    #[serde(borrow)]
    stream_sid: Option<Loose<'m>>,
    // Read further only for the event they belong to: an unknown event may use these names for anything.
    #[serde(borrow)]
    start: Option<&'m RawValue>,
    #[serde(borrow)]
    media: Option<&'m RawValue>,
    #[serde(borrow)]
    dtmf: Option<&'m RawValue>,
    #[serde(borrow)]
    mark: Option<&'m RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'m> {
    #[serde(borrow)]
    account_sid: Option<Loose<'m>>,
    #[serde(borrow)]
    call_sid: Option<Loose<'m>>,
    #[serde(borrow)]
    stream_sid: Option<Loose<'m>>,
    #[serde(borrow, default)]
    tracks: Vec<Loose<'m>>,
    #[serde(borrow)]
    media_format: Option<Format<'m>>,
    #[serde(borrow, default)]
    custom_parameters: Option<Params<'m>>,
}

/// Reads one text message of at most `max_bytes`.
///
/// A media message is read without allocating; its audio is borrowed from `text`.
///
/// # Errors
/// [`FrameError`], which says whether the socket must close.
pub fn read(text: &str, max_bytes: usize) -> Result<MediaEvent<'_>, FrameError> {
    if text.len() > max_bytes {
        return Err(FrameError::TooLarge { max_bytes });
    }
    let message: Message<'_> = serde_json::from_str(text).map_err(|_| FrameError::NotJson)?;
    let Some(Loose::Text(event)) = &message.event else { return Ok(MediaEvent::Ignored) };
    match event.as_ref() {
        "media" => media(&message),
        "start" => start(message).map(|session| MediaEvent::Started(Box::new(session))),
        "connected" => Ok(MediaEvent::Connected),
        "stop" => Ok(MediaEvent::Stopped),
        "dtmf" => Ok(json::key(message.dtmf)),
        "mark" => Ok(json::mark(message.mark)),
        _ => Ok(MediaEvent::Ignored),
    }
}

/// Writes one message of ours; only a stream opened by `<Connect>` listens.
pub fn write(out: &Out<'_>, stream_id: &str) -> String {
    let sid = serde_json::Value::from(stream_id);
    match out {
        Out::Audio(audio) => {
            format!(r#"{{"event":"media","streamSid":{sid},"media":{{"payload":"{}"}}}}"#, Out::base64(audio))
        }
        Out::Mark(name) => {
            format!(r#"{{"event":"mark","streamSid":{sid},"mark":{{"name":{}}}}}"#, serde_json::Value::from(*name))
        }
        Out::Clear => format!(r#"{{"event":"clear","streamSid":{sid}}}"#),
    }
}

fn media<'m>(message: &Message<'m>) -> Result<MediaEvent<'m>, FrameError> {
    let media: Media<'m> = json::part(message.media).ok_or(FrameError::Media("media"))?;
    let seq = json::number(message.sequence_number.as_ref()).or_else(|| media.chunk());
    media.frame(seq)
}

fn start(message: Message<'_>) -> Result<MediaSession, FrameError> {
    let start: Start<'_> = json::part(message.start).ok_or(FrameError::Start("start"))?;
    let filled = |value: Option<Loose<'_>>| value.and_then(Loose::filled);
    let mut tracks: Vec<_> = start.tracks.into_iter().filter_map(|name| Track::from_name(&name.text()?)).collect();
    if tracks.is_empty() {
        tracks.push(Track::Inbound);
    }
    Ok(MediaSession {
        call_id: filled(start.call_sid).ok_or(FrameError::Start("callSid"))?,
        account_id: filled(start.account_sid),
        stream_id: filled(start.stream_sid).or(filled(message.stream_sid)).ok_or(FrameError::Start("streamSid"))?,
        tracks,
        format: Format::read(start.media_format, Codec::L16Le)?,
        in_order: true,
        params: json::params(start.custom_parameters),
    })
}

#[cfg(test)]
mod tests;
