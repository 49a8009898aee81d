//! Figures of an evaluation, as JSON and for print.

use std::collections::BTreeMap;

use anyhow::ensure;
use serde::Serialize;

use super::by_speaker::SpeakerRow;
use super::report::Kind;
use super::stream::StreamedTake;
use crate::engine::{Engine, Finding, Findings, Take, Words};
use crate::lab::listen::HeardTake;
use crate::lab::lists::Lists;
use crate::lab::speakers::Speakers;
use crate::lab::voices::{VoiceFault, Voices};
use crate::phrase::Frames;
use crate::scoring::metrics::{Intervals, SpeakerTrial, Trials};
use crate::types::{Llr, Strictness};

/// Everything an evaluation found. The first ten keys are fixed; rates are fractions.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// The set's name, where it has one; not among the keys, as it is one of its own where several are printed.
    #[serde(skip)]
    pub(super) set: String,
    #[serde(flatten)]
    pub(super) all: Rates,
    /// Length of all recordings together.
    pub(super) audio_seconds: f64,
    /// Listening and scoring, without loading the models.
    pub(super) wall_seconds: f64,
    /// From a recording's bytes to its voice, on one thread, on average.
    pub(super) seconds_per_probe: f64,
    /// Processor time of listening and scoring, on all threads.
    pub(super) cpu_seconds: f64,
    /// The speaker model; trials are ranked by its calibrated log-likelihood ratio, which is what a line decides by.
    pub(super) model: String,
    pub(super) voiceprints: usize,
    pub(super) recordings: usize,
    /// Rows of the trial list that repeat an earlier one, and count once.
    pub(super) repeated_rows: usize,
    /// The cost of the best calibration of these scores; `cllr` is that of the calibration in use.
    pub(super) min_cllr: Option<f64>,
    /// With `--intervals`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) intervals: Option<Intervals>,
    /// With `--by speaker`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) by_speaker: Vec<SpeakerRow>,
    /// `same` and `other` phrase, when the list tells.
    pub(super) by_phrase: BTreeMap<&'static str, Rates>,
    /// Error rates at the thresholds that the model's manifest gives.
    pub(super) at_threshold: Vec<AtThreshold>,
    /// Trials that voice and words together accept at the default strictness, by speaker and words.
    pub(super) fused: BTreeMap<&'static str, Accepted>,
    /// Probes that could not be scored.
    pub(super) failed_probes: Vec<VoiceFault>,
    /// Enrollment takes that a line would ask to repeat; they are left out of their voiceprints.
    pub(super) failed_takes: Vec<VoiceFault>,
    /// Rows whose takes a line would find too unlike each other; they are scored all the same.
    pub(super) takes_differ: Vec<String>,
    /// With `--stream`: error rates and turns for each length of pause. The figures above are those of the first.
    #[serde(flatten)]
    pub(super) streamed: Option<StreamedTake>,
}

/// Error rates over some of the trials.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rates {
    pub(super) eer: f64,
    pub(super) frr_at_far_1pct: f64,
    pub(super) frr_at_far_0_1pct: f64,
    pub(super) min_dcf: f64,
    /// Over the trials that have a score: one without has no log-likelihood ratio. None without both kinds.
    pub(super) cllr: Option<f64>,
    pub(super) targets: usize,
    pub(super) impostors: usize,
    /// Trials without a score. They are rejected, so those that are targets are false rejects.
    pub(super) failures: usize,
}

/// Error rates at one of the manifest's thresholds.
#[derive(Debug, Serialize)]
pub(super) struct AtThreshold {
    pub(super) strictness: Strictness,
    pub(super) llr: f32,
    pub(super) far: f64,
    pub(super) frr: f64,
}

/// The score of one trial; none when it could not be scored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scored {
    pub(super) llr: Option<f32>,
    pub(super) is_target: bool,
    pub(super) same_phrase: Option<bool>,
    /// The words, and both signals in one; none in lists of free text, or without a score.
    pub(super) said: Option<Said>,
}

/// The words of one trial, and what they and the voice come to at the default strictness.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) words: f32,
    /// Accepted from 0 on.
    pub(super) fused: f32,
}

/// Scores every trial by what was heard in it; one without a voiceprint or a voice has no score.
pub(super) fn score<'h>(
    engine: &Engine,
    lists: &Lists,
    voices: &Voices,
    heard: impl Fn(usize) -> Option<&'h Take>,
) -> anyhow::Result<Vec<Scored>> {
    let mut scored = Vec::with_capacity(lists.trials.len());
    let has_phrases = lists.trials.iter().any(|trial| trial.same_phrase == Some(true));
    for (index, trial) in lists.trials.iter().enumerate() {
        let take = heard(index);
        let probe = take.and_then(|take| take.voice.as_ref().ok());
        let llr = match (&voices.voiceprints[trial.enrollment], probe) {
            (Some(voiceprint), Some(probe)) => Some(engine.score(voiceprint, probe)?.1.0),
            _ => None,
        };
        let words = take.and_then(|take| take.words.as_ref()).filter(|_| has_phrases);
        let said = match (llr, words) {
            (Some(llr), Some(words)) => Some(said(engine, &voices.words[trial.enrollment], words, llr)?),
            _ => None,
        };
        scored.push(Scored { llr, is_target: trial.is_target, same_phrase: trial.same_phrase, said });
    }
    Ok(scored)
}

