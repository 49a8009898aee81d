//! From a frame's base64 to samples in their order: one assembler for each track that a line listens to.

use crate::audio::AudioError;
use crate::audio::stream::{Assembler, Stats};
use crate::types::media::{Frame, FrameError, MediaFormat, Track};

/// The latest time of a stream that is believed, 8,900 years: later arithmetic on times cannot overflow.
const LATEST_MS: u64 = 1 << 48;

/// Decodes the frames of a line.
///
/// Its buffers are kept from frame to frame: a frame is decoded without allocating.
pub(super) struct Decoder {
    inbound: Option<TrackDecoder>,
    outbound: Option<TrackDecoder>,
    bytes: Vec<u8>,
    samples: Vec<i16>,
}

struct TrackDecoder {
    assembler: Assembler,
    /// Samples that were due so far.
    samples: u64,
}

/// The samples that one frame has made due.
pub(super) struct Played<'d> {
    /// When the frame begins, where the provider says it.
    pub(super) at_ms: Option<u64>,
    pub(super) samples: &'d [i16],
}

impl Decoder {
    /// A decoder for these tracks of a stream.
    ///
    /// # Errors
    /// [`AudioError`] for a format that cannot be decoded.
    pub(super) fn new(format: MediaFormat, in_order: bool, tracks: &[Track]) -> Result<Self, AudioError> {
        let track = |track| {
            let wanted = tracks.contains(&track).then(|| Assembler::new(format, in_order));
            let assembler = wanted.transpose()?;
            Ok::<_, AudioError>(assembler.map(|assembler| TrackDecoder { assembler, samples: 0 }))
        };
        let (inbound, outbound) = (track(Track::Inbound)?, track(Track::Outbound)?);
        Ok(Self { inbound, outbound, bytes: Vec::new(), samples: Vec::new() })
    }

    /// Decodes a frame and puts it in its place; none for a track that is not listened to.
    ///
    /// # Errors
    /// [`FrameError::Base64`] for a damaged frame.
    pub(super) fn play(&mut self, frame: &Frame<'_>) -> Result<Option<Played<'_>>, FrameError> {
        let track = match frame.track {
            Track::Inbound => &mut self.inbound,
            Track::Outbound => &mut self.outbound,
        };
        let Some(track) = track else { return Ok(None) };
        frame.payload.decode_into(&mut self.bytes)?;
        let at_ms = frame.at_ms.filter(|&at_ms| at_ms < LATEST_MS);
        self.samples.clear();
        track.assembler.push(frame.seq, at_ms, &self.bytes, &mut self.samples);
        track.samples += self.samples.len() as u64;
        Ok(Some(Played { at_ms, samples: &self.samples }))
    }

    /// Audio that came of the longest track, in milliseconds.
    pub(super) fn came_ms(&self) -> u64 {
        self.tracks().map(|track| track.samples).max().unwrap_or(0) / 8
    }

    /// Statistics of the frames of each track.
    pub(super) fn stats(&self) -> impl Iterator<Item = Stats> {
        self.tracks().map(|track| track.assembler.stats())
    }

    fn tracks(&self) -> impl Iterator<Item = &TrackDecoder> {
        [&self.inbound, &self.outbound].into_iter().flatten()
    }
}
