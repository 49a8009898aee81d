//! The containers that browsers put Opus into, taken apart packet by packet.
//!
//! symphonia does it; what a stranger could have it do beyond that, for minutes or with much memory, is kept from it
//! here.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as audio;
use symphonia::core::codecs::video::well_known as video;
use symphonia::core::errors::{Error, Result as Demuxed};
use symphonia::core::formats::{FormatOptions, FormatReader, Track};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions, ReadOnlySource};
use symphonia::core::packet::Packet;
use symphonia::default::formats::{MkvReader, OggReader};

use super::AudioError;

/// How many errors in a row may lie between two packets; the readers may stand still at one for ever.
const PATIENCE: usize = 8;

/// How many bytes may come before the sound: a browser's are some hundred, tags of a music program some thousand.
///
/// Their content is kept in memory, at many times its size.
const HEADER_BYTES: usize = 128 << 10;

/// How many marks of an Ogg page may lie within other pages: where bytes are lost, a few.
///
/// By chance there are none. Each may cost reading 64 KiB again.
const STRAY_MARKS: usize = 16;

/// The header of an Opus file (`OpusHead`, RFC 7845).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Head {
    /// The encoder's warm-up in front, in samples at 48 kHz.
    pub(super) pre_skip: u16,
    /// The gain of every sample, in 1/256 dB.
    pub(super) gain: i16,
}

/// A file whose first track is Opus with one or two channels.
pub(super) struct Recording<'s> {
    pub(super) head: Head,
    container: &'static str,
    track: u32,
    reader: Box<dyn FormatReader + 's>,
}

impl<'s> Recording<'s> {
    /// Opens an Ogg file.
    pub(super) fn ogg(bytes: &'s [u8]) -> Result<Self, AudioError> {
        let damaged = |what| AudioError::Container { container: "Ogg", what };
        match ogg_codec(bytes) {
            Some("Opus") => {}
            Some(codec) => return Err(AudioError::Codecs { container: "Ogg", codec }),
            None => return Err(damaged("its first page is not whole")),
        }
        if stray_marks(bytes) > STRAY_MARKS {
            return Err(damaged("its pages lie within each other"));
        }
        Self::open("Ogg", bytes, |source, options| Ok(Box::new(OggReader::try_new(source, options)?)))
    }

    /// Opens a `WebM` file; Matroska files of other programs too.
    pub(super) fn webm(bytes: &'s [u8]) -> Result<Self, AudioError> {
        Self::open("WebM", bytes, |source, options| Ok(Box::new(MkvReader::try_new(source, options)?)))
    }

    fn open(
        container: &'static str,
        bytes: &'s [u8],
        reader: impl FnOnce(MediaSourceStream<'s>, FormatOptions) -> Demuxed<Box<dyn FormatReader + 's>>,
    ) -> Result<Self, AudioError> {
        let damaged = |what| AudioError::Container { container, what };
        let is_open = Arc::new(AtomicBool::new(false));
        let source = ByteSource { rest: bytes, header: HEADER_BYTES, is_open: is_open.clone() };
        // It can be read in one direction only, so that no index of the file leads anywhere.
        let source = MediaSourceStream::new(Box::new(ReadOnlySource::new(source)), MediaSourceStreamOptions::default());
        let reader = reader(source, FormatOptions::default()).map_err(|_| damaged("its header is not whole"))?;
        is_open.store(true, Ordering::Relaxed);
        let track = reader.tracks().first().ok_or(damaged("it has no track"))?;
        let codec = codec(track);
        if codec != "Opus" {
            return Err(AudioError::Codecs { container, codec });
        }
        let (head, track) = (head(container, track)?, track.id);
        Ok(Self { head, container, track, reader })
    }

    /// The next packet of the track, or none at the end.
    ///
    /// A live recorder does not know where it will end: a file that breaks off has ended, too. So has one whose rest
    /// cannot be read, and one that another is appended to.
    pub(super) fn next(&mut self) -> Option<Packet> {
        let mut failed = 0;
        while failed < PATIENCE {
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => return Some(packet),
                Ok(Some(_)) => {}
                // Later packets may still be whole: a block of a track that is not there, say.
                Err(Error::DecodeError(_)) => failed += 1,
                Ok(None) | Err(_) => return None,
            }
        }
        None
    }

    pub(super) fn damaged(&self, what: &'static str) -> AudioError {
        AudioError::Container { container: self.container, what }
    }
}

