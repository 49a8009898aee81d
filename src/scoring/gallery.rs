use super::embedding::{check_dimension, dot};
use super::{Embedding, ModelId, ScoreError, Voiceprint};
use crate::types::{Cosine, Llr};

/// Values that are multiplied side by side: what the widest common registers hold.
const LANES: usize = 8;

/// How much the quick cosine may differ from the exact one, in log-likelihood: a hundred times what was seen.
const SLACK: f32 = 1e-2;

/// Voiceprints' directions in one piece of memory, to hold one voice against all of them.
///
/// One row a voiceprint, all of one model. A row is what [`Voiceprint::score`] compares with.
#[derive(Clone)]
pub struct Gallery<K> {
    model: ModelId,
    width: usize,
    keys: Vec<K>,
    /// The mean cosine of each voiceprint's takes.
    agreements: Vec<Cosine>,
    directions: Vec<f32>,
}

impl<K: Copy> Gallery<K> {
    /// An empty gallery of a model's voices.
    pub fn new(model: ModelId) -> Self {
        Self { model, width: 0, keys: Vec::new(), agreements: Vec::new(), directions: Vec::new() }
    }

    /// The model whose voices are here.
    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// Whose voiceprints are here.
    pub fn keys(&self) -> &[K] {
        &self.keys
    }

    /// Adds a voiceprint.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] or [`ScoreError::Dimension`] when it is not like the others.
    pub fn push(&mut self, key: K, voiceprint: &Voiceprint) -> Result<(), ScoreError> {
        let direction = voiceprint.direction();
        if *direction.model() != self.model {
            let (left, right) = (self.model.clone(), direction.model().clone());
            return Err(ScoreError::ModelMismatch { left, right });
        }
        let values = direction.values();
        if self.keys.is_empty() {
            self.width = values.len();
        }
        check_dimension(self.width, values.len())?;
        self.keys.push(key);
        self.agreements.push(voiceprint.agreement().mean);
        self.directions.extend_from_slice(values);
        Ok(())
    }

    /// Keeps only these voiceprints.
    pub fn retain(&mut self, is_kept: impl Fn(&K) -> bool) {
        let mut kept = 0;
        for at in 0..self.keys.len() {
            if is_kept(&self.keys[at]) {
                self.keys[kept] = self.keys[at];
                self.agreements[kept] = self.agreements[at];
                self.directions.copy_within(at * self.width..(at + 1) * self.width, kept * self.width);
                kept += 1;
            }
        }
        self.keys.truncate(kept);
        self.agreements.truncate(kept);
        self.directions.truncate(kept * self.width);
    }

    /// Those of the asked-for voiceprints that a probe reaches `at_least` against, the best first, at most `limit`.
    ///
    /// `ratio` makes a log-likelihood ratio of a cosine and of the mean cosine of a voiceprint's takes. The ratios are
    /// the very same as [`Voiceprint::score`] leads to: a voiceprint near the threshold is reckoned again as it does.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] or [`ScoreError::Dimension`] when the probe is not like the voiceprints.
    pub fn nearest(
        &self,
        probe: &Embedding,
        is_asked: impl Fn(&K) -> bool,
        ratio: impl Fn(Cosine, Cosine) -> Llr,
        at_least: Llr,
        limit: usize,
    ) -> Result<Vec<(K, Llr)>, ScoreError> {
        if self.keys.is_empty() {
            return Ok(Vec::new());
        }
        if *probe.model() != self.model {
            return Err(ScoreError::ModelMismatch { left: self.model.clone(), right: probe.model().clone() });
        }
        check_dimension(self.width, probe.values().len())?;
        let mut found = Vec::new();
        let rows = self.directions.chunks_exact(self.width).zip(&self.agreements).zip(&self.keys);
        for ((row, agreement), key) in rows {
            let near = ratio(Cosine(quick_dot(row, probe.values())), *agreement);
            if near.0 >= at_least.0 - SLACK && is_asked(key) {
                let exact = ratio(Cosine(dot(row, probe.values()).clamp(-1.0, 1.0)), *agreement);
                if exact >= at_least {
                    found.push((*key, exact));
                }
            }
        }
        found.sort_by(|(_, one), (_, other)| other.0.total_cmp(&one.0));
        found.truncate(limit);
        Ok(found)
    }
}

