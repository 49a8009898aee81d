//! Evaluation by stream: the lists as calls hear them.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use super::Outcome;
use super::figures::{self, AtThreshold, Rates, Scored};
use super::line::Line;
use super::settings::StreamArgs;
use super::turn::{End, EvalCaller, TurnHeard};
use crate::audio::{AudioError, resample};
use crate::command::recording;
use crate::engine::Engine;
use crate::lab::listen::{HeardTake, each};
use crate::lab::lists::{Lists, Recording};
use crate::lab::voices::{self, VoiceFault, Voices};
use crate::types::{Clip8k, Reason};
use crate::vad::EndReason;

/// Findings of an evaluation by stream that one by file does not have.
#[derive(Debug, Serialize)]
pub(super) struct StreamedTake {
    /// For each length of pause.
    pub(super) pauses: Vec<Paused>,
}

/// The result with one length of pause.
#[derive(Debug, Serialize)]
pub(super) struct Paused {
    pub(super) pause_ms: u32,
    #[serde(flatten)]
    pub(super) rates: Rates,
    pub(super) at_threshold: Vec<AtThreshold>,
    /// The turns of trials with the enrolled speaker, `all` and if the list tells by phrase, `same` and `other`.
    pub(super) turns: BTreeMap<&'static str, Ends>,
    /// The turns of trials with another speaker.
    pub(super) impostor_turns: Ends,
}

/// When turns ended; rates are fractions.
#[derive(Debug, Serialize)]
pub(super) struct Ends {
    pub(super) turns: usize,
    /// Turns that ended while speech remained.
    pub(super) cut_off: f64,
    /// From the end of speech to that of the turn, where none remained.
    pub(super) wait_ms_p50: u32,
    pub(super) wait_ms_p95: u32,
    /// Share of all net speech that came after its turn had ended.
    pub(super) speech_lost: f64,
    /// Why turns ended, and how often.
    pub(super) ended: BTreeMap<&'static str, usize>,
}

/// A probe and the trials in which it is one, as indices.
struct Probe {
    recording: usize,
    trials: Vec<usize>,
}

/// Hears every take and every probe as a stream.
///
/// A turn belongs to a trial: what ends it is the length of the claimed voiceprint's phrase and how its voice scores,
/// as on a line, where an impostor too is heard under the name he claims.
///
/// # Errors
/// The first file that cannot be read, or model that fails.
pub(super) fn evaluate(engine: &Engine, lists: &Lists, args: &StreamArgs, threads: usize) -> anyhow::Result<Outcome> {
    let takes: BTreeMap<usize, HeardTake> = takes(engine, lists, args, threads)?;
    let voices = voices::enroll(engine, lists, |take| &takes[&take]);
    let probes = probes(lists);
    let by_probe = each(&probes, threads, "probes", |probe| hear(engine, lists, args, &voices, probe))?;

    let (mut pauses, mut first, mut failed_probes) = (Vec::new(), None, Vec::new());
    for (at, &pause_ms) in args.pauses_ms().iter().enumerate() {
        let mut turns: Vec<Option<&Result<TurnHeard, &'static str>>> = vec![None; lists.trials.len()];
        for (probe, heard) in probes.iter().zip(&by_probe) {
            for (&trial, turn) in probe.trials.iter().zip(&heard.turns[at]) {
                turns[trial] = Some(turn);
            }
        }
        let turns: Vec<_> = turns.into_iter().flatten().collect();
        let scored = figures::score(engine, lists, &voices, |trial| turns[trial].as_ref().ok().map(|turn| &turn.take))?;
        pauses.push(paused(engine, lists, pause_ms, &scored, &turns)?);
        if at == 0 {
            failed_probes = failed(lists, &turns);
            first = Some(scored);
        }
    }
    let heard = takes.into_values().chain(by_probe.into_iter().map(|heard| heard.first)).collect();
    let scored = first.unwrap_or_default();
    Ok(Outcome { heard, voices, scored, failed_probes, streamed: Some(StreamedTake { pauses }) })
}

fn takes(
    engine: &Engine,
    lists: &Lists,
    args: &StreamArgs,
    threads: usize,
) -> anyhow::Result<BTreeMap<usize, HeardTake>> {
    let config = args.config();
    let mut takes: Vec<usize> = lists.enrollments.iter().flat_map(|enrollment| enrollment.takes.clone()).collect();
    takes.sort_unstable();
    takes.dedup();
    let heard = each(&takes, threads, "takes", |&take| {
        let begun = Instant::now();
        Ok(match read(&lists.recordings[take])? {
            Err(code) => HeardTake::unheard(code, begun),
            Ok(clip) => {
                let line = Line::send(&clip, 0, config.max_turn_ms)?;
                let turn = EvalCaller::listen(engine, config, line)?.turn(None, None)?;
                HeardTake::new(turn.take, clip.duration_ms(), begun)
            }
        })
    })?;
    Ok(takes.into_iter().zip(heard).collect())
}

fn read(recording: &Recording) -> anyhow::Result<Result<Clip8k, &'static str>> {
    Ok(recording::read(&recording.path)?.map(|clip| resample::to_8k(&clip)).map_err(|error| AudioError::code(&error)))
}

/// One probe's turns: for each length of pause, a turn or the code of why there is none for each of its trials.
struct Turns {
    turns: Vec<Vec<Result<TurnHeard, &'static str>>>,
    /// The first of all of them.
    first: HeardTake,
}

