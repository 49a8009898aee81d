//! Thresholds that stay true on a site's own callers.
//!
//! Fitted thresholds do not travel: one for 1 % let through 20 to 30 % of the impostors of another accent. What travels
//! is the method: every enrolled take is an impostor to every other caller's voiceprint, so that a site has thousands
//! of impostor trials of its own lines and accents. Nothing is kept but the scores, which can be computed again from
//! the voiceprints.

use std::collections::{BTreeMap, BTreeSet};

use super::fit::{NOMINAL, tail_threshold};
use super::metrics::{Random, SpeakerTrial};
use super::{Calibration, fit};
use crate::types::{Llr, Strictness};

/// Voiceprints that a caller's takes are tried against.
///
/// With as many, 20 callers are all tried against each other and 2,000 give 180,000 scores, 18 of them above a
/// threshold for 0.01 %. A caller costs 90 comparisons, a tenth of a millisecond.
pub const PARTNERS: usize = 30;
/// Callers that take part; of more, the same ones each time are left out.
///
/// Bounds memory (60,000 pairs) and the time to estimate, which is a matter of sorting them.
const MOST_CALLERS: usize = 2_000;
/// Callers below which a site's own scores count for nothing: their pairs are a handful of voices.
const LEAST_CALLERS: usize = 5;
/// How many callers weigh as much as the shipped threshold; see `callprint eval --site`.
const PRIOR_CALLERS: f32 = 5.0;
/// Standard errors between callers that a threshold is raised by.
///
/// With one, and a prior of ten callers, 20 callers of `crowd`/`var` let through 0.3 instead of 1 %; as it is, 0.5 %:
/// sites are too strict before they are too loose, since a skewed error makes the quantile of few callers too high
/// already.
const MARGINS: f32 = 0.5;
/// The amount that a threshold is raised by while nothing is known of a site; it falls as callers enroll.
///
/// Ratios fall by a factor of ten in 2.4 units; below 20 callers 2 to 5 times too many pass, which is 0.7 to 1.7.
const UNKNOWN: f32 = 1.2;
/// A site's threshold is never lower than the shipped one by more than this: at most four times as many may then pass.
///
/// Callers who happen to be unlike each other say little about the impostor who chooses whom to imitate.
const MOST_LOOSER: f32 = 1.5;
/// Nor higher by more than this: beyond, every caller would be rejected, and an operator must look.
const MOST_STRICTER: f32 = 8.0;
/// A pair this improbable under the site's own tail is one voice enrolled twice, or twins.
const IMPROBABLE: f32 = 0.05;
/// At most this share of callers may be in pairs set aside: if more seem to be, the site is like that.
const MOST_ALIKE: f32 = 0.1;

/// A caller, by whatever key the store has.
pub type CallerKey = i64;

/// A site's knowledge of its own impostors.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Mean ratio and all ratios of the first caller's takes against the second's voiceprint.
    pairs: BTreeMap<(CallerKey, CallerKey), Vec<f32>>,
}

/// Thresholds for a site, and what they rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteThresholds {
    /// For false-accept rates of 1 %, 0.1 % and 0.01 %.
    pub llr: [f32; 3],
    /// Callers whose takes were compared.
    pub callers: usize,
    /// Pairs of voices so alike that they are one caller enrolled twice, or twins; they were set aside.
    pub alike: Vec<(CallerKey, CallerKey)>,
}

impl SiteThresholds {
    /// The lowest ratio that is accepted.
    pub const fn threshold(&self, strictness: Strictness) -> Llr {
        Llr(self.llr[match strictness {
            Strictness::Far1Pct => 0,
            Strictness::Far01Pct => 1,
            Strictness::Far001Pct => 2,
        }])
    }
}

/// Whom a caller's takes are to be tried against: [`PARTNERS`] of the others, drawn by the caller's key.
///
/// Empty where the caller is not among those who take part.
pub fn partners(caller: CallerKey, all: &[CallerKey]) -> Vec<CallerKey> {
    let mut taking_part = all.to_vec();
    taking_part.sort_unstable();
    taking_part.dedup();
    if taking_part.len() > MOST_CALLERS {
        taking_part.sort_by_key(|key| draw(*key));
        taking_part.truncate(MOST_CALLERS);
    }
    if !taking_part.contains(&caller) {
        return Vec::new();
    }
    taking_part.retain(|key| *key != caller);
    let mut random = Random::new(caller.cast_unsigned());
    random.shuffle(&mut taking_part);
    taking_part.truncate(PARTNERS);
    taking_part
}

fn draw(key: CallerKey) -> usize {
    Random::new(key.cast_unsigned()).below(usize::MAX)
}

impl Site {
    /// A site without callers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in how a caller's takes score against others' voiceprints; earlier scores of the caller are forgotten.
    ///
    /// Each entry is another caller and the ratio of every take against that one's voiceprint. What is not a number is
    /// left out.
    pub fn add(&mut self, caller: CallerKey, scores: &[(CallerKey, Vec<f32>)]) {
        self.pairs.retain(|(from, _), _| *from != caller);
        for (other, ratios) in scores.iter().filter(|(other, _)| *other != caller) {
            let ratios: Vec<f32> = ratios.iter().copied().filter(|ratio| ratio.is_finite()).collect();
            if !ratios.is_empty() {
                self.pairs.insert((caller, *other), ratios);
            }
        }
    }

