//! Codecs, rates and channels of a stream, by the names that providers give them.

use super::FrameError;

/// Codec names come from strangers and go into logs; this many characters tell them apart.
const NAME_CHARS: usize = 32;

/// How the bytes of a frame are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, a byte a sample.
    Mulaw,
    /// G.711 A-law, a byte a sample.
    Alaw,
    /// Linear 16-bit samples, high byte first.
    L16Be,
    /// Linear 16-bit samples, low byte first.
    L16Le,
    /// Opus, a packet a frame.
    Opus,
}

/// How a stream's audio is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaFormat {
    /// The codec.
    pub codec: Codec,
    /// Samples per second.
    pub rate_hz: u32,
    /// Interleaved channels; more than one only for Opus, which is mixed down as it is decoded.
    pub channels: u8,
}

impl MediaFormat {
    /// The format of a telephone line, and of a stream unless it says otherwise: µ-law, 8 kHz, one channel.
    pub const TELEPHONE: Self = Self { codec: Codec::Mulaw, rate_hz: 8_000, channels: 1 };

    /// Reads a codec's MIME or RTP name: `audio/x-mulaw`, `PCMU`, `audio/l16;rate=16000`, `L16@24000h`.
    ///
    /// `linear` is the byte order that this provider's L16 has. A rate in the name counts where `rate_hz` is absent.
    ///
    /// # Errors
    /// [`FrameError::Format`] for what we cannot decode.
    pub fn from_name(
        encoding: &str,
        rate_hz: Option<u64>,
        channels: Option<u64>,
        linear: Codec,
    ) -> Result<Self, FrameError> {
        let (name, suffix) = encoding.split_at(encoding.find([';', '@']).unwrap_or(encoding.len()));
        let rate_hz = rate_hz.or_else(|| first_number(suffix)).unwrap_or(8_000);
        let channels = channels.unwrap_or(1);
        let codec = codec(name, linear);
        let refused =
            || FrameError::Format { encoding: encoding.chars().take(NAME_CHARS).collect(), rate_hz, channels };
        let is_taken = match codec {
            Some(Codec::Opus) => {
                [8_000, 12_000, 16_000, 24_000, 48_000].contains(&rate_hz) && (1..=2).contains(&channels)
            }
            // Multiples of the 8 kHz that everything is brought to.
            Some(_) => [8_000, 16_000, 24_000, 32_000, 48_000].contains(&rate_hz) && channels == 1,
            None => false,
        };
        match (codec, u32::try_from(rate_hz), u8::try_from(channels)) {
            (Some(codec), Ok(rate_hz), Ok(channels)) if is_taken => Ok(Self { codec, rate_hz, channels }),
            _ => Err(refused()),
        }
    }
}

fn codec(name: &str, linear: Codec) -> Option<Codec> {
    let name = name.trim().to_ascii_lowercase();
    let name = name.strip_prefix("audio/").unwrap_or(&name);
    match name.strip_prefix("x-").unwrap_or(name) {
        "mulaw" | "ulaw" | "pcmu" => Some(Codec::Mulaw),
        "alaw" | "pcma" => Some(Codec::Alaw),
        "l16" => Some(linear),
        "opus" => Some(Codec::Opus),
        _ => None,
    }
}

fn first_number(text: &str) -> Option<u64> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codec_is_known_by_its_mime_and_its_rtp_name() {
        for (name, rate_hz, channels, codec, found_hz) in [
            ("audio/x-mulaw", Some(8_000), Some(1), Codec::Mulaw, 8_000),
            ("PCMU", None, None, Codec::Mulaw, 8_000),
            ("PCMA", Some(8_000), Some(1), Codec::Alaw, 8_000),
            ("audio/x-l16", Some(16_000), Some(1), Codec::L16Be, 16_000),
            ("audio/l16;rate=24000", None, None, Codec::L16Be, 24_000),
            ("L16@16000h", None, Some(1), Codec::L16Be, 16_000),
            ("L16@16000h", Some(24_000), None, Codec::L16Be, 24_000),
            ("OPUS", Some(16_000), Some(1), Codec::Opus, 16_000),
            ("opus", Some(48_000), Some(2), Codec::Opus, 48_000),
        ] {
            let format = MediaFormat::from_name(name, rate_hz, channels, Codec::L16Be).unwrap();
            assert_eq!((format.codec, format.rate_hz), (codec, found_hz), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_with_its_name() {
        for (name, rate_hz, channels) in [
            ("G722", Some(8_000), Some(1)),
            ("AMR-WB", Some(16_000), Some(1)),
            ("", None, None),
            ("PCMU", Some(0), None),
            ("PCMU", Some(8_000), Some(2)),
            ("L16", Some(44_100), Some(1)),
            ("L16", Some(u64::MAX), Some(1)),
            ("opus", Some(44_100), Some(1)),
            ("opus", Some(48_000), Some(0)),
            ("L16@99999999999999999999999", None, Some(257)),
        ] {
            let error = MediaFormat::from_name(name, rate_hz, channels, Codec::L16Le).unwrap_err();
            assert!(error.must_close() && error.code() == "frame_format", "{name}");
            assert!(error.to_string().contains(name));
        }
    }
}
