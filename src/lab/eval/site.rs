//! Whether thresholds set from a site's own callers hold on impostors who are not among them.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::command::say;
use crate::engine::Engine;
use crate::lab::listen::HeardTake;
use crate::lab::lists::Lists;
use crate::lab::speakers::Speakers;
use crate::lab::voices::{self, Voices};
use crate::scoring::fit::NOMINAL;
use crate::scoring::site::{Site, partners};

/// Sites of so many callers, where the set has as many speakers and some to spare.
const SIZES: [usize; 6] = [4, 6, 10, 20, 35, 50];
/// Speakers who are not enrolled, at least.
const STRANGERS: usize = 3;
/// Sites drawn of each size: enough for a few false accepts at 0.1 % where a set has 50 speakers.
const SPLITS: u64 = 40;

/// Results of sites of one size, on average over draws; rates are fractions.
#[derive(Debug, Serialize)]
pub(super) struct SiteRow {
    pub(super) set: String,
    pub(super) callers: usize,
    pub(super) aims: Vec<Aim>,
}

/// The result of one aim.
#[derive(Debug, Serialize)]
pub(super) struct Aim {
    pub(super) nominal: f64,
    /// The site's threshold.
    pub(super) llr: f64,
    /// Strangers accepted against the site's voiceprints.
    pub(super) far: f64,
    /// `far` in shares of `nominal`.
    pub(super) ratio: f64,
    /// Callers of the site rejected.
    pub(super) frr: f64,
    /// The same with the shipped threshold.
    pub(super) shipped_far: f64,
    pub(super) shipped_frr: f64,
}

/// One speaker's voiceprint on the site, and how everybody scores against it.
struct SiteCaller {
    speaker: usize,
    /// Ratio of every take of every other caller, by the caller's place.
    takes: Vec<Vec<f32>>,
    /// Ratio and speaker of every probe; −∞ where it could not be scored.
    probes: Vec<(f32, usize)>,
}

/// Draws sites from a set and measures them.
///
/// # Errors
/// When a score cannot be computed.
pub(super) fn measure(
    engine: &Engine,
    name: &str,
    lists: &Lists,
    heard: &[HeardTake],
    speakers: &Speakers,
) -> anyhow::Result<Vec<SiteRow>> {
    let voices = voices::enroll(engine, lists, |take| &heard[take]);
    let callers = callers(engine, lists, heard, speakers, &voices)?;
    let sizes = SIZES.into_iter().filter(|size| size + STRANGERS <= callers.len());
    Ok(sizes.map(|size| SiteRow { set: name.to_owned(), callers: size, aims: sites(engine, &callers, size) }).collect())
}

/// The first voiceprint of each speaker. Where the list has the same phrase, strangers say it.
fn callers(
    engine: &Engine,
    lists: &Lists,
    heard: &[HeardTake],
    speakers: &Speakers,
    voices: &Voices,
) -> anyhow::Result<Vec<SiteCaller>> {
    let mut seen = BTreeSet::new();
    let first = |at: &usize| voices.voiceprints[*at].is_some() && seen.insert(speakers.of_enrollment[*at]);
    let enrollments: Vec<usize> = (0..lists.enrollments.len()).filter(first).collect();
    let has_phrase = lists.trials.iter().any(|trial| trial.same_phrase == Some(true) && !trial.is_target);
    let mut found = Vec::new();
    for &at in &enrollments {
        let Some(voiceprint) = &voices.voiceprints[at] else { continue };
        let mut takes = Vec::new();
        for &other in &enrollments {
            let prints = voices.voiceprints[other].iter().flat_map(crate::scoring::Voiceprint::takes);
            takes.push(prints.map(|take| Ok(engine.score_print(voiceprint, take)?.0)).collect::<anyhow::Result<_>>()?);
        }
        let mut probes = Vec::new();
        for trial in lists.trials.iter().filter(|trial| trial.enrollment == at) {
            if has_phrase && trial.same_phrase == Some(false) {
                continue;
            }
            let voice = heard[trial.probe].take.as_ref().ok().and_then(|take| take.voice.as_ref().ok());
            let llr = match voice {
                Some(voice) => engine.score(voiceprint, voice)?.1.0,
                None => f32::NEG_INFINITY,
            };
            probes.push((llr, speakers.of_recording[trial.probe]));
        }
        found.push(SiteCaller { speaker: speakers.of_enrollment[at], takes, probes });
    }
    Ok(found)
}

