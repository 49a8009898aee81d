//! The words: compared with enrolled takes, or held against an expected text.
//!
//! ```text
//! Clip8k, a stretch -> Sound (16 kHz between silences) -> encoder frames (models: Moonshine)
//!     -> Space -> Frames: the template of a phrase     -> distance to the takes  -> llr: the same phrase?
//!     -> Challenge's spellings -> readings (the decoder)  -> fit                 -> llr: what was asked for?
//! ```
//!
//! No transcript is ever made: a template holds directions, and a text is only weighed, not written down.

mod calibration;
mod challenge;
mod compare;
mod error;
mod frames;
mod sound;
mod space;
mod spelling;
mod tokens;
mod wordlist;

pub use calibration::{ChallengeCalibration, PhraseCalibration, Thresholds};
pub use challenge::{Challenge, Fit};
pub use compare::{Comparison, Distance, compare, distance, pairs};
pub use error::PhraseError;
pub use frames::Frames;
pub use sound::Sound;
pub use space::{ENCODED, Space};
pub use spelling::{Reading, Slot, Spelling};
pub use tokens::Tokens;
