//! Audio as clients send it: a WAV file, what a browser records, or a telephone line's bytes.
//!
//! The bytes say what they are. Only raw µ-law has nothing to be known by and is taken at the sender's word.

mod container;
mod speech;
#[cfg(test)]
mod tests;

use super::{AudioError, check_bytes, check_duration, mulaw, resample, wav};
use crate::config::AudioLimits;
use crate::types::{Clip8k, Clip16k};

/// The first bytes of files of other kinds, and their names.
const OTHERS: [(usize, &[u8], &str); 9] = [
    (0, b"RF64", "RF64"),
    (0, b"BW64", "BW64"),
    (0, b"RIFX", "big-endian RIFF"),
    (0, b"fLaC", "FLAC"),
    (0, b"ID3", "MP3"),
    (0, b"FORM", "AIFF"),
    (0, b"caff", "CAF"),
    (0, b"#!AMR", "AMR"),
    // Safari's recorder, unless asked for WebM.
    (4, b"ftyp", "MP4"),
];

/// The names of raw µ-law; the last by SDP and RTP.
const MULAW: [&str; 4] = ["audio/basic", "audio/mulaw", "audio/x-mulaw", "audio/pcmu"];

/// Decodes what a client sent: WAV, Opus in Ogg or `WebM`, or raw µ-law.
///
/// The first bytes decide. `content_type` is a media type with its parameters and counts only for raw µ-law
/// (`audio/basic`, `audio/mulaw`, `audio/x-mulaw`, `audio/pcmu`), which has to be 8 kHz and mono. A recording that
/// breaks off counts as far as it goes. Nothing is decoded beyond `limits.max_seconds`.
///
/// # Errors
/// [`AudioError`] for what is none of these, damaged, of another codec, empty or beyond the limits.
pub fn decode(bytes: &[u8], content_type: Option<&str>, limits: &AudioLimits) -> Result<Clip16k, AudioError> {
    check_bytes(bytes.len(), limits)?;
    if bytes.is_empty() {
        Err(AudioError::Empty)
    } else if bytes.starts_with(b"RIFF") {
        wav::decode(bytes, limits)
    } else if bytes.starts_with(b"OggS") {
        speech::decode(&mut container::Recording::ogg(bytes)?, limits)
    } else if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        speech::decode(&mut container::Recording::webm(bytes)?, limits)
    } else if content_type.map(is_mulaw).transpose()?.unwrap_or(false) {
        mulaw::decode(bytes, limits)
    } else {
        let other = OTHERS.iter().find(|(at, magic, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
        Err(AudioError::Format(other.map_or("an unknown format", |(_, _, name)| name)))
    }
}

/// Whether a content type is that of raw µ-law.
///
/// # Errors
/// [`AudioError::LineRate`] and [`AudioError::Channels`] for parameters that no telephone line has.
fn is_mulaw(content_type: &str) -> Result<bool, AudioError> {
    let mut parts = content_type.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if !MULAW.iter().any(|name| name.eq_ignore_ascii_case(kind)) {
        return Ok(false);
    }
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        let number: Option<u32> = value.trim().trim_matches('"').parse().ok();
        if name.trim().eq_ignore_ascii_case("rate") && number != Some(Clip8k::RATE_HZ) {
            return Err(AudioError::LineRate);
        } else if name.trim().eq_ignore_ascii_case("channels") && number != Some(1) {
            let count = number.and_then(|number| number.try_into().ok()).unwrap_or(u16::MAX);
            return Err(AudioError::Channels { count, max: 1 });
        }
    }
    Ok(true)
}