fn sites(engine: &Engine, callers: &[SiteCaller], size: usize) -> Vec<Aim> {
    let shipped = engine.calibration();
    // Accepted and all, strangers and callers, at the site's and the shipped thresholds.
    let mut tallies = [[[0_usize; 2]; 4]; 3];
    let mut llr = [0.0; 3];
    for split in 0..SPLITS {
        let enrolled = draw(callers.len(), size, split);
        let keys: Vec<i64> = enrolled.iter().filter_map(|&at| i64::try_from(at).ok()).collect();
        let mut learned = Site::new();
        for &key in &keys {
            let others = partners(key, &keys).into_iter();
            let scores: Vec<_> =
                others.map(|other| (other, callers[other as usize].takes[key as usize].clone())).collect();
            learned.add(key, &scores);
        }
        let found = learned.thresholds(&shipped);
        let residents: BTreeSet<usize> = enrolled.iter().map(|&at| callers[at].speaker).collect();
        for &at in &enrolled {
            for &(score, speaker) in &callers[at].probes {
                let kind = match speaker {
                    own if own == callers[at].speaker => 1,
                    other if residents.contains(&other) => continue,
                    _ => 0,
                };
                for (aim, tally) in tallies.iter_mut().enumerate() {
                    for (which, threshold) in [(0, found.llr[aim]), (2, shipped.thresholds()[aim])] {
                        tally[which + kind][0] += usize::from(score >= threshold);
                        tally[which + kind][1] += 1;
                    }
                }
            }
        }
        for (sum, one) in llr.iter_mut().zip(found.llr) {
            *sum += f64::from(one) / SPLITS as f64;
        }
    }
    let rate = |[accepted, all]: [usize; 2]| accepted as f64 / all.max(1) as f64;
    let aim = |at: usize| {
        let [far, accepted, shipped_far, shipped_accepted] = tallies[at].map(rate);
        let nominal = NOMINAL[at];
        Aim {
            nominal,
            llr: llr[at],
            far,
            ratio: far / nominal,
            frr: 1.0 - accepted,
            shipped_far,
            shipped_frr: 1.0 - shipped_accepted,
        }
    };
    (0..NOMINAL.len()).map(aim).collect()
}

/// So many of `all` places, the same for the same seed.
fn draw(all: usize, size: usize, seed: u64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..all).collect();
    // The order of hashes, by a multiplier of full period.
    places.sort_by_key(|&at| (at as u64 + 1 + seed * 1_000_003).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23));
    places.truncate(size);
    places
}

/// Prints the rows for people.
pub(super) fn print(rows: &[SiteRow]) {
    say!("Thresholds from enrolled takes against other callers' voiceprints; strangers are never enrolled.\n");
    say!("set            callers   aim      LLR      FAR     ratio      FRR    shipped: FAR      FRR");
    for row in rows {
        for aim in &row.aims {
            let percent = |rate: f64| format!("{:6.3} %", rate * 100.0);
            say!(
                "{:<14} {:>7}  {:>5}  {:>6.2} {} {:>7.2}  {}       {} {}",
                row.set,
                row.callers,
                format!("{}%", (aim.nominal * 1e4).round() / 1e2),
                aim.llr,
                percent(aim.far),
                aim.ratio,
                percent(aim.frr),
                percent(aim.shipped_far),
                percent(aim.shipped_frr)
            );
        }
    }
}
