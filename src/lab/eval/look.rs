//! Closer looks at an evaluation: intervals and speakers.

use std::path::PathBuf;

use super::Evaluated;
use super::by_speaker::{self, SpeakerRow};
use super::figures::{self, Scored};
use super::report::{Kind, Report, SetReport, SignalScores, SignalTrial};
use crate::engine::{Engine, revision};
use crate::lab::lists::Lists;
use crate::lab::speakers::Roll;
use crate::scoring::metrics::{Intervals, intervals};
use crate::types::Strictness;

/// Where the bootstrap begins: any number, as long as it is the same each time.
const SEED: u64 = 1;

/// Ways to look closer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A closer look")]
pub(super) struct LookArgs {
    /// Print a table of speakers, the worst first: who is rejected, who is imitated, who imitates
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,
    /// Give 95 % intervals from N draws of speakers; 1000 do
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=100_000))]
    intervals: Option<u32>,
    /// Write a page with curves, histograms, thresholds and the worst trials
    #[arg(long, value_name = "HTML")]
    pub(super) report: Option<PathBuf>,
    /// The day to write on the page; without it the page is the same each time
    #[arg(long, value_name = "YYYY-MM-DD", requires = "report")]
    date: Option<String>,
    /// Set thresholds from the callers of drawn sites, and try strangers against them
    #[arg(long, conflicts_with_all = ["stream", "report", "by", "intervals"])]
    pub(super) site: bool,
}

/// The groups of trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Speaker,
}

impl LookArgs {
    /// Intervals and speakers, where asked for; speakers at the default strictness.
    pub(super) fn by_speaker(
        &self,
        engine: &Engine,
        lists: &Lists,
        scored: &[Scored],
        roll: &mut Roll,
    ) -> (Option<Intervals>, Vec<SpeakerRow>) {
        let trials = figures::speaker_trials(lists, scored, &roll.enter(lists));
        let found = self.intervals.and_then(|draws| intervals(&trials, draws as usize, SEED));
        let is_asked = self.by == Some(By::Speaker) || self.report.is_some();
        let threshold = engine.threshold(Strictness::default()).0;
        (found, if is_asked { by_speaker::table(&trials, roll, threshold) } else { Vec::new() })
    }

    /// The page of everything evaluated.
    pub(super) fn page(&self, engine: &Engine, all: &[Evaluated]) -> Report {
        let mut configuration = vec![
            ("callprint".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("speaker model".to_owned(), engine.model().to_string()),
            ("its sha256".to_owned(), revision(engine.models())),
            ("calibration".to_owned(), engine.calibrated_by().to_owned()),
        ];
        let aims = [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct];
        configuration.extend(aims.map(|aim| (format!("LLR at FAR {aim}"), engine.threshold(aim).0.to_string())));
        configuration.extend(self.intervals.map(|draws| ("draws behind intervals".to_owned(), draws.to_string())));
        configuration.extend(self.date.clone().map(|date| ("date".to_owned(), date)));
        let set = |found: &Evaluated| SetReport {
            name: found.figures.set.clone(),
            signals: signals(engine, found),
            speakers: found.figures.by_speaker.clone(),
            speakers_at: format!("FAR {}", Strictness::default()),
        };
        Report { sets: all.iter().map(set).collect(), configuration }
    }
}

/// The voice, and where phrases are said the words and both together.
fn signals(engine: &Engine, found: &Evaluated) -> Vec<SignalScores> {
    let mut signals = vec![voice(engine, found)];
    if found.scored.iter().any(|trial| trial.said.is_some()) {
        let plain = SignalScores { intervals: None, ..voice(engine, found) };
        let scores = |name: &str, is_llr, thresholds, wanted, score: fn(&super::figures::Said) -> f32| {
            let mut trials = plain.trials.clone();
            for (trial, scored) in trials.iter_mut().zip(&found.scored) {
                trial.score = scored.said.as_ref().map(score);
            }
            SignalScores { name: name.to_owned(), is_llr, thresholds, wanted, trials, ..plain.clone() }
        };
        let aims = [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct];
        let words = aims.map(|aim| (format!("FAR {aim}"), engine.phrase_threshold(aim).0)).into();
        signals.push(scores("words", true, words, vec![Kind::Target, Kind::Impostor], |said| said.words));
        let fused = vec![(format!("FAR {}", Strictness::default()), 0.0)];
        signals.push(scores("voice and words together", false, fused, vec![Kind::Target], |said| said.fused));
    }
    signals
}

/// The voice: the speaker decides, whatever the words.
fn voice(engine: &Engine, found: &Evaluated) -> SignalScores {
    let lists = &found.lists;
    let trial = |(trial, scored): (&crate::lab::lists::Trial, &Scored)| SignalTrial {
        score: scored.llr,
        kind: Kind::of(scored.is_target, scored.same_phrase),
        label: format!("{} ← {}", lists.enrollments[trial.enrollment].model, lists.recordings[trial.probe].name),
    };
    let aims = [Strictness::Far1Pct, Strictness::Far01Pct, Strictness::Far001Pct];
    SignalScores {
        name: "voice".to_owned(),
        unit: "log-likelihood ratio",
        is_llr: true,
        trials: lists.trials.iter().zip(&found.scored).map(trial).collect(),
        wanted: vec![Kind::Target, Kind::OwnerOtherPhrase],
        thresholds: aims.map(|aim| (format!("FAR {aim}"), engine.threshold(aim).0)).into(),
        intervals: found.figures.intervals,
    }
}
