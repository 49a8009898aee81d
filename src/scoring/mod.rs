//! From embeddings to a calibrated score: projection, voiceprints, log-likelihood ratios, error rates.

mod backend;
mod bytes;
mod calibration;
mod embedding;
mod error;
pub mod fit;
mod gallery;
mod learned;
pub mod metrics;
pub mod site;
mod voiceprint;

pub use backend::Backend;
pub use calibration::Calibration;
pub use embedding::{Agreement, Embedding, ModelId, agreement};
pub use error::ScoreError;
pub use gallery::Gallery;
pub use learned::Learned;
pub use voiceprint::{TakePrint, Voiceprint};
