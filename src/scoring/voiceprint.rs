use super::take_print::{read_takes, write_takes};
use super::{Agreement, Embedding, Learned, ModelId, ScoreError, TakePrint, agreement};
use crate::types::Cosine;

/// The takes and direction kept of a caller's voice: never audio.
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
    /// [`ScoreError::NoTakes`], or [`ScoreError::ModelMismatch`] when the takes are not all from one model.
    pub fn new(takes: Vec<TakePrint>) -> Result<Self, ScoreError> {
        let embeddings: Vec<Embedding> = takes.iter().map(|take| take.embedding.clone()).collect();
        let agreement = agreement(&embeddings)?;
        let mean = Embedding::mean(&embeddings)?;
        Ok(Self { takes, mean, agreement })
    }

    /// The model that made it.
    pub fn model(&self) -> &ModelId {
        self.mean.model()
    }

    /// The takes, in order.
    pub fn takes(&self) -> &[TakePrint] {
        &self.takes
    }

    /// The mean direction of the takes, with which probes are compared.
    pub(super) fn direction(&self) -> &Embedding {
        &self.mean
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

    /// The same with its direction drawn towards what was learned since; the takes stay what they are.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when another model's voice was learned.
    pub fn adapted(&self, learned: &Learned) -> Result<Self, ScoreError> {
        Ok(Self { mean: learned.adapt(&self.mean)?, ..self.clone() })
    }

    /// The first of two joined models' voiceprint of the takes; see [`Embedding::first_of`].
    ///
    /// # Errors
    /// As [`Embedding::first_of`], and as [`Voiceprint::new`].
    pub fn first_of(&self, model: &ModelId, values: usize) -> Result<Self, ScoreError> {
        let first = |take: &TakePrint| {
            let embedding = take.embedding.first_of(model.clone(), values)?;
            Ok::<_, ScoreError>(TakePrint { embedding, net_speech_ms: take.net_speech_ms })
        };
        Self::new(self.takes.iter().map(first).collect::<Result<_, _>>()?)
    }

    /// The byte form, to be encrypted before it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        write_takes(&self.takes)
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`ScoreError::Format`] for other bytes, or for takes that make no voiceprint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ScoreError> {
        Self::new(read_takes(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(values: &[f32]) -> TakePrint {
        TakePrint { embedding: Embedding::unit("m-1".into(), values.to_vec()).unwrap(), net_speech_ms: 2_345 }
    }

    #[test]
    fn a_probe_is_scored_against_the_mean_direction_of_the_takes() {
        let print = Voiceprint::new(vec![take(&[1.0, 0.0]), take(&[0.0, 1.0])]).unwrap();
        let score = print.score(&take(&[2.0, 0.0]).embedding).unwrap().0;
        assert!((score - 0.5_f32.sqrt()).abs() < 1e-6);
        assert!(print.agreement().min.0.abs() < 1e-6);
    }

    #[test]
    fn takes_of_two_models_make_no_voiceprint_and_score_against_none() {
        let foreign = TakePrint { embedding: Embedding::unit("m-2".into(), vec![1.0, 0.0]).unwrap(), net_speech_ms: 1 };
        let print = Voiceprint::new(vec![take(&[1.0, 0.0])]).unwrap();
        assert_eq!(print.score(&foreign.embedding).unwrap_err().code(), "score_model_mismatch");
        assert_eq!(Voiceprint::new(vec![take(&[1.0, 0.0]), foreign]).unwrap_err().code(), "score_model_mismatch");
        assert_eq!(Voiceprint::new(vec![]), Err(ScoreError::NoTakes));
    }

    #[test]
    fn both_byte_forms_come_back_as_they_were() {
        let print = Voiceprint::new(vec![take(&[0.1, 0.2, 0.3]), take(&[0.3, 0.1, 0.2]), take(&[0.2; 3])]).unwrap();
        let back = Voiceprint::from_bytes(&print.to_bytes()).unwrap();
        assert_eq!(back.takes(), print.takes());
        assert_eq!((back.model().as_str(), back.agreement()), ("m-1", print.agreement()));
        let one = take(&[0.1, 0.2, 0.3]);
        assert_eq!(TakePrint::from_bytes(&one.to_bytes()), Ok(one));
        assert_eq!(TakePrint::from_bytes(&print.to_bytes()).unwrap_err().code(), "score_format");
    }
}