/// The same sum as [`dot`] in another order, which the compiler may do side by side.
fn quick_dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = dot(a.remainder(), b.remainder());
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scoring::TakePrint;

    fn embedding(values: &[f32]) -> Embedding {
        Embedding::unit("m".into(), values.to_vec()).unwrap()
    }

    fn voiceprint(takes: &[Vec<f32>]) -> Voiceprint {
        let take = |values: &Vec<f32>| TakePrint { embedding: embedding(values), net_speech_ms: 2_000 };
        Voiceprint::new(takes.iter().map(take).collect()).unwrap()
    }

    fn ratio(cosine: Cosine, agreement: Cosine) -> Llr {
        Llr(30.0 * cosine.0 - 8.0 * agreement.0)
    }

    /// Directions of a length that fills no whole number of lanes.
    fn values() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-1.0_f32..1.0, 19).prop_filter("has a direction", |values| dot(values, values) > 0.1)
    }

    proptest! {
        #[test]
        fn ratios_and_their_order_are_those_of_each_voiceprint(
            prints in prop::collection::vec((values(), values()), 1..20),
            probe in values(),
            at_least in -10.0_f32..10.0,
        ) {
            let prints: Vec<_> = prints.into_iter().map(|(one, other)| [one, other]).collect();
            let prints: Vec<_> = prints.iter().map(|takes| voiceprint(takes)).collect();
            let probe = embedding(&probe);
            let mut gallery = Gallery::new("m".into());
            for (key, print) in prints.iter().enumerate() {
                gallery.push(key, print).unwrap();
            }
            let mut expected: Vec<(usize, Llr)> = prints
                .iter()
                .enumerate()
                .map(|(key, print)| (key, ratio(print.score(&probe).unwrap(), print.agreement().mean)))
                .filter(|(_, llr)| llr.0 >= at_least)
                .collect();
            expected.sort_by(|(_, one), (_, other)| other.0.total_cmp(&one.0));
            let found = gallery.nearest(&probe, |_| true, ratio, Llr(at_least), 20).unwrap();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn whoever_goes_is_not_found_any_more_and_the_others_are() {
        let axis = |at: usize| (0..3).map(|n| if n == at { 1.0 } else { 0.0 }).collect::<Vec<f32>>();
        let mut gallery = Gallery::new("m".into());
        for key in 0..3 {
            gallery.push(key, &voiceprint(&[axis(key)])).unwrap();
        }
        gallery.retain(|key| *key != 1);
        assert_eq!(gallery.keys(), [0, 2]);
        let best = |at: usize| gallery.nearest(&embedding(&axis(at)), |_| true, ratio, Llr(20.0), 3).unwrap();
        assert_eq!((best(0)[0].0, best(1), best(2)[0].0), (0, vec![], 2));
        let others = gallery.nearest(&embedding(&axis(2)), |key| *key != 2, ratio, Llr(20.0), 3);
        assert_eq!(others, Ok(vec![]));
    }

    #[test]
    fn voices_of_another_model_are_neither_kept_nor_compared() {
        let mut gallery = Gallery::new("m".into());
        gallery.push(1, &voiceprint(&[vec![1.0, 0.0]])).unwrap();
        let other = Embedding::unit("n".into(), vec![1.0, 0.0]).unwrap();
        let print = Voiceprint::new(vec![TakePrint { embedding: other.clone(), net_speech_ms: 1 }]).unwrap();
        assert_eq!(gallery.push(2, &print).unwrap_err().code(), "score_model_mismatch");
        let found = gallery.nearest(&other, |_| true, ratio, Llr(0.0), 1);
        assert_eq!(found.unwrap_err().code(), "score_model_mismatch");
        assert_eq!(gallery.push(3, &voiceprint(&[vec![1.0; 3]])).unwrap_err().code(), "score_dimension");
    }
}
