//! The line, room and player between a voice and a fraudulent call: pure signal code, the same in every run of one
//! seed.
//!
//! Everything is at the telephone's 8 kHz, full scale ±1.0. Nothing here knows an engine.

mod dice;
mod line;
mod room;
mod tempo;

pub(crate) use dice::Dice;
pub(crate) use line::{gain, level, mulaw, opus, random_handset, through_16k};
pub(crate) use room::replay;
use tempo::warped;
pub(crate) use tempo::{pitch, speed, stretch};
