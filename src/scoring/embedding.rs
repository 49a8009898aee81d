use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ModelId, ScoreError};
use crate::types::Cosine;
use crate::types::bytes::{BadBytes, Reader};

/// Stored embeddings are of unit length; rounding moves it by less than this.
const UNIT_WITHIN: f32 = 1e-3;

/// A voice as a direction: unit length, projected, bound to its model.
#[derive(Clone, PartialEq)]
pub struct Embedding {
    model: ModelId,
    values: Vec<f32>,
}

impl Embedding {
    /// Scales values to unit length.
    ///
    /// # Errors
    /// [`ScoreError::NoDirection`] for zeros and for values that are not finite.
    pub fn unit(model: ModelId, mut values: Vec<f32>) -> Result<Self, ScoreError> {
        scale_to_unit(&mut values)?;
        Ok(Self { model, values })
    }

    /// Takes values that were scaled before they were stored.
    pub(super) fn stored(model: ModelId, values: Vec<f32>) -> Self {
        Self { model, values }
    }

    /// Reads `count` stored values.
    pub(super) fn read(reader: &mut Reader<'_>, model: ModelId, count: usize) -> Result<Self, BadBytes> {
        let values = reader.f32s(count)?;
        let is_unit = (dot(&values, &values).sqrt() - 1.0).abs() < UNIT_WITHIN;
        if is_unit {
            Ok(Self { model, values })
        } else {
            Err(BadBytes::Content("an embedding that is not of unit length"))
        }
    }

    /// Joins the embeddings that two models make of one voice into one direction.
    ///
    /// The cosine of two such embeddings is `(1 − share) · first + share · second`, each model's own cosine: the values
    /// are one after the other, scaled by the roots of the shares. So they are averaged, kept and compared like any
    /// others.
    ///
    /// # Errors
    /// [`ScoreError::NoDirection`] when the share is none.
    pub fn joined(model: ModelId, first: &Self, second: &Self, share: f32) -> Result<Self, ScoreError> {
        let (of_first, of_second) = ((1.0 - share).sqrt(), share.sqrt());
        let first = first.values.iter().map(|value| value * of_first);
        Self::unit(model, first.chain(second.values.iter().map(|value| value * of_second)).collect())
    }

    /// The first of two joined models' embedding of the voice: its `values`, on their own.
    ///
    /// # Errors
    /// [`ScoreError::Dimension`] when there are fewer, [`ScoreError::NoDirection`] when they have none.
    pub fn first_of(&self, model: ModelId, values: usize) -> Result<Self, ScoreError> {
        let found = self.values.len();
        let first = self.values.get(..values).ok_or(ScoreError::Dimension { expected: values, found })?;
        Self::unit(model, first.to_vec())
    }

    /// The mean direction of several embeddings of one model; all count the same.
    ///
    /// # Errors
    /// [`ScoreError::NoTakes`] of none, [`ScoreError::ModelMismatch`] when their models differ,
    /// [`ScoreError::NoDirection`] when they cancel out.
    pub fn mean<'e>(embeddings: impl IntoIterator<Item = &'e Self>) -> Result<Self, ScoreError> {
        let mut embeddings = embeddings.into_iter();
        let first = embeddings.next().ok_or(ScoreError::NoTakes)?;
        let mut sum = first.values.clone();
        for other in embeddings {
            first.check_comparable(other)?;
            for (sum, value) in sum.iter_mut().zip(&other.values) {
                *sum += value;
            }
        }
        Self::unit(first.model.clone(), sum)
    }

    /// The model that made it.
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// The values; their squares sum to 1.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Cosine of the angle to another embedding.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when another model made it, [`ScoreError::Dimension`] when it is of another
    /// length.
    pub fn cosine(&self, other: &Self) -> Result<Cosine, ScoreError> {
        self.check_comparable(other)?;
        Ok(Cosine(dot(&self.values, &other.values).clamp(-1.0, 1.0)))
    }

    pub(super) fn check_comparable(&self, other: &Self) -> Result<(), ScoreError> {
        if self.model != other.model {
            return Err(ScoreError::ModelMismatch { left: self.model.clone(), right: other.model.clone() });
        }
        check_dimension(self.values.len(), other.values.len())
    }
}

/// A voice is not for logs: only its model and length are shown.
impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedding({}, {} values)", self.model, self.values.len())
    }
}

pub(super) fn check_dimension(expected: usize, found: usize) -> Result<(), ScoreError> {
    if expected == found { Ok(()) } else { Err(ScoreError::Dimension { expected, found }) }
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn scale_to_unit(values: &mut [f32]) -> Result<(), ScoreError> {
    // Shorter than this, what is left are rounding errors.
    const SHORTEST: f32 = 1e-6;
    let length = dot(values, values).sqrt();
    if !length.is_finite() || length < SHORTEST {
        return Err(ScoreError::NoDirection);
    }
    for value in values {
        *value /= length;
    }
    Ok(())
}

/// How well several takes agree: cosines over all pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The mean of the pairs.
    pub mean: Cosine,
    /// The lowest pair.
    pub min: Cosine,
}

