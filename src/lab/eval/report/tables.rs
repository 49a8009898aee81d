//! Tables of the report.

use super::{Kind, SetReport, SignalScores, SignalTrial, SpeakerRow, Table, percent, range, wilson};

/// As many of the worst trials of each kind are listed: enough to listen to.
const WORST: usize = 10;

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows }
}

/// One row a set and signal.
pub(super) fn overview(sets: &[SetReport]) -> Table {
    let mut rows = Vec::new();
    for set in sets {
        for signal in &set.signals {
            rows.extend(row(&set.name, signal));
        }
    }
    let head =
        ["set", "signal", "targets", "impostors", "EER", "FRR at FAR 1 %", "FRR at FAR 0.1 %", "Cllr", "lowest Cllr"];
    table(&head, rows)
}

fn row(set: &str, signal: &SignalScores) -> Option<Vec<String>> {
    let (all, scored) = (signal.scores(true)?, signal.scores(false));
    let with = |value: String, interval: Option<String>| {
        interval.map_or_else(|| value.clone(), |interval| format!("{value} ({interval})"))
    };
    let found = signal.intervals.as_ref();
    let cllr = scored.as_ref().filter(|_| signal.is_llr);
    Some(vec![
        set.to_owned(),
        signal.name.clone(),
        all.targets().len().to_string(),
        all.impostors().len().to_string(),
        with(percent(all.eer()), found.map(|found| range(found.eer))),
        with(percent(all.frr_at_far(0.01)), found.map(|found| range(found.frr_at_far_1pct))),
        with(percent(all.frr_at_far(0.001)), found.map(|found| range(found.frr_at_far_0_1pct))),
        cllr.map_or("–".to_owned(), |trials| {
            let interval = found.map(|found| format!("{:.3}–{:.3}", found.cllr.low, found.cllr.high));
            with(format!("{:.3}", trials.cllr()), interval)
        }),
        cllr.map_or("–".to_owned(), |trials| format!("{:.3}", trials.min_cllr())),
    ])
}

/// The rate of each kind of trial at each threshold, with the interval of independent trials.
pub(super) fn thresholds(signal: &SignalScores) -> Table {
    let kinds: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| signal.trials.iter().any(|trial| trial.kind == *kind)).collect();
    let mut rows = Vec::new();
    for (name, threshold) in &signal.thresholds {
        let mut row = vec![name.clone(), format!("{threshold:.2}")];
        for &kind in &kinds {
            let of: Vec<&SignalTrial> = signal.trials.iter().filter(|trial| trial.kind == kind).collect();
            let accepted = of.iter().filter(|trial| trial.score.is_some_and(|score| score >= *threshold)).count();
            let wrong = if signal.is_wanted(kind) { of.len() - accepted } else { accepted };
            let rate = wrong as f64 / of.len() as f64;
            row.push(format!("{wrong} of {} = {} ({})", of.len(), percent(rate), range(wilson(wrong, of.len()))));
        }
        rows.push(row);
    }
    let wrong =
        |kind: &Kind| format!("{} {}", kind.name(), if signal.is_wanted(*kind) { "rejected" } else { "accepted" });
    let head = ["aim".to_owned(), format!("threshold, {}", signal.unit)].into_iter().chain(kinds.iter().map(wrong));
    Table { head: head.collect(), rows }
}

/// The wanted trials with the lowest scores and the others with the highest.
pub(super) fn worst(signal: &SignalScores) -> Table {
    let mut rows = Vec::new();
    for is_wanted in [true, false] {
        let mut trials: Vec<&SignalTrial> =
            signal.trials.iter().filter(|trial| signal.is_wanted(trial.kind) == is_wanted).collect();
        let score = |trial: &SignalTrial| trial.score.unwrap_or(f32::NEG_INFINITY);
        trials.sort_by(|a, b| score(a).total_cmp(&score(b)).then_with(|| a.label.cmp(&b.label)));
        if !is_wanted {
            trials.reverse();
        }
        rows.extend(trials.into_iter().take(WORST).map(|trial| {
            let score = trial.score.map_or("not scored".to_owned(), |score| format!("{score:.2}"));
            vec![trial.kind.name().to_owned(), score, trial.label.clone()]
        }));
    }
    table(&["trial", "score", "voiceprint ← recording"], rows)
}

pub(super) fn speakers(speakers: &[SpeakerRow]) -> Table {
    let mean = |mean: Option<f64>| mean.map_or("–".to_owned(), |mean| format!("{mean:.1}"));
    let row = |row: &SpeakerRow| {
        vec![
            row.speaker.clone(),
            row.targets.to_string(),
            percent(row.frr),
            row.impostors_against.to_string(),
            percent(row.far_against),
            row.impostors_by.to_string(),
            percent(row.far_by),
            mean(row.mean_target),
            mean(row.mean_impostor),
        ]
    };
    let head = [
        "speaker",
        "own trials",
        "FRR",
        "others against",
        "FAR against",
        "against others",
        "FAR by",
        "mean own",
        "mean others",
    ];
    table(&head, speakers.iter().map(row).collect())
}
