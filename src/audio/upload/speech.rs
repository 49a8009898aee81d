//! Opus packets of a recording, decoded to a clip.
//!
//! The decoder gives 16 kHz, mono, itself: it leaves away what lies above 8 kHz, so that nothing folds back and no
//! resampling follows. Sound between 4 and 8 kHz is left in, for measuring quality.

use audiopus::coder::Decoder;
use audiopus::packet::Packet;
use audiopus::{Channels, MutSignals, SampleRate};

use super::container::Recording;
use super::{AudioError, check_duration, resample};
use crate::config::AudioLimits;
use crate::types::Clip16k;

/// How many of a container's 48 kHz samples are one of ours.
const UNITS: usize = 3;

/// The longest packet there is, 120 ms.
const LONGEST: usize = 1_920;

/// The length assumed of a lost packet before any was heard: 20 ms, as browsers send.
const USUAL: usize = 320;

/// Decodes a recording from its beginning.
///
/// # Errors
/// [`AudioError::TooLong`] as soon as it is, [`AudioError::Empty`] without a packet, [`AudioError::Container`] when
/// most packets cannot be decoded.
pub(super) fn decode(recording: &mut Recording<'_>, limits: &AudioLimits) -> Result<Clip16k, AudioError> {
    let mut speech = Speech::new(recording, limits)?;
    while let Some(packet) = recording.next() {
        speech.push(&packet.data, packet.trim_end.get())?;
    }
    if speech.damaged > speech.sound {
        return Err(recording.damaged("most of its packets cannot be decoded"));
    }
    let samples = speech.finish();
    check_duration(samples.len(), Clip16k::RATE_HZ, limits)?;
    resample::to_16k(&samples, Clip16k::RATE_HZ)
}

/// The sound decoded so far.
struct Speech<'l> {
    decoder: Decoder,
    limits: &'l AudioLimits,
    samples: Vec<f32>,
    /// The encoder's warm-up that is still to come.
    skip: usize,
    /// How many of the last samples lie beyond the end that the container states.
    beyond: usize,
    gain: f32,
    /// The last packet's length, that of the next one if it is lost.
    length: usize,
    sound: usize,
    damaged: usize,
}

impl<'l> Speech<'l> {
    fn new(recording: &Recording<'_>, limits: &'l AudioLimits) -> Result<Self, AudioError> {
        let decoder = Decoder::new(SampleRate::Hz16000, Channels::Mono).map_err(|_| AudioError::Codec("opus"))?;
        let head = recording.head;
        Ok(Self {
            decoder,
            limits,
            samples: Vec::new(),
            skip: (usize::from(head.pre_skip) + UNITS / 2) / UNITS,
            beyond: 0,
            gain: 10.0_f32.powf(f32::from(head.gain) / 256.0 / 20.0),
            length: USUAL,
            sound: 0,
            damaged: 0,
        })
    }

    /// Decodes a packet, or conceals it; `trim` samples at 48 kHz of it are beyond the end.
    fn push(&mut self, packet: &[u8], trim: u64) -> Result<(), AudioError> {
        let mut room = [0.0; LONGEST];
        let count = if let Some(count) = self.decode(packet, &mut room) {
            self.sound += 1;
            self.length = count;
            count
        } else {
            self.damaged += 1;
            self.conceal(&mut room)
        };
        let skipped = self.skip.min(count);
        self.skip -= skipped;
        self.samples.extend(room[skipped..count].iter().map(|sample| (sample * self.gain).clamp(-1.0, 1.0)));
        // Only a file's end is beyond it: where sound follows, the container's clock was wrong.
        self.beyond = if trim == 0 { 0 } else { self.beyond.saturating_add(trim as usize / UNITS) };
        // Sound beyond the end is allowed, as long as it is no more than a packet.
        check_end(self.samples.len().saturating_sub(self.beyond.min(LONGEST)), self.limits)
    }

    fn decode(&mut self, packet: &[u8], room: &mut [f32; LONGEST]) -> Option<usize> {
        let packet = Packet::try_from(packet).ok()?;
        let count = self.decoder.decode_float(Some(packet), MutSignals::try_from(&mut room[..]).ok()?, false).ok()?;
        Some(count.min(LONGEST))
    }

    /// Goes on with what was heard last, for as long as that; fades to silence by itself.
    fn conceal(&mut self, room: &mut [f32; LONGEST]) -> usize {
        room.fill(0.0);
        if let Ok(lost) = MutSignals::try_from(&mut room[..self.length]) {
            let _ = self.decoder.decode_float(None::<Packet<'_>>, lost, false);
        }
        self.length
    }

    fn finish(mut self) -> Vec<f32> {
        self.samples.truncate(self.samples.len().saturating_sub(self.beyond));
        self.samples
    }
}

/// Refuses a recording once it is longer than is taken.
fn check_end(samples: usize, limits: &AudioLimits) -> Result<(), AudioError> {
    if samples == 0 { Ok(()) } else { check_duration(samples, Clip16k::RATE_HZ, limits) }
}