    /// Forgets a caller, on both sides.
    pub fn remove(&mut self, caller: CallerKey) {
        self.pairs.retain(|(from, to), _| *from != caller && *to != caller);
    }

    /// The callers whose takes were compared.
    pub fn callers(&self) -> usize {
        self.pairs.keys().map(|(from, _)| from).collect::<BTreeSet<_>>().len()
    }

    /// Thresholds that hold on this site, with the shipped ones as what is known before.
    ///
    /// Stricter than the pairs alone say while callers are few, and never looser than the shipped ones by more than a
    /// bounded amount. Rates rise from the first to the last in strictness.
    pub fn thresholds(&self, shipped: &Calibration) -> SiteThresholds {
        let shipped = shipped.thresholds();
        let callers = self.callers();
        let alike = self.alike(shipped[2]);
        let trials = self.trials(&alike);
        let scores: Vec<(f32, f64)> = self.scores(&alike);
        let known = if callers < LEAST_CALLERS { 0.0 } else { callers as f32 / (callers as f32 + PRIOR_CALLERS) };
        let mut llr = [0.0; 3];
        // The site's raise at the aim before, carried on where its own scores say nothing.
        let mut before = None;
        for (at, far) in NOMINAL.into_iter().enumerate() {
            let tail = tail_threshold(&scores, far).filter(|_| known > 0.0);
            let own = match (tail, before) {
                (None, _) => shipped[at],
                // The place of a tail is the site's; its slope travels better than a handful of callers tell it. By
                // their own slope 10 callers of `crowd`/`var` got a threshold for 0.1 % that rejects 29 % of them, and
                // lets no impostor in.
                (Some(tail), Some(before)) if tail.is_extrapolated => before + shipped[at] - shipped[at - 1],
                (Some(tail), _) => tail.threshold + MARGINS * fit::margin(&trials, far, at as u64),
            };
            before = tail.map(|_| own);
            let found = known * own + (1.0 - known) * (shipped[at] + UNKNOWN);
            llr[at] = found.clamp(shipped[at] - MOST_LOOSER, shipped[at] + MOST_STRICTER);
        }
        // Tails read off and tails extrapolated can cross by a little.
        llr[1] = llr[1].max(llr[0]);
        llr[2] = llr[2].max(llr[1]);
        SiteThresholds { llr, callers, alike }
    }

    /// Pairs that cannot be two voices, the first below the second: far above the site's own tail, in the mean of all
    /// takes.
    fn alike(&self, strictest: f32) -> Vec<(CallerKey, CallerKey)> {
        let mut means: Vec<f32> = self.pairs.values().map(|ratios| mean(ratios)).collect();
        means.sort_unstable_by(f32::total_cmp);
        // The tail's slope from two quantiles, which a few such pairs do not move.
        let at = |share: f32| means.get((means.len() as f32 * share) as usize).copied();
        let (Some(ninth), Some(high)) = (at(0.9), at(0.97)) else { return Vec::new() };
        let slope = (high - ninth) / (0.1_f32 / 0.03).ln();
        let limit = high + slope * (0.03 * means.len() as f32 / IMPROBABLE).ln().max(0.0);
        let limit = limit.max(strictest);
        let found: BTreeSet<(CallerKey, CallerKey)> = self
            .pairs
            .iter()
            .filter(|(_, ratios)| mean(ratios) > limit)
            .map(|((from, to), _)| (*from.min(to), *from.max(to)))
            .collect();
        let most = (self.callers() as f32 * MOST_ALIKE).max(1.0) as usize;
        if found.len() > most { Vec::new() } else { found.into_iter().collect() }
    }

    fn compared(&self, alike: &[(CallerKey, CallerKey)]) -> impl Iterator<Item = (&(CallerKey, CallerKey), &Vec<f32>)> {
        let is_alike = |from: CallerKey, to: CallerKey| alike.contains(&(from.min(to), from.max(to)));
        self.pairs.iter().filter(move |((from, to), _)| !is_alike(*from, *to))
    }

    fn scores(&self, alike: &[(CallerKey, CallerKey)]) -> Vec<(f32, f64)> {
        let mut scores: Vec<(f32, f64)> =
            self.compared(alike).flat_map(|(_, ratios)| ratios.iter().map(|ratio| (*ratio, 1.0))).collect();
        scores.sort_by(|a, b| a.0.total_cmp(&b.0));
        scores
    }

    fn trials(&self, alike: &[(CallerKey, CallerKey)]) -> Vec<SpeakerTrial> {
        let mut index = BTreeMap::new();
        for (from, to) in self.pairs.keys() {
            let next = index.len();
            index.entry(*from).or_insert(next);
            let next = index.len();
            index.entry(*to).or_insert(next);
        }
        let trial = |(from, to): &(CallerKey, CallerKey), ratios: &Vec<f32>| {
            let (model, probe) = (index[to], index[from]);
            ratios.iter().map(move |&score| SpeakerTrial { score, is_target: false, model, probe }).collect::<Vec<_>>()
        };
        self.compared(alike).flat_map(|(pair, ratios)| trial(pair, ratios)).collect()
    }
}

