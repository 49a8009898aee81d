use super::{Point, Random, equal_error_rate, soft_plus};

/// Where 95 % of a normal distribution ends.
const DEVIATE_95: f64 = 1.959_964;

/// The range that holds a figure in 95 of 100 repetitions.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The interval of a rate of `hits` in `all` independent trials, by Wilson's score.
///
/// Unlike hits ± two standard errors it holds for no hits at all. Trials of one speaker are not independent: where
/// speakers are few, [`intervals`] is the honest one.
pub fn wilson(hits: usize, all: usize) -> Interval {
    if all == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (n, z2) = (all as f64, DEVIATE_95 * DEVIATE_95);
    let rate = hits as f64 / n;
    let middle = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = DEVIATE_95 / (1.0 + z2 / n) * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
    Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// A trial and whose voices it compares, as indices of speakers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeakerTrial {
    /// Higher is more alike; −∞ for what could not be scored.
    pub score: f32,
    /// Whether it is the enrolled speaker.
    pub is_target: bool,
    /// The enrolled speaker.
    pub model: usize,
    /// Who speaks.
    pub probe: usize,
}

/// 95 % intervals of the figures of [`Trials`](super::Trials), from resampled speakers.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Intervals {
    /// The equal-error rate.
    pub eer: Interval,
    /// The false-reject rate at a false-accept rate of 1 %.
    pub frr_at_far_1pct: Interval,
    /// The same at 0.1 %.
    pub frr_at_far_0_1pct: Interval,
    /// The cost of the log-likelihood ratios, in bits.
    pub cllr: Interval,
    /// How many speakers were drawn from: with few of them, intervals come out too short.
    pub speakers: usize,
}

/// Draws as many speakers as there are, with repetition, `replicates` times, and sees how far the figures move.
///
/// A speaker drawn twice counts twice on both sides: their voiceprints, their probes, and squared where both meet. The
/// same seed gives the same intervals. None without two speakers, targets and impostors.
pub fn intervals(trials: &[SpeakerTrial], replicates: usize, seed: u64) -> Option<Intervals> {
    let speakers = speakers(trials);
    if speakers < 2 || !trials.iter().any(|trial| trial.is_target) || trials.iter().all(|trial| trial.is_target) {
        return None;
    }
    let mut ordered = trials.to_vec();
    ordered.sort_by(|a, b| a.score.total_cmp(&b.score));
    let end = ordered.iter().map(|trial| trial.model.max(trial.probe) + 1).max().unwrap_or_default();
    let present = present(&ordered, end);
    let mut random = Random::new(seed);
    let mut found: [Vec<f64>; 4] = Default::default();
    for _ in 0..replicates {
        let mut drawn = vec![0.0; end];
        for _ in 0..present.len() {
            drawn[present[random.below(present.len())]] += 1.0;
        }
        if let Some(figures) = replicate(&ordered, &drawn) {
            for (found, figure) in found.iter_mut().zip(figures) {
                found.push(figure);
            }
        }
    }
    let [eer, frr_at_far_1pct, frr_at_far_0_1pct, cllr] = found.map(middle_95);
    Some(Intervals {
        eer: eer?,
        frr_at_far_1pct: frr_at_far_1pct?,
        frr_at_far_0_1pct: frr_at_far_0_1pct?,
        cllr: cllr?,
        speakers,
    })
}

fn present(trials: &[SpeakerTrial], end: usize) -> Vec<usize> {
    let mut is_present = vec![false; end];
    for trial in trials {
        (is_present[trial.model], is_present[trial.probe]) = (true, true);
    }
    (0..end).filter(|&speaker| is_present[speaker]).collect()
}

fn speakers(trials: &[SpeakerTrial]) -> usize {
    let end = trials.iter().map(|trial| trial.model.max(trial.probe) + 1).max().unwrap_or_default();
    present(trials, end).len()
}

fn weight(trial: &SpeakerTrial, drawn: &[f64]) -> f64 {
    if trial.model == trial.probe { drawn[trial.model] } else { drawn[trial.model] * drawn[trial.probe] }
}

