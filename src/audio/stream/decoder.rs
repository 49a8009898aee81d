use super::TICKS_PER_MS;
use crate::audio::decimate::Decimator;
use crate::audio::opus::Opus;
use crate::audio::{AudioError, alaw, mulaw};
use crate::types::Clip8k;
use crate::types::media::{Codec, MediaFormat};

/// The outcome of decoding a frame's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Played {
    /// How long its audio is.
    pub(super) ticks: u64,
    /// Whether every byte of it was audio.
    pub(super) is_whole: bool,
}

/// One track's bytes to samples at 8 kHz.
#[derive(Debug)]
pub(super) struct Decoder {
    law: Law,
    ticks_per_sample: u64,
    down: Option<Decimator>,
}

#[derive(Debug)]
enum Law {
    /// A byte a sample, by table.
    Bytes(&'static [i16; 256]),
    /// Two bytes a sample, high byte first.
    Big,
    /// Two bytes a sample, low byte first.
    Little,
    Packets(Opus),
}

/// All that a byte can mean, worked out at build time.
macro_rules! law_table {
    ($law:path) => {{
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = $law(byte as u8);
            byte += 1;
        }
        table
    }};
}

static MULAW: [i16; 256] = law_table!(mulaw::to_linear);
static ALAW: [i16; 256] = law_table!(alaw::to_linear);

impl Decoder {
    pub(super) fn new(format: MediaFormat) -> Result<Self, AudioError> {
        let law = match format.codec {
            Codec::Mulaw => Law::Bytes(&MULAW),
            Codec::Alaw => Law::Bytes(&ALAW),
            Codec::L16Be => Law::Big,
            Codec::L16Le => Law::Little,
            // Every codec's sound comes out at 8 kHz, one channel.
            Codec::Opus => {
                return Ok(Self { law: Law::Packets(Opus::new()?), ticks_per_sample: TICKS_PER_MS / 8, down: None });
            }
        };
        if format.channels != 1 {
            return Err(AudioError::Channels { count: format.channels.into(), max: 1 });
        }
        let hz = format.rate_hz;
        let down = match hz / Clip8k::RATE_HZ {
            _ if !hz.is_multiple_of(Clip8k::RATE_HZ) => return Err(AudioError::StreamRate { hz }),
            1 => None,
            // 40 kHz has no place among the ticks, nor has anybody a line of it.
            factor @ (2 | 3 | 4 | 6) => Decimator::new(factor as usize),
            _ => return Err(AudioError::StreamRate { hz }),
        };
        Ok(Self { law, ticks_per_sample: TICKS_PER_MS * 1_000 / u64::from(hz), down })
    }

    /// How long a frame is, before it is decoded.
    pub(super) fn ticks(&self, bytes: &[u8]) -> u64 {
        let samples = match self.law {
            Law::Bytes(_) => bytes.len(),
            Law::Big | Law::Little => bytes.len() / 2,
            Law::Packets(_) => Opus::samples(bytes).unwrap_or(0),
        };
        samples as u64 * self.ticks_per_sample
    }

    /// Appends a frame's samples. A byte too many is left away, a packet that is none altogether.
    pub(super) fn decode(&mut self, bytes: &[u8], out: &mut Vec<i16>) -> Played {
        let ticks = self.ticks(bytes);
        let down = self.down.as_mut();
        match &mut self.law {
            Law::Bytes(table) => feed(down, bytes.iter().map(|&byte| table[usize::from(byte)]), out),
            Law::Big => feed(down, pairs(bytes).map(i16::from_be_bytes), out),
            Law::Little => feed(down, pairs(bytes).map(i16::from_le_bytes), out),
            // No bytes at all is how a sender says that it had nothing to say.
            Law::Packets(opus) => {
                let before = out.len();
                let is_whole = bytes.is_empty() || opus.decode(bytes, out);
                return Played { ticks: (out.len() - before) as u64 * self.ticks_per_sample, is_whole };
            }
        }
        Played { ticks, is_whole: matches!(self.law, Law::Bytes(_)) || bytes.len().is_multiple_of(2) }
    }

    /// Appends silence, through the filter, so that time stays exact and edges stay clean.
    pub(super) fn silence(&mut self, ticks: u64, out: &mut Vec<i16>) {
        let samples = (ticks / self.ticks_per_sample) as usize;
        feed(self.down.as_mut(), std::iter::repeat_n(0, samples), out);
    }

    /// Appends what is still inside the filter.
    pub(super) fn flush(&mut self, out: &mut Vec<i16>) {
        if let Some(down) = &mut self.down {
            down.flush(out);
        }
    }
}

fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> {
    bytes.as_chunks().0.iter().copied()
}

fn feed(down: Option<&mut Decimator>, samples: impl Iterator<Item = i16>, out: &mut Vec<i16>) {
    match down {
        Some(down) => down.push(samples, out),
        None => out.extend(samples),
    }
}
