use super::soft_plus;

/// The width of a bin of [`reliability`], in units of the log-likelihood ratio: odds of e to one.
const BIN_WIDTH: f64 = 1.0;
/// Bins end here: odds of 3,000 to one, beyond which no set at hand has both kinds of trial.
const BIN_END: f64 = 8.0;

/// How often trials of about the same log-likelihood ratio were targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The probability of a target that the ratios claim at even odds, on average.
    pub predicted: f64,
    /// The share of targets found, both kinds weighing the same as a whole.
    pub observed: f64,
    /// Targets in the bin.
    pub targets: usize,
    /// Impostors in the bin.
    pub impostors: usize,
}

/// Puts trials of log-likelihood ratios into bins of equal width, and leaves out empty ones.
///
/// Scores rise within each kind. A calibrated system's bins lie where `predicted` is `observed`.
pub fn reliability(targets: &[f32], impostors: &[f32]) -> Vec<Bin> {
    let bins = (2.0 * BIN_END / BIN_WIDTH) as usize;
    let mut found = vec![([0_usize; 2], 0.0, 0.0); bins];
    for (kind, scores) in [targets, impostors].into_iter().enumerate() {
        let weight = 0.5 / scores.len() as f64;
        for &score in scores.iter().filter(|score| score.is_finite()) {
            let llr = f64::from(score);
            let bin = (((llr + BIN_END) / BIN_WIDTH).max(0.0) as usize).min(bins - 1);
            found[bin].0[kind] += 1;
            found[bin].1 += weight / (1.0 + (-llr).exp());
            found[bin].2 += weight;
        }
    }
    let filled = found.into_iter().filter(|(_, _, weight)| *weight > 0.0);
    let bin = |([hits, others], predicted, weight): ([usize; 2], f64, f64)| Bin {
        predicted: predicted / weight,
        observed: 0.5 * hits as f64 / targets.len() as f64 / weight,
        targets: hits,
        impostors: others,
    };
    filled.map(bin).collect()
}

/// A run of trials that the best calibration gives the same ratio.
#[derive(Clone, Copy)]
struct Block {
    targets: f64,
    impostors: f64,
}

/// The lowest cost in bits over all rising functions of the scores; both kinds rise.
pub(super) fn min_cllr(targets: &[f32], impostors: &[f32]) -> f64 {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut target, mut impostor) = (0, 0);
    while target < targets.len() || impostor < impostors.len() {
        let next = |scores: &[f32], at: usize| scores.get(at).copied().unwrap_or(f32::INFINITY);
        let score = next(targets, target).min(next(impostors, impostor));
        let run = |scores: &[f32], at: usize| scores[at..].iter().take_while(|&&other| other <= score).count();
        let (hits, others) = (run(targets, target), run(impostors, impostor));
        (target, impostor) = (target + hits, impostor + others);
        let mut block = Block { targets: hits as f64, impostors: others as f64 };
        // A block with a smaller share of targets than the one before it joins that one.
        while let Some(before) =
            blocks.pop_if(|before| before.targets * block.impostors >= block.targets * before.impostors)
        {
            block = Block { targets: block.targets + before.targets, impostors: block.impostors + before.impostors };
        }
        blocks.push(block);
    }
    let (all_targets, all_impostors) = (targets.len() as f64, impostors.len() as f64);
    let bits = |block: &Block| {
        let llr = (block.targets / all_targets).ln() - (block.impostors / all_impostors).ln();
        // A pure block costs nothing: its ratio is infinite and right.
        let share = |count: f64, all: f64, x: f64| if count > 0.0 { count / all * soft_plus(x) } else { 0.0 };
        share(block.targets, all_targets, -llr) + share(block.impostors, all_impostors, llr)
    };
    blocks.iter().map(bits).sum::<f64>() / 2.0 / std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_what_was_predicted_and_what_was_found() {
        // By hand: ratios 0.5 (two targets of four, one impostor of two) weigh 0.25 and 0.25.
        let bins = reliability(&[0.5, 0.5, 20.0, 20.0], &[-20.0, 0.5]);
        let middle = bins.iter().find(|bin| bin.impostors == 1 && bin.targets == 2).unwrap();
        assert!((middle.observed - 0.5).abs() < 1e-9 && (middle.predicted - 0.622_459_331).abs() < 1e-6);
        let ends: Vec<f64> = bins.iter().map(|bin| bin.observed).collect();
        assert!((ends[0], ends[2]) == (0.0, 1.0), "{ends:?}");
    }
}
