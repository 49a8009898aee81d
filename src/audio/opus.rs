//! Opus, decoded straight to the 8 kHz that everything else here has.
//!
//! The decoder leaves away what lies above 4 kHz as it decodes; no resampling follows.

use audiopus::coder::Decoder;
use audiopus::packet::Packet;
use audiopus::{Channels, MutSignals, SampleRate};

use super::AudioError;

/// The longest packet there is: 120 ms.
const MAX_SAMPLES: usize = 960;

/// A stream of Opus packets, one channel.
#[derive(Debug)]
pub struct Opus(Decoder);

impl Opus {
    /// A decoder at its start; takes 18 KiB.
    ///
    /// # Errors
    /// [`AudioError::Codec`] when libopus has no memory.
    pub fn new() -> Result<Self, AudioError> {
        Decoder::new(SampleRate::Hz8000, Channels::Mono).map(Self).map_err(|_| AudioError::Codec("opus"))
    }

    /// Appends a packet's samples at 8 kHz; false, and nothing appended, for what is no packet.
    pub fn decode(&mut self, packet: &[u8], samples: &mut Vec<i16>) -> bool {
        let mut decoded = [0; MAX_SAMPLES];
        let (Ok(packet), Ok(room)) = (Packet::try_from(packet), MutSignals::try_from(&mut decoded[..])) else {
            return false;
        };
        let Ok(count) = self.0.decode(Some(packet), room, false) else { return false };
        samples.extend_from_slice(&decoded[..count.min(MAX_SAMPLES)]);
        true
    }

    /// How many samples at 8 kHz a packet says it has.
    pub fn samples(packet: &[u8]) -> Option<usize> {
        let packet = Packet::try_from(packet).ok()?;
        audiopus::packet::nb_samples(packet, SampleRate::Hz8000).ok().filter(|&count| count <= MAX_SAMPLES)
    }
}
