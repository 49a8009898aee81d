//! Thresholds that hold on a site's own callers.
//!
//! A threshold fitted elsewhere for a false-accept rate of 0.1 % lets many times as many through on another line. What travels is
//! the method: every enrolled take is an impostor's attempt on everybody else's voiceprint. The rates that these attempts have
//! are the site's, as far as its callers are many; while they are few the shipped threshold counts more, and a margin with it.

use std::collections::BTreeMap;

use crate::types::{Llr, Strictness};

/// Callers whose weight is that of the shipped threshold.
///
/// With fewer than about 20 the quantile alone let 2 to 5 times too many through at 0.1 %.
const PRIOR_CALLERS: f32 = 20.0;

/// What the shipped threshold is raised by while it counts alone: what is not known of a site is taken to be bad.
const PRIOR_MARGIN: f32 = 0.5;

/// How far below the shipped threshold a site's may lie: callers who all sound unlike are no reason to let strangers in.
const LOOSEST: f32 = 1.0;

/// How far above: more is a broken line, on which nobody would pass.
const STRICTEST: f32 = 6.0;

/// The share of attempts that makes the tail, from which rates too small to be counted are extrapolated.
const TAIL: f32 = 0.05;

/// Attempts of the tail that an estimate needs.
const LEAST_TAIL: usize = 10;

/// One enrolled take, held against another caller's voiceprint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// Whose take it is, as a number of the sample.
    pub taker: u32,
    /// Whose voiceprint.
    pub owner: u32,
    /// What came of it.
    pub llr: Llr,
}

/// What a site's own callers say about its thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    callers: u32,
    /// Ascending; without those of pairs that are one person.
    scores: Vec<f32>,
    /// Pairs of callers that sound like one person.
    twins: Vec<(u32, u32)>,
}

impl Site {
    /// Gathers attempts on each other of so many callers.
    ///
    /// Two callers most of whose takes pass for each other, both ways, at `strictest` are one person enrolled twice, or twins:
    /// they are left out, or nobody else would get in, and told.
    pub fn of(callers: u32, attempts: &[Attempt], strictest: Llr) -> Self {
        let mut passed: BTreeMap<(u32, u32), (u32, u32)> = BTreeMap::new();
        for attempt in attempts {
            let (count, of) = passed.entry((attempt.taker, attempt.owner)).or_default();
            *of += 1;
            *count += u32::from(attempt.llr >= strictest);
        }
        let is_one = |taker, owner| passed.get(&(taker, owner)).is_some_and(|(count, of)| 2 * count > *of);
        let twins: Vec<(u32, u32)> =
            passed.keys().copied().filter(|&(a, b)| a < b && is_one(a, b) && is_one(b, a)).collect();
        let is_twin = |one: &Attempt| twins.contains(&(one.taker.min(one.owner), one.taker.max(one.owner)));
        let mut scores: Vec<f32> = attempts
            .iter()
            .filter(|one| one.taker != one.owner && one.llr.0.is_finite() && !is_twin(one))
            .map(|one| one.llr.0)
            .collect();
        scores.sort_unstable_by(f32::total_cmp);
        Self { callers, scores, twins }
    }

    /// Callers it rests on.
    pub fn callers(&self) -> u32 {
        self.callers
    }

    /// Pairs of callers that sound like one person.
    pub fn twins(&self) -> &[(u32, u32)] {
        &self.twins
    }

    /// The lowest log-likelihood ratio to accept here, given the shipped one for the same rate.
    pub fn threshold(&self, strictness: Strictness, shipped: Llr) -> Llr {
        let careful = shipped.0 + PRIOR_MARGIN;
        let Some(own) = self.quantile(strictness.far()) else { return Llr(careful) };
        let weight = self.callers as f32 / (self.callers as f32 + PRIOR_CALLERS);
        let mixed = weight * own + (1.0 - weight) * careful;
        Llr(mixed.clamp(shipped.0 - LOOSEST, shipped.0 + STRICTEST))
    }

