//! A page that shows how good the decisions are: self-contained, and the same bytes for the same scores.

mod charts;
mod tables;

use std::path::Path;

use anyhow::Context;
use askama::Template;

use super::by_speaker::SpeakerRow;
use crate::scoring::metrics::{Interval, Intervals, Trials, wilson};

/// The kind of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The enrolled speaker with the enrolled phrase.
    Target,
    /// Another speaker with the enrolled phrase.
    Impostor,
    /// The enrolled speaker with another phrase.
    OwnerOtherPhrase,
    /// Another speaker with another phrase.
    ImpostorOtherPhrase,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Target, Self::Impostor, Self::OwnerOtherPhrase, Self::ImpostorOtherPhrase];

    /// By the columns of a trial list; without `same_phrase` phrases count as the same.
    pub(super) const fn of(is_target: bool, same_phrase: Option<bool>) -> Self {
        match (is_target, same_phrase) {
            (true, Some(false)) => Self::OwnerOtherPhrase,
            (true, _) => Self::Target,
            (false, Some(false)) => Self::ImpostorOtherPhrase,
            (false, _) => Self::Impostor,
        }
    }

    /// The stable code.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Target => "right_speaker_right_phrase",
            Self::Impostor => "impostor_right_phrase",
            Self::OwnerOtherPhrase => "right_speaker_other_phrase",
            Self::ImpostorOtherPhrase => "impostor_other_phrase",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Target => "right speaker, right phrase",
            Self::Impostor => "impostor, right phrase",
            Self::OwnerOtherPhrase => "right speaker, other phrase",
            Self::ImpostorOtherPhrase => "impostor, other phrase",
        }
    }
}

/// One trial of a signal.
#[derive(Clone, Debug)]
pub(super) struct SignalTrial {
    /// None when it could not be measured, which is a reject.
    pub(super) score: Option<f32>,
    pub(super) kind: Kind,
    /// Voiceprint and recording, for people.
    pub(super) label: String,
}

/// A signal's scores over one set, and where it decides.
#[derive(Clone, Debug)]
pub(super) struct SignalScores {
    pub(super) name: String,
    /// The scale of a score.
    pub(super) unit: &'static str,
    /// Whether scores are log-likelihood ratios, so that Cllr and reliability mean something.
    pub(super) is_llr: bool,
    pub(super) trials: Vec<SignalTrial>,
    /// The kinds that the signal should accept; it should reject the others that it has.
    pub(super) wanted: Vec<Kind>,
    /// Name and value, rising.
    pub(super) thresholds: Vec<(String, f32)>,
    /// By resampled speakers, where asked for.
    pub(super) intervals: Option<Intervals>,
}

/// One set of lists.
#[derive(Clone, Debug)]
pub(super) struct SetReport {
    pub(super) name: String,
    pub(super) signals: Vec<SignalScores>,
    pub(super) speakers: Vec<SpeakerRow>,
    /// The threshold that the speakers' rates are for.
    pub(super) speakers_at: String,
}

/// The whole page.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) sets: Vec<SetReport>,
    /// Names and values of what was running.
    pub(super) configuration: Vec<(String, String)>,
}

/// A table: the head, then rows.
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// A drawing with its numbers.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) svg: String,
    pub(super) table: Table,
}

struct SignalView {
    id: String,
    name: String,
    summary: Table,
    charts: Vec<Chart>,
    worst: Table,
}

struct SetView {
    id: String,
    name: String,
    signals: Vec<SignalView>,
    speakers: Option<Table>,
    speakers_at: String,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'r> {
    overview: Table,
    sets: Vec<SetView>,
    configuration: &'r [(String, String)],
}

impl SignalScores {
    fn is_wanted(&self, kind: Kind) -> bool {
        self.wanted.contains(&kind)
    }

