//! Bytes in, clips out: files and raw µ-law, checked, mixed down and brought to the house's rates.
//!
//! Everything here takes what a stranger sent. Nothing panics on it, nothing allocates beyond the limits given,
//! and what cannot be used is refused with a stable code.

pub mod alaw;
mod decimate;
mod error;
pub(crate) mod line_model;
pub mod mulaw;
pub mod opus;
pub mod resample;
mod riff;
pub mod stream;
pub mod upload;
pub mod wav;

pub use error::AudioError;

use crate::config::AudioLimits;

/// Refuses more bytes than are taken, before anything looks at them.
fn check_bytes(bytes: usize, limits: &AudioLimits) -> Result<(), AudioError> {
    if bytes > limits.max_bytes { Err(AudioError::TooLarge { max_bytes: limits.max_bytes }) } else { Ok(()) }
}

/// Refuses no audio, and more of it than is taken.
fn check_duration(frames: usize, rate_hz: u32, limits: &AudioLimits) -> Result<(), AudioError> {
    if frames == 0 {
        Err(AudioError::Empty)
    } else if frames as f64 > f64::from(limits.max_seconds) * f64::from(rate_hz) {
        Err(AudioError::TooLong { max_seconds: limits.max_seconds })
    } else {
        Ok(())
    }
}

/// G.711 tables made by Python's `audioop`; see `fixtures/vectors/make_g711.py`.
#[cfg(test)]
fn g711_golden() -> serde_json::Value {
    serde_json::from_str(include_str!("../../fixtures/vectors/g711_golden.json")).expect("the fixture is JSON")
}
