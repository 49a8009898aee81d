use crate::scoring::metrics::{Random, SpeakerTrial, probit};

/// As many impostors must lie above a threshold for it to be read off; with fewer it is extrapolated.
///
/// Ten make its rate uncertain by a third already if all were independent, which those of one speaker are not.
const READ_OFF_FROM: f64 = 10.0;
/// Where the line begins that is extrapolated: at ten times the rate that can still be read off, or at half of all.
const DECADE: f64 = 10.0;
/// Draws of speakers behind a margin: a standard deviation of 200 draws is right to a twentieth of itself.
const DRAWS: usize = 200;

/// A threshold and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// The lowest ratio that is accepted.
    pub threshold: f32,
    /// Too few impostors lie above it to have been read off.
    pub is_extrapolated: bool,
}

/// The threshold that a share `far` of impostors reaches.
///
/// Scores rise, each with its weight. Where enough impostors are above it the threshold is read off; beyond, along a
/// straight line through normal deviates, since ratios of unlike voices end about as a normal distribution does. An
/// exponential tail was tried first: from the highest tenth of `crowd`/`var` it put the threshold for 0.1 % at 4.9,
/// margin included, where a quarter of the targets and no stranger of 42,000 is on the wrong side. None without scores.
pub fn tail_threshold(scores: &[(f32, f64)], far: f64) -> Option<Tail> {
    let all: f64 = scores.iter().map(|(_, weight)| weight).sum();
    if all <= 0.0 {
        return None;
    }
    if far * all >= READ_OFF_FROM {
        return Some(Tail { threshold: read_off(scores, far * all)?, is_extrapolated: false });
    }
    let rare = (READ_OFF_FROM / all).clamp(far, 0.3);
    let common = (rare * DECADE).min(0.5);
    let (low, high) = (read_off(scores, common * all)?, read_off(scores, rare * all)?);
    let slope = f64::from(high - low) / (probit(common) - probit(rare));
    let beyond = slope * (probit(rare) - probit(far));
    Some(Tail { threshold: high + beyond.max(0.0) as f32, is_extrapolated: true })
}

/// Between the last score of which at most `count` lie at or above, and the one below it.
fn read_off(scores: &[(f32, f64)], count: f64) -> Option<f32> {
    let mut above = 0.0;
    let mut last = None;
    for (score, weight) in scores.iter().rev() {
        above += weight;
        if above > count + 1e-9 {
            return Some(
                last.map_or_else(|| score.next_up(), |last: f32| f32::midpoint(last, *score).max(score.next_up())),
            );
        }
        last = Some(*score);
    }
    last
}

/// How far a threshold moves when other speakers are drawn: one standard error, to be added to it.
///
/// A threshold that half of all sites would find too loose is no threshold; with the margin five of six keep the rate.
pub fn margin(impostors: &[SpeakerTrial], far: f64, seed: u64) -> f32 {
    let mut ordered = impostors.to_vec();
    ordered.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut speakers: Vec<usize> = ordered.iter().flat_map(|trial| [trial.model, trial.probe]).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let Some(&last) = speakers.last() else { return 0.0 };
    let mut random = Random::new(seed);
    let mut found = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let mut drawn = vec![0.0; last + 1];
        for _ in 0..speakers.len() {
            drawn[speakers[random.below(speakers.len())]] += 1.0;
        }
        let weighted: Vec<(f32, f64)> =
            ordered.iter().map(|trial| (trial.score, drawn[trial.model] * drawn[trial.probe])).collect();
        found.extend(tail_threshold(&weighted, far).map(|tail| f64::from(tail.threshold)));
    }
    let count = found.len().max(1) as f64;
    let mean = found.iter().sum::<f64>() / count;
    (found.iter().map(|threshold| (threshold - mean).powi(2)).sum::<f64>() / count).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rising(count: u32) -> Vec<(f32, f64)> {
        (0..count).map(|at| (at as f32, 1.0)).collect()
    }

    #[test]
    fn a_common_rate_is_read_off() {
        let found = tail_threshold(&rising(10_000), 0.01).unwrap();
        assert!(!found.is_extrapolated && (found.threshold - 9_899.5).abs() < 1.0, "{found:?}");
    }

    #[test]
    fn a_normal_tail_is_continued_where_it_goes() {
        let scores: Vec<(f32, f64)> = (1..2_000).map(|at| (probit(f64::from(at) / 2_000.0) as f32, 1.0)).collect();
        // scipy.stats.norm.isf(1e-4)
        let found = tail_threshold(&scores, 1e-4).unwrap();
        assert!(found.is_extrapolated && (found.threshold - 3.719).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn few_scores_have_a_threshold_above_them_and_none_have_none() {
        let found = tail_threshold(&rising(5), 0.001).unwrap();
        assert!(found.is_extrapolated && found.threshold > 3.5, "{found:?}");
        assert_eq!(tail_threshold(&[], 0.01), None);
        assert_eq!(tail_threshold(&[(1.0, 0.0)], 0.01), None);
    }

    #[test]
    fn ties_are_all_rejected_rather_than_all_accepted() {
        let scores: Vec<(f32, f64)> = (0..2_000).map(|at| (if at < 1_900 { 0.0 } else { 1.0 }, 1.0)).collect();
        assert!(tail_threshold(&scores, 0.01).unwrap().threshold > 1.0);
    }

    #[test]
    fn more_speakers_need_less_margin() {
        let trials = |speakers: usize| {
            let mut random = Random::new(9);
            let mut level: Vec<f32> = (0..speakers).map(|_| random.below(1_000) as f32 / 250.0).collect();
            level.push(0.0);
            let pairs = (0..speakers).flat_map(|model| (0..speakers).map(move |probe| (model, probe)));
            pairs
                .filter(|(model, probe)| model != probe)
                .map(|(model, probe)| {
                    let score = level[model] + random.below(1_000) as f32 / 500.0;
                    SpeakerTrial { score, is_target: false, model, probe }
                })
                .collect::<Vec<_>>()
        };
        let (few, many) = (margin(&trials(8), 0.01, 1), margin(&trials(40), 0.01, 1));
        assert!(few > many && many > 0.0, "{few} {many}");
        assert!(margin(&[], 0.01, 1).abs() < f32::EPSILON);
    }
}
