//! Measuring: error rates, attacks, calibration, load. Its commands are reached through `cli`, and nothing else calls
//! it.
//!
//! Beside the commands stands what they share: lists of recordings, the speakers in them, hearing them on many threads,
//! and the voiceprints they make.

pub(crate) mod attack;
pub(crate) mod calibrate;
pub(crate) mod eval;
mod listen;
mod lists;
pub(crate) mod load;
pub(crate) mod score;
mod speakers;
mod voices;

use crate::types::Strictness;

/// Reads the false-accept rate that a voice is held to.
fn strictness(text: &str) -> Result<Strictness, String> {
    let all = [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct];
    let found = all.into_iter().find(|strictness| strictness.to_string() == text);
    found.ok_or_else(|| "expected 1%, 0.1% or 0.01%".to_owned())
}
