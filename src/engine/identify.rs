use super::{Engine, Voice};
use crate::scoring::{Gallery, ScoreError, TakePrint, Voiceprint};
use crate::types::{Llr, Strictness};

impl Engine {
    /// Those whose voiceprints a voice reaches `at_least` against, the best first, at most `limit`.
    ///
    /// The ratios are the same as those of [`Engine::score`].
    ///
    /// # Errors
    /// [`ScoreError`] when another model made the voice.
    pub fn nearest<K: Copy>(
        &self,
        gallery: &Gallery<K>,
        voice: &Voice,
        is_asked: impl Fn(&K) -> bool,
        at_least: Llr,
        limit: usize,
    ) -> Result<Vec<(K, Llr)>, ScoreError> {
        let heard_s = voice.heard_ms as f32 / 1000.0;
        let ratio = |cosine, agreement| self.calibration.llr(cosine, heard_s, agreement);
        gallery.nearest(&voice.embedding, is_asked, ratio, at_least, limit)
    }

    /// The most alike of single takes that a voice is on, if it is on one; by its place.
    ///
    /// The threshold is that for a false-accept rate of 0.01 %, raised for the number of takes: an innocent caller who
    /// is taken for a voice on a list has done nothing and cannot defend themselves, while a missed caller is still
    /// verified like any other. A single take is scored as a voiceprint of one, whose takes agree wholly. That is
    /// beyond what the calibration was fitted on and asks for more, never for less.
    ///
    /// # Errors
    /// [`ScoreError::NoTakes`] never; takes of another model are passed over.
    pub fn listed(&self, takes: &[TakePrint], voice: &Voice) -> Result<Option<(usize, Llr)>, ScoreError> {
        let at_least = one_of(self.threshold(Strictness::Far001Pct), takes.len());
        let mut best: Option<(usize, Llr)> = None;
        for (place, take) in takes.iter().enumerate() {
            if take.embedding.model() != voice.embedding.model() {
                continue;
            }
            let print = Voiceprint::new(vec![take.clone()])?;
            let (_, llr) = self.score(&print, voice)?;
            if llr >= at_least && best.is_none_or(|(_, before)| llr > before) {
                best = Some((place, llr));
            }
        }
        Ok(best)
    }
}

/// The threshold for one comparison, raised so that as many comparisons together err no more often.
///
/// By the natural logarithm of their number. A log-likelihood ratio that holds true is above `t` for an impostor no
/// more often than `exp(−t)`, so `ln n` more divides each comparison's share by `n`, and `n` shares together are the
/// one again: Bonferroni's bound, which holds however alike the voices are.
///
/// It is as true as the ratios are. The shipped calibrations need 2.4 to 3.2 more for a tenth of the errors where ln 10
/// is 2.3, so that among 10,000 a stranger is named up to some five times as often as aimed at.
pub fn one_of(threshold: Llr, comparisons: usize) -> Llr {
    Llr(threshold.0 + (comparisons.max(1) as f32).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_rises_with_the_number_of_those_compared() {
        let at = |comparisons| one_of(Llr(2.4), comparisons).0;
        assert!((at(0) - 2.4).abs() < 1e-6 && (at(1) - 2.4).abs() < 1e-6);
        // ln 10,000 = 9.2103.
        assert!((at(10_000) - 11.6103).abs() < 1e-3);
    }
}
