//! The neural models: checked against their manifest, loaded once, lent out one inference at a time.
//!
//! The only place that knows ONNX Runtime. Nothing is trusted: every file must have the manifest's hash, every model the
//! tensors the manifest lists, and the manifest must describe the front end that this build computes.

mod error;
mod pool;
mod runtime;

use std::sync::Arc;

pub use error::ModelError;

use crate::config;
use crate::features::Features;
use crate::types::Clip8k;

/// The loaded models. Cheap to clone; clones share their sessions.
#[derive(Clone, Debug)]
pub struct Library {
    _inner: Arc<()>,
}

impl Library {
    /// Finds, checks and loads the models and ONNX Runtime.
    ///
    /// # Errors
    /// [`ModelError`] says what is missing or wrong, and what to do about it.
    pub fn load(config: &config::Models) -> Result<Self, ModelError> {
        let _ = (runtime::environment(config.onnxruntime.as_deref())?, pool::Pool::new(vec![()]).borrow());
        todo!()
    }

    /// The probability of speech in each 32 ms of a clip. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn speech_probabilities(&self, _clip: &Clip8k) -> Result<Vec<f32>, ModelError> {
        todo!()
    }

    /// The raw embedding of a stretch of speech. Blocks until a session is free.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn embed(&self, _features: &Features) -> Result<Vec<f32>, ModelError> {
        todo!()
    }
}
