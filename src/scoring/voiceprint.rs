use super::{Agreement, Embedding, ModelId, ScoreError};
use crate::types::Cosine;

/// What is kept of one enrollment take.
#[derive(Clone, Debug, PartialEq)]
pub struct TakePrint {
    /// The voice.
    pub embedding: Embedding,
    /// Speech without its pauses, in milliseconds.
    pub net_speech_ms: u32,
}

impl TakePrint {
    /// The byte form, to be encrypted before it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        todo!()
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`ScoreError::Format`] for other bytes.
    pub fn from_bytes(_bytes: &[u8]) -> Result<Self, ScoreError> {
        todo!()
    }
}

/// What is kept of a caller's voice: never audio.
#[derive(Clone, Debug, PartialEq)]
pub struct Voiceprint {
    takes: Vec<TakePrint>,
    mean: Embedding,
    agreement: Agreement,
}

impl Voiceprint {
    /// Makes a voiceprint of takes; all count the same.
    ///
    /// # Errors
    /// [`ScoreError::NoTakes`] or [`ScoreError::ModelMismatch`].
    pub fn new(_takes: Vec<TakePrint>) -> Result<Self, ScoreError> {
        todo!()
    }

    /// The model that made it.
    pub fn model(&self) -> &ModelId {
        self.mean.model()
    }

    /// The takes, in order.
    pub fn takes(&self) -> &[TakePrint] {
        &self.takes
    }

    /// How well the takes agree.
    pub fn agreement(&self) -> Agreement {
        self.agreement
    }

    /// Scores a probe against the voiceprint.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when another model made the probe.
    pub fn score(&self, probe: &Embedding) -> Result<Cosine, ScoreError> {
        self.mean.cosine(probe)
    }

    /// The byte form, to be encrypted before it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        todo!()
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`ScoreError::Format`] for other bytes.
    pub fn from_bytes(_bytes: &[u8]) -> Result<Self, ScoreError> {
        todo!()
    }
}
