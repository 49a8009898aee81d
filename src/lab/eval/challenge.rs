//! `callprint eval-challenge`: how well phrases and challenges are told apart.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context, ensure};

use crate::audio::resample;
use crate::command::models::ModelArgs;
use crate::command::{Exit, recording, say};
use crate::engine::Engine;
use crate::lab::lists::{self, Lists};
use crate::phrase::{Challenge, Frames};
use crate::scoring::metrics::Trials;
use crate::types::{Clip8k, Strictness};

/// Measure how well phrases and digit challenges are told apart
#[derive(Debug, clap::Args)]
#[command(after_long_help = ABOUT)]
pub(crate) struct Args {
    /// Tab-separated list of enrollments: model, take1, take2, take3
    #[arg(long, value_name = "TSV")]
    enroll: PathBuf,
    /// Tab-separated list of trials: model, probe, target and `same_phrase`, each 1 or 0
    #[arg(long, value_name = "TSV")]
    trials: PathBuf,
    /// Folder with the recordings that the lists name
    #[arg(long, value_name = "DIR")]
    audio: PathBuf,
    /// What the recordings with `_LABEL_` in their name say, digit by digit; may be repeated
    #[arg(long, value_name = "LABEL=DIGITS", value_parser = transcript)]
    digits: Vec<(String, Vec<u8>)>,
    /// Hold a random challenge of digits against every recording that says none
    #[arg(long)]
    speech: bool,
    /// Decides which digits are taken, and what is asked for
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Recordings listened to at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    #[command(flatten)]
    models: ModelArgs,
}

const ABOUT: &str = "\
Phrases: every probe is compared with the takes of every enrollment of its model. Trials are told apart by the list: \
the enrolled
speaker or another, the same phrase or another.

Challenges: a recording whose digits are known is cut at its pauses, and six of its digits are put together in \
random order. The
result is held against what it says, against a random other string, and twice against the same with one digit changed.";

/// Digits of a challenge.
const ASKED: usize = 6;

/// One step of the cutting, in samples: 10 ms.
const STEP: usize = 80;

/// The shortest digit with its share of the pauses, in steps: the shortest of the Free Spoken Digit Dataset are 0.19 s.
const SHORTEST: usize = 17;

/// Half the width over which loudness is averaged, in steps: a closure within a word is shorter than a pause.
const SMOOTH: usize = 3;

/// Kept before the first and after the last speech, in samples: 50 ms, for soft first and last sounds.
const MARGIN: usize = 400;

/// The measurements of one recording.
struct HeardChallenge {
    frames: Option<Frames>,
    /// The challenge's ratios: of what was said, of another string, of one digit changed.
    challenges: [Vec<f32>; 3],
    challenge_ms: Vec<f64>,
    /// The ratio of a random challenge, where something else was said.
    speech: Option<f32>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let lists = lists::read(&args.enroll, &args.trials, &args.audio)?;
    let engine = args.models.engine(usize::from(args.threads))?;
    let heard = listen(&engine, &lists, args)?;
    phrases(&engine, &lists, &heard)?;
    let mut ratios: [Vec<f32>; 3] = Default::default();
    for one in &heard {
        for (all, these) in ratios.iter_mut().zip(&one.challenges) {
            all.extend(these);
        }
    }
    if !args.digits.is_empty() {
        let [said, other, changed] = ratios;
        ensure!(!said.is_empty(), "no recording's name has one of the labels of --digits between underscores");
        let times: Vec<f64> = heard.iter().flat_map(|one| &one.challenge_ms).copied().collect();
        say!("six-digit challenges, {} recordings:", said.len());
        let threshold = |strictness| engine.challenge_threshold(strictness).0;
        report("against a random other string", &said, &other, threshold)?;
        report("against one digit changed", &said, &changed, threshold)?;
        say!("  encoder and one text, mean: {:.0} ms", times.iter().sum::<f64>() / times.len() as f64);
    }
    let speech: Vec<f32> = heard.iter().filter_map(|one| one.speech).collect();
    if !speech.is_empty() {
        say!("six-digit challenges, {} recordings of something else:", speech.len());
        for strictness in Strictness::ALL {
            let threshold = engine.challenge_threshold(strictness).0;
            let accepted = speech.iter().filter(|llr| **llr >= threshold).count();
            say!("    at the threshold for {strictness}: FAR {:.2} %", 100.0 * accepted as f64 / speech.len() as f64);
        }
    }
    Ok(Exit::Yes)
}