/// Compares every pair of takes; a single take agrees with itself.
///
/// # Errors
/// [`ScoreError::NoTakes`] without takes, [`ScoreError::ModelMismatch`] when their models differ.
pub fn agreement(takes: &[Embedding]) -> Result<Agreement, ScoreError> {
    if takes.is_empty() {
        return Err(ScoreError::NoTakes);
    }
    let mut cosines = Vec::new();
    for (at, take) in takes.iter().enumerate() {
        for other in &takes[at + 1..] {
            cosines.push(take.cosine(other)?.0);
        }
    }
    if cosines.is_empty() {
        cosines.push(1.0);
    }
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    Ok(Agreement { mean: Cosine(mean), min: Cosine(cosines.into_iter().fold(1.0, f32::min)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(values: &[f32]) -> Embedding {
        Embedding::unit("m".into(), values.to_vec()).unwrap()
    }

    #[test]
    fn the_cosine_is_that_of_the_angle() {
        assert!((embedding(&[3.0, 4.0]).cosine(&embedding(&[4.0, 3.0])).unwrap().0 - 0.96).abs() < 1e-6);
        assert!((embedding(&[3.0, 4.0]).cosine(&embedding(&[-3.0, -4.0])).unwrap().0 + 1.0).abs() < 1e-6);
    }

    #[test]
    fn embeddings_of_two_models_are_never_compared() {
        let other = Embedding::unit("n".into(), vec![3.0, 4.0]).unwrap();
        assert_eq!(embedding(&[3.0, 4.0]).cosine(&other).unwrap_err().code(), "score_model_mismatch");
        assert_eq!(agreement(&[embedding(&[1.0, 0.0]), other]).unwrap_err().code(), "score_model_mismatch");
        let longer = embedding(&[1.0, 2.0, 3.0]);
        assert_eq!(longer.cosine(&embedding(&[1.0, 2.0])), Err(ScoreError::Dimension { expected: 3, found: 2 }));
    }

    #[test]
    fn two_models_together_see_the_weighted_mean_of_what_each_sees() {
        let voice = |first: [f32; 2], second: [f32; 3]| {
            let second = Embedding::unit("n".into(), second.to_vec()).unwrap();
            Embedding::joined("m+n".into(), &embedding(&first), &second, 0.4).unwrap()
        };
        let (one, other) = (voice([1.0, 0.0], [0.0, 3.0, 4.0]), voice([0.6, 0.8], [0.0, 4.0, 3.0]));
        // 0.6 · 0.6 + 0.4 · 0.96, by hand.
        assert!((one.cosine(&other).unwrap().0 - 0.744).abs() < 1e-6);
        let first = one.first_of("m".into(), 2).unwrap();
        assert!((first.cosine(&embedding(&[0.6, 0.8])).unwrap().0 - 0.6).abs() < 1e-6);
        assert_eq!(one.first_of("m".into(), 6), Err(ScoreError::Dimension { expected: 6, found: 5 }));
        assert_eq!(one.cosine(&first).unwrap_err().code(), "score_model_mismatch");
    }

    #[test]
    fn the_mean_direction_lies_between_those_of_one_model() {
        let mean = Embedding::mean(&[embedding(&[3.0, 0.0]), embedding(&[0.0, 1.0])]).unwrap();
        assert!((mean.cosine(&embedding(&[1.0, 1.0])).unwrap().0 - 1.0).abs() < 1e-6);
        assert_eq!(Embedding::mean(&[]), Err(ScoreError::NoTakes));
        assert_eq!(Embedding::mean(&[embedding(&[1.0]), embedding(&[-1.0])]), Err(ScoreError::NoDirection));
        let other = Embedding::unit("n".into(), vec![1.0]).unwrap();
        assert_eq!(Embedding::mean(&[embedding(&[1.0]), other]).unwrap_err().code(), "score_model_mismatch");
    }

    #[test]
    fn what_has_no_direction_is_no_embedding() {
        for values in [vec![], vec![0.0; 3], vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0], vec![f32::MAX; 2]] {
            assert_eq!(Embedding::unit("m".into(), values), Err(ScoreError::NoDirection));
        }
    }

    #[test]
    fn agreement_is_the_mean_and_the_lowest_of_all_pairs() {
        let takes = [embedding(&[1.0, 0.0]), embedding(&[0.6, 0.8]), embedding(&[0.0, 1.0])];
        let found = agreement(&takes).unwrap();
        assert!((found.mean.0 - (0.6 + 0.0 + 0.8) / 3.0).abs() < 1e-6 && found.min.0.abs() < 1e-6);
        assert_eq!(agreement(&takes[..1]).unwrap(), Agreement { mean: Cosine(1.0), min: Cosine(1.0) });
        assert_eq!(agreement(&[]), Err(ScoreError::NoTakes));
    }

    #[test]
    fn a_voice_does_not_show_in_logs() {
        assert_eq!(format!("{:?}", embedding(&[3.0, 4.0])), "Embedding(m, 2 values)");
    }
}
