//! Media streaming: Telnyx's JSON. Frames may come out of order and are put in order by their chunk.
//!
//! From the published protocol, not seen on a live call here. Not settled by it: that timestamps are milliseconds (the
//! assembler notices when they are not), that chunks count per track, and the byte order of L16. It is taken as RTP's,
//! high byte first; public code disagrees, and where it swaps bytes it swaps from that. G722 and AMR-WB are refused at
//! the start.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::types::media::json::{self, Format, Media, Params};
use crate::types::media::loose::Loose;
use crate::types::media::{Codec, FrameError, MediaEvent, MediaSession, Out, Track};

/// The largest message worth reading: 20 ms of L16 at 48 kHz make 2.6 KiB.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// A fault's words go into a log; the published ones have fewer than 60 characters.
const MAX_FAULT_CHARS: usize = 200;

#[derive(Deserialize)]
struct Message<'m> {
    #[serde(borrow)]
    event: Option<Loose<'m>>,
    #[serde(borrow)]
    sequence_number: Option<Loose<'m>>,
    #[serde(borrow)]
    stream_id: Option<Loose<'m>>,
    // Read further only for the event they belong to: an unknown event may use these names for anything.
    #[serde(borrow)]
    start: Option<&'m RawValue>,
    #[serde(borrow)]
    media: Option<&'m RawValue>,
    #[serde(borrow)]
    dtmf: Option<&'m RawValue>,
    #[serde(borrow)]
    mark: Option<&'m RawValue>,
    #[serde(borrow)]
    payload: Option<&'m RawValue>,
}

#[derive(Deserialize)]
struct Start<'m> {
    #[serde(borrow)]
    user_id: Option<Loose<'m>>,
    #[serde(borrow)]
    call_control_id: Option<Loose<'m>>,
    #[serde(borrow)]
    stream_id: Option<Loose<'m>>,
    #[serde(borrow)]
    media_format: Option<Format<'m>>,
    #[serde(borrow, default)]
    custom_parameters: Option<Params<'m>>,
}

#[derive(Deserialize)]
struct Fault<'m> {
    #[serde(borrow)]
    code: Option<Loose<'m>>,
    #[serde(borrow)]
    title: Option<Loose<'m>>,
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
        "error" => Ok(MediaEvent::Fault(fault(message.payload))),
        _ => Ok(MediaEvent::Ignored),
    }
}

/// Writes one message of ours, which carries no stream id here: a socket is its stream.
///
/// Audio is heard only where the stream was started with `stream_bidirectional_mode` `rtp` and its default codec, PCMU;
/// a message takes 20 ms to 30 s of it.
pub fn write(out: &Out<'_>) -> String {
    match out {
        Out::Audio(audio) => format!(r#"{{"event":"media","media":{{"payload":"{}"}}}}"#, Out::base64(audio)),
        Out::Mark(name) => format!(r#"{{"event":"mark","mark":{{"name":{}}}}}"#, serde_json::Value::from(*name)),
        Out::Clear => r#"{"event":"clear"}"#.to_owned(),
    }
}

fn media<'m>(message: &Message<'m>) -> Result<MediaEvent<'m>, FrameError> {
    let media: Media<'m> = json::part(message.media).ok_or(FrameError::Media("media"))?;
    // The sequence counts marks and keys too; the chunk counts audio, so a missing one is seen as missing.
    let seq = media.chunk().or_else(|| json::number(message.sequence_number.as_ref()));
    media.frame(seq)
}

fn start(message: Message<'_>) -> Result<MediaSession, FrameError> {
    let start: Start<'_> = json::part(message.start).ok_or(FrameError::Start("start"))?;
    let filled = |value: Option<Loose<'_>>| value.and_then(Loose::filled);
    Ok(MediaSession {
        call_id: filled(start.call_control_id).ok_or(FrameError::Start("call_control_id"))?,
        account_id: filled(start.user_id),
        stream_id: filled(message.stream_id).or(filled(start.stream_id)).ok_or(FrameError::Start("stream_id"))?,
        // Not announced: which tracks come was said when the stream was asked for.
        tracks: vec![Track::Inbound],
        format: Format::read(start.media_format, Codec::L16Be)?,
        in_order: false,
        params: json::params(start.custom_parameters),
    })
}

fn fault(payload: Option<&RawValue>) -> String {
    let Some(fault) = json::part::<Fault<'_>>(payload) else { return "unknown".to_owned() };
    let words = [fault.code, fault.title].map(|value| value.and_then(Loose::filled));
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if words.is_empty() { "unknown".to_owned() } else { words.chars().take(MAX_FAULT_CHARS).collect() }
}

#[cfg(test)]
mod tests;
