//! From embeddings to a calibrated score: projection, voiceprints, log-likelihood ratios, error rates.

mod backend;
mod calibration;
mod embedding;
mod error;
pub mod fit;
mod gallery;
mod learned;
pub mod metrics;
mod model_id;
pub mod site;
mod take_print;
mod voiceprint;

pub use backend::Backend;
pub use calibration::Calibration;
pub use embedding::{Agreement, Embedding, agreement};
pub use error::ScoreError;
pub use gallery::Gallery;
pub use learned::Learned;
pub use model_id::ModelId;
pub use take_print::TakePrint;
pub use voiceprint::Voiceprint;
