use std::sync::Arc;

use super::{PhraseError, Tokens};

/// A text as the model's tokens, and the places in it where something else could have been said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The tokens, first to last.
    pub tokens: Vec<u32>,
    /// The places, in order.
    pub slots: Vec<Slot>,
}

/// A place in a text: what stands there, and what could stand there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Which token begins it.
    pub at: usize,
    /// Which of the choices stands there.
    pub said: usize,
    /// The first token of everything that could stand there.
    pub choices: Arc<[u32]>,
}

/// A model's reading of a text, token by token, each given those before it and the sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// For each token the natural logarithm of its probability, less that of the likeliest token in its place.
    pub leads: Vec<f32>,
    /// For each slot the natural logarithms of its choices' probabilities.
    pub slots: Vec<Vec<f32>>,
}

impl Spelling {
    /// Spells a sentence; a space before it makes its first word a word.
    ///
    /// # Errors
    /// [`PhraseError::Unspellable`].
    pub fn of(tokens: &Tokens, sentence: &str) -> Result<Self, PhraseError> {
        Ok(Self { tokens: tokens.spell(&format!(" {sentence}"))?, slots: Vec::new() })
    }
}

/// The logarithm of the sum of what these are logarithms of.
pub(super) fn log_sum(logarithms: &[f32]) -> f32 {
    let largest = logarithms.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    largest + logarithms.iter().map(|value| (value - largest).exp()).sum::<f32>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_taken_without_leaving_the_logarithm() {
        assert!((log_sum(&[0.1_f32, 0.3, 0.1].map(f32::ln)) - 0.5_f32.ln()).abs() < 1e-6);
        assert!((log_sum(&[-1_000.0, -1_000.0]) + 1_000.0 - 2_f32.ln()).abs() < 1e-3);
    }
}