fn phrases(engine: &Engine, lists: &Lists, heard: &[HeardChallenge]) -> anyhow::Result<()> {
    let mut ratios: BTreeMap<(bool, bool), Vec<f32>> = BTreeMap::new();
    let mut differ = 0;
    let takes: Vec<Vec<Frames>> = lists
        .enrollments
        .iter()
        .map(|enrollment| enrollment.takes.iter().filter_map(|&take| heard[take].frames.clone()).collect())
        .collect();
    for takes in &takes {
        differ += usize::from(engine.same_phrase(takes).is_err());
    }
    for trial in &lists.trials {
        let Some(same_phrase) = trial.same_phrase else { continue };
        let llr = match &heard[trial.probe].frames {
            Some(frames) => engine.phrase_of(&takes[trial.enrollment], frames)?.1.0,
            None => f32::NEG_INFINITY,
        };
        ratios.entry((trial.is_target, same_phrase)).or_default().push(llr);
    }
    say!("phrases, {} enrollments, of which {differ} say different things:", takes.len());
    let threshold = |strictness| engine.phrase_threshold(strictness).0;
    for (is_target, who) in [(true, "the same speaker"), (false, "another speaker")] {
        if let (Some(same), Some(other)) = (ratios.get(&(is_target, true)), ratios.get(&(is_target, false))) {
            report(who, same, other, threshold)?;
        }
    }
    Ok(())
}

fn report(what: &str, same: &[f32], other: &[f32], threshold: impl Fn(Strictness) -> f32) -> anyhow::Result<()> {
    let trials = Trials::new(same.to_vec(), other.to_vec())?;
    let percent = |rate: f64| format!("{:.2}", 100.0 * rate);
    say!(
        "  {what}: {} against {}; EER {} %, FRR {} % at FAR 1 %, {} % at FAR 0.1 %",
        same.len(),
        other.len(),
        percent(trials.eer()),
        percent(trials.frr_at_far(0.01)),
        percent(trials.frr_at_far(0.001))
    );
    for strictness in [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct] {
        let threshold = threshold(strictness);
        let share = |ratios: &[f32], passes: bool| {
            let counted = ratios.iter().filter(|ratio| (**ratio >= threshold) == passes).count();
            percent(counted as f64 / ratios.len() as f64)
        };
        say!("    at the threshold for {strictness}: FAR {} %, FRR {} %", share(other, true), share(same, false));
    }
    Ok(())
}