/// The four figures with every trial weighed by how often its speakers were drawn; trials rise.
fn replicate(trials: &[SpeakerTrial], drawn: &[f64]) -> Option<[f64; 4]> {
    let (mut all, mut scored, mut cost) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for trial in trials {
        let (kind, weight) = (usize::from(trial.is_target), weight(trial, drawn));
        all[kind] += weight;
        if weight > 0.0 && trial.score.is_finite() {
            let sign = if trial.is_target { -1.0 } else { 1.0 };
            scored[kind] += weight;
            cost[kind] += weight * soft_plus(sign * f64::from(trial.score));
        }
    }
    if all.iter().chain(&scored).any(|&weight| weight <= 0.0) {
        return None;
    }
    let (mut below, mut points) = ([0.0; 2], Vec::with_capacity(trials.len() + 1));
    for same in trials.chunk_by(|a, b| a.score.total_cmp(&b.score).is_eq()) {
        let threshold = same[0].score;
        points.push(Point { threshold, far: (all[0] - below[0]) / all[0], frr: below[1] / all[1] });
        for trial in same {
            below[usize::from(trial.is_target)] += weight(trial, drawn);
        }
    }
    points.push(Point { threshold: f32::INFINITY, far: 0.0, frr: 1.0 });
    let frr_at = |far: f64| points.iter().find(|point| point.far <= far).map_or(1.0, |point| point.frr);
    let cllr = f64::midpoint(cost[0] / scored[0], cost[1] / scored[1]) / std::f64::consts::LN_2;
    Some([equal_error_rate(points.iter().copied()), frr_at(0.01), frr_at(0.001), cllr])
}

/// The 2.5th and 97.5th percentile.
fn middle_95(mut figures: Vec<f64>) -> Option<Interval> {
    figures.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| figures.get(((figures.len() as f64 - 1.0) * share).round() as usize).copied();
    Some(Interval { low: at(0.025)?, high: at(0.975)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::metrics::Trials;

    /// Ten speakers against each other; the score says how, and the first is easily imitated.
    fn trials() -> Vec<SpeakerTrial> {
        let mut random = Random::new(3);
        let mut noise = |spread: f32| (random.below(2_001) as f32 / 1_000.0 - 1.0) * spread;
        let pairs = (0..10).flat_map(|model| (0..10).map(move |probe| (model, probe)));
        pairs
            .map(|(model, probe)| {
                let is_target = model == probe;
                let score = if is_target { 3.0 } else { -3.0 } + noise(4.0) + if model == 0 { 3.0 } else { 0.0 };
                SpeakerTrial { score, is_target, model, probe }
            })
            .collect()
    }

    #[test]
    fn a_figure_lies_in_its_interval_and_the_seed_decides_it() {
        let trials = trials();
        let of = |is_target| trials.iter().filter(|t| t.is_target == is_target).map(|t| t.score).collect();
        let whole = Trials::new(of(true), of(false)).unwrap();
        let found = intervals(&trials, 400, 1).unwrap();
        assert!(found.eer.low <= whole.eer() && whole.eer() <= found.eer.high, "{found:?}");
        assert!(found.cllr.low <= whole.cllr() && whole.cllr() <= found.cllr.high, "{found:?}");
        assert!(found.eer.high > found.eer.low);
        assert_eq!((found, found.speakers), (intervals(&trials, 400, 1).unwrap(), 10));
    }

    #[test]
    fn everybody_drawn_once_is_the_whole() {
        let mut trials = trials();
        trials.sort_by(|a, b| a.score.total_cmp(&b.score));
        let of = |is_target| trials.iter().filter(|t| t.is_target == is_target).map(|t| t.score).collect();
        let whole = Trials::new(of(true), of(false)).unwrap();
        let found = replicate(&trials, &[1.0; 10]).unwrap();
        let wanted = [whole.eer(), whole.frr_at_far(0.01), whole.frr_at_far(0.001), whole.cllr()];
        for (ours, wanted) in found.into_iter().zip(wanted) {
            assert!((ours - wanted).abs() < 1e-9, "{ours} {wanted}");
        }
    }

    #[test]
    fn one_speaker_or_one_kind_has_no_interval() {
        let one = SpeakerTrial { score: 1.0, is_target: true, model: 0, probe: 0 };
        assert_eq!(intervals(&[one], 10, 1), None);
        assert_eq!(intervals(&[one, SpeakerTrial { model: 1, probe: 1, ..one }], 10, 1), None);
    }

    #[test]
    fn rates_have_wilsons_intervals() {
        // scipy.stats.binomtest(hits, all).proportion_ci(method="wilson")
        for (hits, all, low, high) in [
            (0, 20, 0.0, 0.161_125),
            (3, 40, 0.025_836, 0.198_642),
            (20, 20, 0.838_875, 1.0),
            (1, 1_000, 0.000_177, 0.005_642),
        ] {
            let found = wilson(hits, all);
            assert!((found.low - low).abs() < 1e-5 && (found.high - high).abs() < 1e-5, "{hits}/{all}: {found:?}");
        }
        assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }
}
