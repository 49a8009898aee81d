//! WAV files of any usual kind.

use super::AudioError;
use crate::config::AudioLimits;
use crate::types::{Clip8k, Clip16k};

/// Decodes a WAV file of any usual kind, mixed down to one channel.
///
/// # Errors
/// [`AudioError`] for what is no WAV file, damaged, unsupported, empty or beyond the limits.
pub fn decode(_bytes: &[u8], _limits: &AudioLimits) -> Result<Clip16k, AudioError> {
    todo!()
}

/// Encodes a clip as the provider serves its recordings: 8 kHz, 16-bit, mono.
pub fn encode_8k(_clip: &Clip8k) -> Vec<u8> {
    todo!()
}
