//! From a clip to a verdict: speech, quality, voice, score.
//!
//! The engine computes and blocks; it belongs on blocking threads. It knows nothing of calls, callers or stores, and it
//! keeps nothing between two takes.

mod assessment;
mod error;
mod verdict;

pub use assessment::{Assessment, Signals, Take};
pub use error::EngineError;
pub use verdict::{Bar, Evidence, decide};

use crate::models::Library;
use crate::scoring::{ModelId, TakePrint, Voiceprint};
use crate::types::{Clip16k, Reason};
use crate::vad::QualityLimits;

/// Examines takes, makes voiceprints and verifies probes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    models: Library,
}

impl Engine {
    /// An engine on these models.
    pub fn new(models: Library) -> Self {
        Self { models }
    }

    /// The speaker model; a voiceprint of another one cannot be verified here.
    pub fn model(&self) -> &ModelId {
        todo!("{:?}", self.models)
    }

    /// Finds the speech of a clip, judges it, and if it is good enough takes its voice.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails. A poor recording is no error: see [`Take::fault`].
    pub fn examine(&self, _clip: &Clip16k, _limits: &QualityLimits) -> Result<Take, EngineError> {
        todo!()
    }

    /// Makes a voiceprint of takes that agree with each other.
    ///
    /// # Errors
    /// [`Reason::TakesDiffer`] when two takes are too unlike to be one speaker's; [`Reason::Unavailable`] when there are
    /// none, or not all are from this engine's model.
    pub fn enroll(&self, _takes: &[TakePrint]) -> Result<Voiceprint, Reason> {
        todo!()
    }

    /// Compares a take with a voiceprint.
    pub fn verify(&self, _voiceprint: &Voiceprint, _take: &Take, _bar: &Bar) -> Assessment {
        todo!()
    }
}