/// A file that seems to end after its header for as long as only that is to be read.
struct ByteSource<'s> {
    rest: &'s [u8],
    header: usize,
    is_open: Arc<AtomicBool>,
}

impl Read for ByteSource<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = if self.is_open.load(Ordering::Relaxed) { room.len() } else { room.len().min(self.header) };
        let count = self.rest.read(&mut room[..most])?;
        self.header -= count.min(self.header);
        Ok(count)
    }
}

/// Reads and checks the `OpusHead` of a track; without one, as `WebM` may be, there is nothing to skip.
fn head(container: &'static str, track: &Track) -> Result<Head, AudioError> {
    let Some(CodecParameters::Audio(codec)) = &track.codec_params else { return Ok(Head::default()) };
    let Some(bytes) = codec.extra_data.as_deref() else { return Ok(Head::default()) };
    let damaged = AudioError::Container { container, what: "its Opus header cannot be read" };
    let (Some(b"OpusHead"), Some(&[version, channels, pre_0, pre_1, _, _, _, _, gain_0, gain_1, mapping])) =
        (bytes.get(..8), bytes.get(8..19).and_then(|fields| fields.first_chunk::<11>()))
    else {
        return Err(damaged);
    };
    // The upper half of the version is for changes that old readers cannot bear.
    if version > 0x0f || channels == 0 {
        return Err(damaged);
    }
    // Mapping 1 with one or two channels is one stream, as 0; others are several streams side by side.
    if channels > 2 || mapping > 1 {
        return Err(AudioError::Channels { count: u16::from(channels), max: 2 });
    }
    Ok(Head { pre_skip: u16::from_le_bytes([pre_0, pre_1]), gain: i16::from_le_bytes([gain_0, gain_1]) })
}

/// The name of a track's codec.
fn codec(track: &Track) -> &'static str {
    match &track.codec_params {
        Some(CodecParameters::Audio(codec)) => match codec.codec {
            audio::CODEC_ID_OPUS => "Opus",
            audio::CODEC_ID_VORBIS => "Vorbis",
            audio::CODEC_ID_FLAC => "FLAC",
            audio::CODEC_ID_AAC => "AAC",
            audio::CODEC_ID_MP3 => "MP3",
            audio::CODEC_ID_PCM_F32LE | audio::CODEC_ID_PCM_S16LE => "PCM",
            _ => "another audio codec",
        },
        Some(CodecParameters::Video(codec)) => match codec.codec {
            video::CODEC_ID_VP8 => "VP8 video",
            video::CODEC_ID_VP9 => "VP9 video",
            video::CODEC_ID_AV1 => "AV1 video",
            video::CODEC_ID_H264 => "H.264 video",
            _ => "video",
        },
        Some(CodecParameters::Subtitle(_)) => "subtitles",
        _ => "an unknown codec",
    }
}

/// The name of the codec whose header is in the first page of an Ogg file.
fn ogg_codec(bytes: &[u8]) -> Option<&'static str> {
    const CODECS: [(&[u8], &str); 7] = [
        (b"OpusHead", "Opus"),
        (b"\x01vorbis", "Vorbis"),
        (b"\x7fFLAC", "FLAC"),
        (b"Speex   ", "Speex"),
        (b"\x80theora", "Theora video"),
        (b"BBCD\0", "Dirac video"),
        (b"fishead\0", "several tracks"),
    ];
    let packet = bytes.get(27 + usize::from(*bytes.get(26)?)..)?;
    // The longest of these names has to be there before it is said that none is.
    packet.get(..8)?;
    Some(CODECS.iter().find(|(magic, _)| packet.starts_with(magic)).map_or("an unknown codec", |(_, name)| name))
}

/// How many marks of a page lie within another page.
///
/// A page with a wrong checksum is read again from the next mark on: a file of marks alone would take minutes.
fn stray_marks(bytes: &[u8]) -> usize {
    let (mut stray, mut end) = (0, 0);
    for at in bytes.windows(4).enumerate().filter(|(_, four)| *four == b"OggS").map(|(at, _)| at) {
        if at < end {
            stray += 1;
        } else {
            let lacing = bytes.get(at + 26).and_then(|&count| bytes.get(at + 27..at + 27 + usize::from(count)));
            end = at
                + 27
                + lacing.map_or(0, |lacing| lacing.len() + lacing.iter().map(|&n| usize::from(n)).sum::<usize>());
        }
    }
    stray
}
