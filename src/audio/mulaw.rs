//! G.711 µ-law, the encoding of telephone lines in North America and Japan.

use super::{AudioError, check_bytes, check_duration, resample};
use crate::config::AudioLimits;
use crate::types::Clip16k;

/// Samples per second of a telephone line.
const LINE_HZ: u32 = 8_000;

/// The bias that G.711 adds to a magnitude so that every segment starts at a power of two: 33, in its 14 bits 33 << 2.
const BIAS: i32 = 0x84;

/// The largest magnitude that can be coded; beyond it the segment number would not fit three bits.
const LARGEST: i32 = 0x7fff - BIAS;

/// Decodes raw µ-law at 8 kHz, mono, without a header.
///
/// # Errors
/// [`AudioError::Empty`], [`AudioError::TooLarge`] or [`AudioError::TooLong`].
pub fn decode(bytes: &[u8], limits: &AudioLimits) -> Result<Clip16k, AudioError> {
    check_bytes(bytes.len(), limits)?;
    check_duration(bytes.len(), LINE_HZ, limits)?;
    let samples: Vec<f32> = bytes.iter().map(|&byte| f32::from(to_linear(byte)) / 32_768.0).collect();
    resample::to_16k(&samples, LINE_HZ)
}

/// Expands one µ-law byte to 16-bit linear: −32124 to 32124.
pub const fn to_linear(byte: u8) -> i16 {
    let code = !byte as i16;
    let magnitude = ((((code & 0x0f) << 3) + BIAS as i16) << ((code & 0x70) >> 4)) - BIAS as i16;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

/// Compresses one 16-bit linear sample to µ-law.
pub const fn from_linear(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0x80, -(sample as i32)) } else { (0, sample as i32) };
    let biased = if magnitude > LARGEST { LARGEST } else { magnitude } + BIAS;
    // The bias makes bit 7 the lowest possible leading bit: segment 0.
    let segment = 24 - biased.leading_zeros();
    let step = (biased >> (segment + 3)) & 0x0f;
    !(sign | (segment << 4) as u8 | step as u8)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::audio::g711_golden;

    #[test]
    fn every_byte_expands_as_the_outside_tool_says() {
        let golden = g711_golden();
        let ours: Vec<i64> = (0..=255).map(|byte| i64::from(to_linear(byte))).collect();
        assert_eq!(serde_json::json!(ours), golden["ulaw_to_linear"]);
    }

    #[test]
    fn every_14_bit_sample_compresses_as_the_outside_tool_says() {
        let coded: Vec<u8> = (i16::MIN..=i16::MAX).step_by(4).map(from_linear).collect();
        assert_eq!(serde_json::json!(Sha256::digest(&coded).to_vec()), g711_golden()["linear_to_ulaw_sha256"]);
    }

    #[test]
    fn a_byte_survives_expansion_and_compression() {
        // 0x7f is negative zero, which comes back as positive zero.
        for byte in (0..=255).filter(|&byte| byte != 0x7f) {
            assert_eq!(from_linear(to_linear(byte)), byte);
        }
    }

    #[test]
    fn raw_bytes_become_a_clip_of_their_duration() {
        let limits = AudioLimits { max_bytes: 16_000, max_seconds: 1.5 };
        let clip = decode(&[0x80; 8_000], &limits).unwrap();
        assert_eq!(clip.duration_ms(), 1000);
        assert_eq!(decode(&[], &limits), Err(AudioError::Empty));
        assert_eq!(decode(&[0xff; 16_001], &limits).unwrap_err().code(), "audio_too_large");
        assert_eq!(decode(&[0xff; 12_001], &limits).unwrap_err().code(), "audio_too_long");
    }
}
