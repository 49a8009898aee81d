//! Bytes in, clips out: WAV files and raw µ-law, checked, mixed down and brought to the house's rates.
//!
//! Everything here takes what a stranger sent. Nothing panics on it, nothing allocates beyond the limits given,
//! and what cannot be used is refused with a stable code.

pub mod alaw;
mod error;
pub mod mulaw;
pub mod resample;
pub mod wav;

pub use error::AudioError;
