//! Rate conversion without aliases, keeping time: sample 0 stays at sample 0.

use super::AudioError;
use crate::types::{Clip8k, Clip16k};

/// Brings samples at `rate_hz` to 16 kHz; the duration is kept to the sample.
///
/// # Errors
/// [`AudioError::Rate`] outside 8 to 48 kHz.
pub fn to_16k(_samples: &[f32], _rate_hz: u32) -> Result<Clip16k, AudioError> {
    todo!()
}

/// Brings a clip to the 8 kHz the voice models listen at.
pub fn to_8k(_clip: &Clip16k) -> Clip8k {
    todo!()
}