fn hear(engine: &Engine, lists: &Lists, args: &StreamArgs, voices: &Voices, probe: &Probe) -> anyhow::Result<Turns> {
    let begun = Instant::now();
    let clip = match read(&lists.recordings[probe.recording])? {
        Ok(clip) => clip,
        Err(code) => {
            let turns = vec![probe.trials.iter().map(|_| Err(code)).collect(); args.pauses_ms().len()];
            return Ok(Turns { turns, first: HeardTake::unheard(code, begun) });
        }
    };
    let (config, mut turns, mut first) = (args.config(), Vec::new(), None);
    for &pause_ms in args.pauses_ms() {
        let line = Line::send(&clip, pause_ms, config.max_turn_ms)?;
        let mut caller = EvalCaller::listen(engine, config, line)?;
        let mut heard = Vec::with_capacity(probe.trials.len());
        for &trial in &probe.trials {
            let trial = lists.trials[trial];
            let voiceprint = voices.voiceprints[trial.enrollment].as_ref();
            let is_expected = trial.same_phrase != Some(false);
            let expected_ms = voiceprint.filter(|_| is_expected).and_then(|print| args.expected_ms(print));
            let turn = caller.turn(voiceprint, expected_ms)?;
            first.get_or_insert_with(|| HeardTake::new(turn.take.clone(), clip.duration_ms(), begun));
            heard.push(Ok(turn));
        }
        turns.push(heard);
    }
    let first = first.unwrap_or_else(|| HeardTake::unheard("unheard", begun));
    Ok(Turns { turns, first })
}

fn probes(lists: &Lists) -> Vec<Probe> {
    let mut by_recording: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, trial) in lists.trials.iter().enumerate() {
        by_recording.entry(trial.probe).or_default().push(index);
    }
    by_recording.into_iter().map(|(recording, trials)| Probe { recording, trials }).collect()
}

/// The probes that could not be scored in at least one of their turns.
fn failed(lists: &Lists, turns: &[&Result<TurnHeard, &'static str>]) -> Vec<VoiceFault> {
    let mut faults = BTreeMap::new();
    for (trial, turn) in lists.trials.iter().zip(turns) {
        let reason = match turn {
            Ok(turn) => turn.take.fault().map(Reason::code),
            Err(code) => Some(*code),
        };
        if let Some(reason) = reason {
            faults.entry(trial.probe).or_insert(reason);
        }
    }
    faults.into_iter().map(|(probe, reason)| VoiceFault::of(&lists.recordings[probe], reason)).collect()
}

fn paused(
    engine: &Engine,
    lists: &Lists,
    pause_ms: u32,
    scored: &[Scored],
    turns: &[&Result<TurnHeard, &'static str>],
) -> anyhow::Result<Paused> {
    let of = |is_target: bool, same_phrase: Option<bool>| {
        let trials = lists.trials.iter().zip(turns);
        let wanted = trials.filter(|(trial, _)| {
            trial.is_target == is_target && (same_phrase.is_none() || trial.same_phrase == same_phrase)
        });
        Ends::of(&wanted.filter_map(|(_, turn)| Some(turn.as_ref().ok()?.end)).collect::<Vec<_>>())
    };
    let groups = [("all", None), ("same", Some(true)), ("other", Some(false))];
    let turns = groups.into_iter().map(|(name, phrase)| (name, of(true, phrase))).filter(|(_, ends)| ends.turns > 0);
    Ok(Paused {
        pause_ms,
        rates: figures::rates(scored)?,
        at_threshold: figures::at_thresholds(engine, scored),
        turns: turns.collect(),
        impostor_turns: of(false, None),
    })
}

impl Ends {
    fn of(ends: &[End]) -> Self {
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let sum = |value: fn(&End) -> u32| ends.iter().map(|end| u64::from(value(end))).sum::<u64>();
        let cut_off = ends.iter().filter(|end| end.lost_ms > 0).count();
        let mut waits: Vec<u32> = ends.iter().filter_map(|end| end.wait_ms).collect();
        waits.sort_unstable();
        let at = |share: f64| waits.get(((waits.len() as f64 * share) as usize).min(waits.len().max(1) - 1)).copied();
        let mut ended = BTreeMap::new();
        for end in ends {
            *ended.entry(reason(end.reason)).or_default() += 1;
        }
        Self {
            turns: ends.len(),
            cut_off: share(cut_off as u64, ends.len() as u64),
            wait_ms_p50: at(0.5).unwrap_or_default(),
            wait_ms_p95: at(0.95).unwrap_or_default(),
            speech_lost: share(sum(|end| end.lost_ms), sum(|end| end.speech_ms)),
            ended,
        }
    }
}

fn reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Silence => "silence",
        EndReason::Complete => "complete",
        EndReason::TooLong => "too_long",
        EndReason::NoSpeech => "no_speech",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(wait_ms: Option<u32>, lost_ms: u32) -> End {
        End { reason: EndReason::Silence, wait_ms, lost_ms, speech_ms: 1_000 }
    }

    #[test]
    fn a_turn_is_cut_off_where_speech_was_lost() {
        let ends = Ends::of(&[end(Some(200), 0), end(Some(400), 0), end(Some(600), 0), end(None, 500)]);
        assert_eq!((ends.turns, ends.cut_off, ends.speech_lost), (4, 0.25, 0.125));
        assert_eq!((ends.wait_ms_p50, ends.wait_ms_p95), (400, 600));
        assert_eq!(ends.ended, BTreeMap::from([("silence", 4)]));
    }

    #[test]
    fn no_turns_have_no_figures() {
        let none = Ends::of(&[]);
        assert_eq!((none.turns, none.cut_off, none.wait_ms_p95), (0, 0.0, 0));
    }
}