    /// Scores of what should and of what should not be accepted; what could not be scored is −∞, or left out.
    fn scores(&self, keep_failed: bool) -> Option<Trials> {
        let of = |is_wanted: bool| {
            let trials = self.trials.iter().filter(|trial| self.is_wanted(trial.kind) == is_wanted);
            trials.filter_map(|trial| trial.score.or(keep_failed.then_some(f32::NEG_INFINITY))).collect()
        };
        Trials::new(of(true), of(false)).ok()
    }
}

/// Writes the page.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(report: &Report, path: &Path) -> anyhow::Result<()> {
    let page = Page {
        overview: tables::overview(&report.sets),
        sets: report.sets.iter().enumerate().map(|(at, set)| set_view(set, at)).collect(),
        configuration: &report.configuration,
    };
    let text = page.render().context("the report's template")?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn set_view(set: &SetReport, at: usize) -> SetView {
    let signal = |(signal_at, signal): (usize, &SignalScores)| SignalView {
        id: format!("set-{at}-{signal_at}"),
        name: signal.name.clone(),
        summary: tables::thresholds(signal),
        charts: charts::all(signal),
        worst: tables::worst(signal),
    };
    SetView {
        id: format!("set-{at}"),
        name: if set.name.is_empty() { "the lists".to_owned() } else { set.name.clone() },
        signals: set.signals.iter().enumerate().map(signal).collect(),
        speakers: (!set.speakers.is_empty()).then(|| tables::speakers(&set.speakers)),
        speakers_at: set.speakers_at.clone(),
    }
}

fn percent(fraction: f64) -> String {
    format!("{:.2} %", fraction * 100.0)
}

fn range(interval: Interval) -> String {
    format!("{:.2}–{:.2} %", interval.low * 100.0, interval.high * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let trial = |at: usize| SignalTrial {
            score: (at != 3).then_some(if at.is_multiple_of(4) { 5.0 } else { -5.0 } + (at % 7) as f32),
            kind: Kind::of(at.is_multiple_of(4), Some(!at.is_multiple_of(5))),
            label: format!("model-{at} <b>&"),
        };
        let signal = SignalScores {
            name: "voice".to_owned(),
            unit: "LLR",
            is_llr: true,
            trials: (0..200).map(trial).collect(),
            wanted: vec![Kind::Target, Kind::OwnerOtherPhrase],
            thresholds: vec![("1%".to_owned(), 0.0), ("0.1%".to_owned(), 2.4)],
            intervals: None,
        };
        let set = SetReport {
            name: "digits/<var>".to_owned(),
            signals: vec![signal],
            speakers: vec![SpeakerRow { speaker: "ann".to_owned(), ..SpeakerRow::default() }],
            speakers_at: "0.1%".to_owned(),
        };
        Report { sets: vec![set], configuration: vec![("model".to_owned(), "m-1".to_owned())] }
    }

    #[test]
    fn the_page_is_whole_escaped_and_the_same_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let page = |name: &str| {
            let path = folder.path().join("new").join(name);
            write(&report(), &path).unwrap();
            std::fs::read_to_string(path).unwrap()
        };
        let text = page("a.html");
        assert_eq!(text, page("b.html"));
        for part in
            ["digits/&#60;var&#62;", "Detection error trade-off", "Reliability", "m-1", "&#60;b&#62;&#38;", "ann"]
        {
            assert!(text.contains(part), "{part}");
        }
        assert_eq!(text.matches("<svg ").count(), 4);
        assert_eq!(text.matches("role=\"img\"").count(), 4);
        assert!(!text.contains("<script") && !text.contains("#000000"));
        let outside = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!outside.contains("http"), "nothing is loaded from elsewhere");
    }

    #[test]
    fn a_set_without_impostors_has_no_charts_but_a_page() {
        let mut report = report();
        report.sets[0].signals[0].trials.retain(|trial| trial.kind == Kind::Target);
        let folder = tempfile::tempdir().unwrap();
        write(&report, &folder.path().join("page.html")).unwrap();
    }
}
