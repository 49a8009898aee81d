use super::embedding::{check_dimension, dot, scale_to_unit};
use super::{Embedding, ModelId, ScoreError};

/// How far from orthonormal the directions may be: they are stored with six decimals.
const ORTHONORMAL_WITHIN: f32 = 1e-3;

/// The fixed projection from a model's raw output to comparable embeddings.
///
/// `x = unit(raw − centre)`, then `unit(x − Uᵀ·(U·x))`: the centre is what all voices on the phone share, `U` the
/// directions in which one voice differs from phone to phone.
#[derive(Clone, Debug)]
pub struct Backend {
    model: ModelId,
    centre: Vec<f32>,
    nuisance: Vec<Vec<f32>>,
}

impl Backend {
    /// Checks and keeps a centre `[n]` and orthonormal nuisance directions `[k][n]`.
    ///
    /// # Errors
    /// [`ScoreError::Dimension`] when a direction is of another length; [`ScoreError::NotOrthonormal`].
    pub fn new(model: ModelId, centre: Vec<f32>, nuisance: Vec<Vec<f32>>) -> Result<Self, ScoreError> {
        for (at, direction) in nuisance.iter().enumerate() {
            check_dimension(centre.len(), direction.len())?;
            for (other_at, other) in nuisance.iter().enumerate() {
                let expected = if at == other_at { 1.0 } else { 0.0 };
                let is_near = (dot(direction, other) - expected).abs() < ORTHONORMAL_WITHIN;
                if !is_near {
                    return Err(ScoreError::NotOrthonormal);
                }
            }
        }
        Ok(Self { model, centre, nuisance })
    }

    /// Values of an embedding.
    pub fn dimension(&self) -> usize {
        self.centre.len()
    }

    /// Projects a model's raw output.
    ///
    /// # Errors
    /// [`ScoreError::Dimension`] for another length, [`ScoreError::NoDirection`] for what has none.
    pub fn project(&self, raw: &[f32]) -> Result<Embedding, ScoreError> {
        check_dimension(self.centre.len(), raw.len())?;
        let mut x: Vec<f32> = raw.iter().zip(&self.centre).map(|(raw, centre)| raw - centre).collect();
        scale_to_unit(&mut x)?;
        let shares: Vec<f32> = self.nuisance.iter().map(|direction| dot(direction, &x)).collect();
        for (direction, share) in self.nuisance.iter().zip(shares) {
            for (value, nuisance) in x.iter_mut().zip(direction) {
                *value -= share * nuisance;
            }
        }
        Embedding::unit(self.model.clone(), x)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn floats(values: &Value) -> Vec<f32> {
        values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
    }

    #[test]
    fn the_projection_is_that_of_the_outside_tool() {
        let numbers: Value = serde_json::from_str(include_str!("../../models/campplus_backend.json")).unwrap();
        let golden: Value = serde_json::from_str(include_str!("../../fixtures/vectors/campplus_golden.json")).unwrap();
        let nuisance = numbers["nuisance"].as_array().unwrap().iter().map(floats).collect();
        let backend = Backend::new("m".into(), floats(&numbers["centre"]), nuisance).unwrap();
        assert_eq!(backend.dimension(), 192);
        let found = backend.project(&floats(&golden["fp32"])).unwrap();
        let wanted = floats(&golden["fp32_after_backend"]);
        let worst = found.values().iter().zip(&wanted).map(|(f, w)| (f - w).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-4, "{worst}");
    }

    #[test]
    fn a_projection_that_is_none_is_refused() {
        let new = |nuisance| Backend::new("m".into(), vec![0.0; 2], nuisance).map(|_| ());
        assert_eq!(new(vec![vec![1.0, 0.0], vec![0.0, 1.0]]), Ok(()));
        assert_eq!(new(vec![vec![1.0]]), Err(ScoreError::Dimension { expected: 2, found: 1 }));
        for bad in [vec![vec![0.5, 0.5]], vec![vec![1.0, 0.0]; 2], vec![vec![f32::NAN, 0.0]]] {
            assert_eq!(new(bad), Err(ScoreError::NotOrthonormal));
        }
    }

    #[test]
    fn output_without_a_direction_is_refused() {
        let backend = Backend::new("m".into(), vec![1.0, 1.0], vec![vec![1.0, 0.0]]).unwrap();
        assert_eq!(backend.project(&[1.0, 1.0]), Err(ScoreError::NoDirection));
        assert_eq!(backend.project(&[9.0, 1.0]), Err(ScoreError::NoDirection));
        assert_eq!(backend.project(&[f32::NAN, 1.0]), Err(ScoreError::NoDirection));
        assert_eq!(backend.project(&[1.0]), Err(ScoreError::Dimension { expected: 2, found: 1 }));
    }
}