    /// Where the attempts' false-accept rate is `far`: counted where there are enough, else from the tail's mean excess.
    ///
    /// Beyond what can be counted the tail is taken to fall exponentially, which is no faster than scores really do.
    fn quantile(&self, far: f32) -> Option<f32> {
        let count = self.scores.len();
        let tail = (count as f32 * TAIL) as usize;
        if tail < LEAST_TAIL {
            return None;
        }
        let from = self.scores[count - tail - 1];
        let excess = self.scores[count - tail..].iter().map(|score| score - from).sum::<f32>() / tail as f32;
        let above = (count as f32 * far) as usize;
        if above >= LEAST_TAIL {
            return Some(self.scores[count - above - 1]);
        }
        Some(from + excess * (TAIL / far).ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: Llr = Llr(2.4);

    /// Everybody against everybody, three takes each, with scores that fall exponentially: one in ten above `at` is one in ten
    /// of those above `at - step`.
    fn attempts(callers: u32, highest: f32, step: f32) -> Vec<Attempt> {
        let pairs = || (0..callers).flat_map(move |a| (0..callers).map(move |b| (a, b))).filter(|(a, b)| a != b);
        let count = pairs().count() * 3;
        let takes = pairs().flat_map(|pair| [pair; 3]);
        // The n-th highest of them; a stride spreads the high ones over all pairs.
        let llr = |n: usize| Llr(highest - step * ((((n * 7_919) % count) + 1) as f32).log10());
        takes.enumerate().map(|(n, (taker, owner))| Attempt { taker, owner, llr: llr(n) }).collect()
    }

    #[test]
    fn many_callers_set_the_threshold_by_their_own_rate() {
        // 200 callers make 119,400 attempts; the 119th highest is at 0.1 %.
        let site = Site::of(200, &attempts(200, 10.0, 2.0), Llr(99.0));
        let own = 10.0 - 2.0 * 119.4_f32.log10();
        let found = site.threshold(Strictness::Far01Pct, SHIPPED).0;
        let expected = (own * 200.0 + 2.9 * 20.0) / 220.0;
        assert!((found - expected).abs() < 0.05, "{found}, not {expected}");
    }

    #[test]
    fn a_rate_too_small_to_be_counted_is_extrapolated() {
        // 30 callers make 2,610 attempts: 0.01 % is a quarter of one. An exponential tail is met exactly.
        let site = Site::of(30, &attempts(30, 6.0, 2.0), Llr(99.0));
        let own = site.quantile(0.000_1).unwrap();
        let expected = 6.0 - 2.0 * 0.261_f32.log10();
        assert!((own - expected).abs() < 0.3, "{own}, not {expected}");
        assert!(site.quantile(0.001).unwrap() < own);
    }

    #[test]
    fn without_callers_the_shipped_threshold_holds_with_a_margin() {
        let site = Site::of(0, &[], Llr(5.0));
        assert_eq!(site.threshold(Strictness::Far01Pct, SHIPPED), Llr(2.9));
        let few = Site::of(3, &attempts(3, 5.0, 2.0), Llr(99.0));
        assert_eq!(few.threshold(Strictness::Far01Pct, SHIPPED), Llr(2.9), "18 attempts have no tail");
    }

    #[test]
    fn a_site_is_never_much_looser_and_never_shuts_everybody_out() {
        let easy = Site::of(200, &attempts(200, -20.0, 2.0), Llr(99.0));
        assert!((easy.threshold(Strictness::Far01Pct, SHIPPED).0 - 1.4).abs() < 1e-5);
        let broken = Site::of(200, &attempts(200, 90.0, 2.0), Llr(99.0));
        assert!((broken.threshold(Strictness::Far01Pct, SHIPPED).0 - 8.4).abs() < 1e-5);
    }

    #[test]
    fn somebody_who_enrolled_twice_does_not_lock_the_others_out() {
        let mut of_all = attempts(40, 2.0, 2.0);
        let honest = Site::of(40, &of_all, Llr(5.0));
        for attempt in of_all.iter_mut().filter(|one| [(3, 9), (9, 3)].contains(&(one.taker, one.owner))) {
            attempt.llr = Llr(20.0);
        }
        let site = Site::of(40, &of_all, Llr(5.0));
        assert_eq!(site.twins(), [(3, 9)]);
        let both = [&honest, &site].map(|site| site.threshold(Strictness::Far01Pct, SHIPPED).0);
        assert!((both[0] - both[1]).abs() < 0.2, "{both:?}");
    }

    #[test]
    fn a_stricter_line_asks_for_more() {
        let site = Site::of(40, &attempts(40, 6.0, 2.0), Llr(99.0));
        let at = |strictness, shipped| site.threshold(strictness, Llr(shipped)).0;
        let found = [at(Strictness::Far1Pct, 0.0), at(Strictness::Far01Pct, 2.4), at(Strictness::Far001Pct, 5.0)];
        assert!(found.is_sorted(), "{found:?}");
    }
}
