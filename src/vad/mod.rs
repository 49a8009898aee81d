//! Where the speech is, when a caller has finished, and whether the take is good enough to score.

mod endpoint;
mod gate;
mod quality;
mod segment;
mod stretches;
mod track;

pub use endpoint::{EndReason, Endpoint, EndpointConfig, EndpointEvent};
pub use gate::Gate;
pub use quality::{Quality, QualityLimits, quality};
pub use segment::{CHUNK, Speech, VadConfig, segments};
pub use stretches::Stretches;