fn said(engine: &Engine, enrolled: &[Frames], words: &Words, voice: f32) -> anyhow::Result<Said> {
    let strictness = Strictness::default();
    let (_, llr) = engine.phrase_of(enrolled, words.frames())?;
    let findings = Findings {
        voice: Finding { llr: Llr(voice), threshold: engine.threshold(strictness) },
        words: Some(Finding { llr, threshold: engine.phrase_threshold(strictness) }),
        replay: None,
        synthetic: None,
    };
    Ok(Said { words: llr.0, fused: findings.fused().0 })
}

/// Trials that voice and words together accept, by speaker and words; empty for lists of free text.
pub(super) fn fused(scored: &[Scored]) -> BTreeMap<&'static str, Accepted> {
    let mut found = BTreeMap::new();
    if scored.iter().all(|trial| trial.said.is_none()) {
        return found;
    }
    for trial in scored {
        let one: &mut Accepted = found.entry(Kind::of(trial.is_target, trial.same_phrase).code()).or_default();
        one.trials += 1;
        one.accepted += usize::from(trial.said.is_some_and(|said| said.fused >= 0.0));
    }
    found
}

/// How many trials of a kind are accepted.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Accepted {
    pub(super) trials: usize,
    pub(super) accepted: usize,
}

/// The probes that could not be scored for their own sake.
pub(super) fn failed_probes(lists: &Lists, heard: &[HeardTake]) -> Vec<VoiceFault> {
    let mut probes: Vec<usize> = lists.trials.iter().map(|trial| trial.probe).collect();
    probes.sort_unstable();
    probes.dedup();
    let reason = |probe: usize| match &heard[probe].take {
        Ok(take) => take.fault().map(crate::types::Reason::code),
        Err(code) => Some(*code),
    };
    probes.into_iter().filter_map(|probe| Some(VoiceFault::of(&lists.recordings[probe], reason(probe)?))).collect()
}

/// The error rates over trials of both kinds.
///
/// # Errors
/// When there are no targets or no impostors.
pub(super) fn rates(scored: &[Scored]) -> anyhow::Result<Rates> {
    let (targets, impostors) = split(scored, |trial| Some(trial.llr.unwrap_or(f32::NEG_INFINITY)));
    ensure!(!targets.is_empty(), "the trials have no row with target 1");
    ensure!(!impostors.is_empty(), "the trials have no row with target 0");
    let (counts, trials) = ((targets.len(), impostors.len()), Trials::new(targets, impostors)?);
    let (targets, impostors) = split(scored, |trial| trial.llr);
    Ok(Rates {
        eer: trials.eer(),
        frr_at_far_1pct: trials.frr_at_far(0.01),
        frr_at_far_0_1pct: trials.frr_at_far(0.001),
        min_dcf: trials.min_dcf(),
        cllr: Trials::new(targets, impostors).ok().map(|trials| trials.cllr()),
        targets: counts.0,
        impostors: counts.1,
        failures: scored.iter().filter(|trial| trial.llr.is_none()).count(),
    })
}

/// The cost of the best calibration of the trials that have a score.
pub(super) fn min_cllr(scored: &[Scored]) -> Option<f64> {
    let (targets, impostors) = split(scored, |trial| trial.llr);
    Trials::new(targets, impostors).ok().map(|trials| trials.min_cllr())
}

/// The trials with whose voices they compare; one without a score is −∞.
pub(super) fn speaker_trials(lists: &Lists, scored: &[Scored], speakers: &Speakers) -> Vec<SpeakerTrial> {
    let trials = lists.trials.iter().zip(scored);
    let trial = |(trial, scored): (&crate::lab::lists::Trial, &Scored)| SpeakerTrial {
        score: scored.llr.unwrap_or(f32::NEG_INFINITY),
        is_target: scored.is_target,
        model: speakers.of_enrollment[trial.enrollment],
        probe: speakers.of_recording[trial.probe],
    };
    trials.map(trial).collect()
}

/// Rates of the trials with the same and with another phrase, where both kinds of trial exist.
pub(super) fn by_phrase(scored: &[Scored]) -> BTreeMap<&'static str, Rates> {
    let of = |same: bool| {
        let trials: Vec<Scored> = scored.iter().filter(|trial| trial.same_phrase == Some(same)).copied().collect();
        rates(&trials).ok()
    };
    [("same", true), ("other", false)].into_iter().filter_map(|(name, same)| Some((name, of(same)?))).collect()
}

/// False accepts and false rejects at each of the manifest's thresholds.
pub(super) fn at_thresholds(engine: &Engine, scored: &[Scored]) -> Vec<AtThreshold> {
    let at = |strictness| {
        let threshold = engine.threshold(strictness).0;
        let accepted = |trial: &Scored| Some(if trial.llr.is_some_and(|llr| llr >= threshold) { 1.0 } else { 0.0 });
        let share = |accepted: Vec<f32>| f64::from(accepted.iter().sum::<f32>()) / accepted.len() as f64;
        let (targets, impostors) = split(scored, accepted);
        AtThreshold { strictness, llr: threshold, far: share(impostors), frr: 1.0 - share(targets) }
    };
    [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct].map(at).into()
}

fn split(scored: &[Scored], value: impl Fn(&Scored) -> Option<f32>) -> (Vec<f32>, Vec<f32>) {
    let of = |is_target| scored.iter().filter(|trial| trial.is_target == is_target).filter_map(&value).collect();
    (of(true), of(false))
}
