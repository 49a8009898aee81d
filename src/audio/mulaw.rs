//! G.711 µ-law, the encoding of telephone lines in North America and Japan.

use super::AudioError;
use crate::config::AudioLimits;
use crate::types::Clip16k;

/// Decodes raw µ-law at 8 kHz, mono, without a header.
///
/// # Errors
/// [`AudioError::Empty`], [`AudioError::TooLarge`] or [`AudioError::TooLong`].
pub fn decode(_bytes: &[u8], _limits: &AudioLimits) -> Result<Clip16k, AudioError> {
    todo!()
}

/// Expands one µ-law byte to 16-bit linear: −32124 to 32124.
pub const fn to_linear(_byte: u8) -> i16 {
    todo!()
}

/// Compresses one 16-bit linear sample to µ-law.
pub const fn from_linear(_sample: i16) -> u8 {
    todo!()
}