fn listen(engine: &Engine, lists: &Lists, args: &Args) -> anyhow::Result<Vec<HeardChallenge>> {
    let (next, (sender, receiver)) = (AtomicUsize::new(0), mpsc::channel());
    thread::scope(|scope| {
        for _ in 0..args.threads {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender;
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= lists.recordings.len() || sender.send((at, hear(engine, lists, at, args))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut heard: Vec<_> = receiver.into_iter().collect();
        heard.sort_by_key(|(at, _)| *at);
        heard.into_iter().map(|(_, one)| one).collect()
    })
}

fn hear(engine: &Engine, lists: &Lists, at: usize, args: &Args) -> anyhow::Result<HeardChallenge> {
    let recording = &lists.recordings[at];
    let clip = recording::read(&recording.path)?.with_context(|| recording.name.clone())?;
    let clip = resample::to_8k(&clip);
    let mut heard =
        HeardChallenge { frames: None, challenges: Default::default(), challenge_ms: Vec::new(), speech: None };
    let speech = engine.speech(&clip)?;
    if !speech.segments.is_empty() {
        heard.frames = Some(engine.words(&clip, &speech.trimmed)?.frames().clone());
    }
    let label = |(label, _): &&(String, Vec<u8>)| recording.name.contains(&format!("_{label}_"));
    if let Some((_, digits)) = args.digits.iter().find(label) {
        let mut draw = Draw(args.seed ^ (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        challenge(engine, &clip, &speech.segments, digits, &mut draw, &mut heard)?;
    } else if args.speech && !speech.segments.is_empty() {
        let mut draw = Draw(args.seed ^ (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let asked = Challenge::digits(draw.below(usize::MAX) as u64);
        heard.speech = Some(engine.challenge(&engine.words(&clip, &speech.trimmed)?, &asked)?.llr.0);
    }
    Ok(heard)
}

fn challenge(
    engine: &Engine,
    clip: &Clip8k,
    segments: &[Range<usize>],
    digits: &[u8],
    draw: &mut Draw,
    heard: &mut HeardChallenge,
) -> anyhow::Result<()> {
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return Ok(()) };
    let speech = first.start.saturating_sub(MARGIN)..last.end + MARGIN;
    let pieces = cut(clip.samples(), &speech, digits.len());
    let mut order: Vec<usize> = (0..digits.len()).collect();
    for at in 0..order.len() {
        let other = at + draw.below(digits.len() - at);
        order.swap(at, other);
    }
    order.truncate(ASKED);
    let samples: Vec<f32> = order.iter().flat_map(|&piece| &clip.samples()[pieces[piece].clone()]).copied().collect();
    let said: Vec<u8> = order.iter().map(|&piece| digits[piece]).collect();
    let other = loop {
        let other: Vec<u8> = (0..said.len()).map(|_| draw.below(10) as u8).collect();
        if other != said {
            break other;
        }
    };
    let mut changed = || {
        let (mut changed, at) = (said.clone(), draw.below(said.len()));
        changed[at] = (changed[at] + 1 + draw.below(9) as u8) % 10;
        changed
    };
    let claims = [(0, said.clone()), (1, other), (2, changed()), (2, changed())];
    let clip = Clip8k::new(samples);
    let begun = Instant::now();
    let words = engine.words(&clip, &(0..clip.samples().len()))?;
    for (kind, claim) in claims {
        let text: String = claim.iter().map(|digit| char::from(b'0' + digit)).collect();
        let score = engine.challenge(&words, &text.parse::<Challenge>()?)?;
        heard.challenges[kind].push(score.llr.0);
        if kind == 0 {
            heard.challenge_ms.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    Ok(())
}

/// Cuts a stretch of speech into `count` pieces, each at least [`SHORTEST`] long.
///
/// It is cut where it is quiet, so that every piece holds something loud: the sum of the levels at the cuts, less that
/// of the pieces' loudest steps, is as low as can be. By the cuts alone, 9 of 75 noisy recordings had two cuts in one
/// pause.
fn cut(samples: &[f32], speech: &Range<usize>, count: usize) -> Vec<Range<usize>> {
    let level = |at: usize| {
        let from = at.saturating_sub(SMOOTH) * STEP;
        let window = &samples[from..((at + SMOOTH + 1) * STEP).min(samples.len())];
        10.0 * (window.iter().map(|x| x * x).sum::<f32>() / window.len() as f32 + 1e-9).log10()
    };
    let levels: Vec<f32> = (0..samples.len() / STEP).map(level).collect();
    let (from, to) = (speech.start / STEP, (speech.end / STEP).min(levels.len()));
    // rows[n][at]: the least cost of n pieces that end at `at`, and where the last of them begins.
    let mut rows = vec![vec![(f32::INFINITY, from); to + 1]];
    rows[0][from].0 = 0.0;
    for pieces in 1..=count {
        let before = &rows[pieces - 1];
        let mut row = vec![(f32::INFINITY, from); to + 1];
        for (at, best) in row.iter_mut().enumerate().skip(from + SHORTEST) {
            let (mut loudest, price) = (f32::NEG_INFINITY, levels.get(at).filter(|_| at < to).copied().unwrap_or(0.0));
            for start in (from..at).rev() {
                loudest = loudest.max(levels[start]);
                let cost = before[start].0 + price - loudest;
                if at - start >= SHORTEST && cost < best.0 {
                    *best = (cost, start);
                }
            }
        }
        rows.push(row);
    }
    let mut cuts = vec![to];
    for row in rows[1..].iter().rev() {
        cuts.push(row[cuts[cuts.len() - 1]].1);
    }
    cuts.reverse();
    cuts.windows(2).map(|pair| pair[0] * STEP..pair[1] * STEP).collect()
}

/// Numbers that are the same for the same seed: `SplitMix64`.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

fn transcript(text: &str) -> Result<(String, Vec<u8>), String> {
    let (label, digits) = text.split_once('=').ok_or("it has no =")?;
    let digits: Option<Vec<u8>> =
        digits.bytes().map(|byte| byte.is_ascii_digit().then_some(byte.wrapping_sub(b'0'))).collect();
    match digits {
        Some(digits) if digits.len() >= ASKED && !label.is_empty() => Ok((label.to_owned(), digits)),
        _ => Err(format!("it needs a label and at least {ASKED} digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_cut_in_their_pauses() {
        // Three bursts of 300 ms, pauses of 100 and 200 ms, and 300 ms of silence at either end.
        let mut samples = Vec::new();
        for (loud, ms) in [(0.0, 300), (0.5, 300), (0.0, 100), (0.5, 300), (0.0, 200), (0.5, 300), (0.0, 300)] {
            samples.extend((0..ms * 8).map(|n| loud * if n % 2 == 0 { 1.0 } else { -1.0 }));
        }
        let pieces = cut(&samples, &(2_000..samples.len() - 2_000), 3);
        let middle = |ms: usize| ms * 8;
        assert!((middle(600)..=middle(700)).contains(&pieces[0].end), "{pieces:?}");
        assert!((middle(1000)..=middle(1200)).contains(&pieces[1].end), "{pieces:?}");
        assert!(pieces[0].start < middle(300) && pieces[2].end > middle(1500), "{pieces:?}");
    }

    #[test]
    fn transcripts_are_a_label_and_digits() {
        assert_eq!(transcript("A=314592"), Ok(("A".to_owned(), vec![3, 1, 4, 5, 9, 2])));
        for wrong in ["A", "A=31459", "=314592", "A=31459x"] {
            assert!(transcript(wrong).is_err(), "{wrong}");
        }
    }
}
