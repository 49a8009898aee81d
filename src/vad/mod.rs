//! Where the speech is, and whether the take is good enough to score.

mod quality;
mod segment;

pub use quality::{Quality, QualityLimits, quality};
pub use segment::{CHUNK, Speech, VadConfig, segments};