fn mean(ratios: &[f32]) -> f32 {
    ratios.iter().sum::<f32>() / ratios.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: Calibration = Calibration {
        score: 29.55,
        score_by_ln_s: 0.0,
        ln_net_speech_s: -4.20,
        take_agreement: -8.87,
        offset: -3.77,
        llr_at_far_1pct: 0.0,
        llr_at_far_0_1pct: 2.4,
        llr_at_far_0_01pct: 5.0,
    };

    /// Callers whose takes score evenly between −12 and `top` against each other.
    fn site(callers: i64, top: f32) -> Site {
        let (mut site, mut random) = (Site::new(), Random::new(11));
        let all: Vec<CallerKey> = (0..callers).collect();
        for caller in 0..callers {
            let mut ratio = || -12.0 + (top + 12.0) * random.below(10_000) as f32 / 10_000.0;
            let scores: Vec<_> =
                partners(caller, &all).into_iter().map(|other| (other, vec![ratio(), ratio(), ratio()])).collect();
            site.add(caller, &scores);
        }
        site
    }

    #[test]
    fn without_callers_the_shipped_thresholds_hold_and_more() {
        let found = Site::new().thresholds(&SHIPPED);
        assert_eq!(found.callers, 0);
        for (ours, wanted) in found.llr.into_iter().zip([1.2, 3.6, 6.2]) {
            assert!((ours - wanted).abs() < 1e-5, "{found:?}");
        }
        assert_eq!(format!("{:?}", site(4, -1.0).thresholds(&SHIPPED).llr), format!("{:?}", found.llr));
        assert!((found.threshold(Strictness::Far01Pct).0 - 3.6).abs() < 1e-6);
    }

    #[test]
    fn a_site_whose_callers_sound_alike_is_stricter_and_one_of_unlike_callers_looser_within_a_bound() {
        let hard = site(60, 6.0).thresholds(&SHIPPED);
        assert!(hard.llr[0] > 4.5 && hard.llr.is_sorted(), "{hard:?}");
        let easy = site(60, -6.0).thresholds(&SHIPPED);
        assert!(easy.llr[0] >= -1.5 && easy.llr[0] < 0.0, "{easy:?}");
    }

    #[test]
    fn few_callers_are_held_to_more_than_many() {
        let (few, many) = (site(8, 0.0).thresholds(&SHIPPED), site(200, 0.0).thresholds(&SHIPPED));
        assert!(few.llr[0] > many.llr[0] && few.llr[1] > many.llr[1], "{few:?} {many:?}");
    }

    #[test]
    fn a_caller_enrolled_twice_is_flagged_and_changes_little() {
        let (plain, mut twice) = (site(40, 0.0), site(40, 0.0));
        twice.pairs.insert((3, 7), vec![14.0, 15.0, 13.0]);
        twice.pairs.insert((7, 3), vec![14.5, 12.0, 13.0]);
        let (plain, twice) = (plain.thresholds(&SHIPPED), twice.thresholds(&SHIPPED));
        assert_eq!(twice.alike, [(3, 7)]);
        for (a, b) in plain.llr.iter().zip(twice.llr) {
            assert!((a - b).abs() < 0.3, "{plain:?} {twice:?}");
        }
    }

    #[test]
    fn a_site_where_many_sound_alike_is_not_talked_out_of_it() {
        let mut site = site(40, 0.0);
        for at in 0..12 {
            site.pairs.insert((at, at + 20), vec![12.0; 3]);
        }
        let found = site.thresholds(&SHIPPED);
        assert!(found.alike.is_empty() && found.llr[2] > 6.2, "{found:?}");
    }

    #[test]
    fn whoever_leaves_or_comes_again_leaves_nothing_behind() {
        let mut site = Site::new();
        site.add(1, &[(2, vec![1.0, f32::NAN]), (1, vec![20.0]), (3, vec![])]);
        site.add(2, &[(1, vec![2.0])]);
        assert_eq!((site.pairs.len(), site.callers()), (2, 2));
        site.add(1, &[(2, vec![-1.0])]);
        assert_eq!(site.pairs[&(1, 2)], [-1.0]);
        site.remove(2);
        assert!(site.pairs.is_empty());
    }

    #[test]
    fn everybody_has_as_many_partners_and_ten_thousand_callers_are_bounded() {
        let all: Vec<CallerKey> = (0..10_000).collect();
        let taking_part: Vec<CallerKey> =
            all.iter().step_by(97).copied().filter(|caller| !partners(*caller, &all).is_empty()).collect();
        assert!((5..60).contains(&taking_part.len()), "{}", taking_part.len());
        let some = partners(taking_part[0], &all);
        assert_eq!((some.len(), some.clone()), (PARTNERS, partners(taking_part[0], &all)));
        assert_eq!(partners(5, &[5, 6, 7]).len(), 2);
        assert!(partners(5, &[6, 7]).is_empty());
    }
}
