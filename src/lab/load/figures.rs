//! The figures of a run of many calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::crowd::{Outcome, faults};
use super::gauge::Reading;
use crate::command::terminal::{Ink, Palette, put};

/// The server's figures over a run.
pub(super) struct Meters {
    before: Reading,
    last: Reading,
    rss_mib: Option<f64>,
    streams: Option<f64>,
}

impl Meters {
    pub(super) fn new(before: Reading) -> Self {
        Self { before, last: before, rss_mib: before.rss_mib, streams: None }
    }

    /// Takes one more reading: the last one counts, or the largest one.
    pub(super) fn look(&mut self, now: Reading) {
        let most = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
        self.rss_mib = most(self.rss_mib, now.rss_mib);
        self.streams = most(self.streams, now.open_streams);
        // A server too busy to answer has not forgotten what it counted.
        self.last = Reading {
            cpu_ms: now.cpu_ms.or(self.last.cpu_ms),
            frames: now.frames.or(self.last.frames),
            late_frames: now.late_frames.or(self.last.late_frames),
            ..now
        };
    }

    fn grown(&self, of: impl Fn(&Reading) -> Option<f64>) -> Option<f64> {
        Some(of(&self.last)? - of(&self.before)?)
    }
}

/// The measurements; times in milliseconds.
#[derive(Debug)]
pub(super) struct Figures {
    calls: usize,
    lost: usize,
    reasons: BTreeMap<String, usize>,
    /// Calls with a stream, and calls with a recording: one that fell back from the first to the second is both.
    streamed: usize,
    recorded: usize,
    verdicts: Vec<f64>,
    pauses: Vec<f64>,
    frames: u64,
    client_late_frames: u64,
    server_frames: Option<f64>,
    server_late_frames: Option<f64>,
    cpu_ms: Option<f64>,
    rss_mib: Option<f64>,
    streams_max: Option<f64>,
    own_cpu_ms: Option<u64>,
    /// Of what was streamed, how much the recorded takes are; their own pauses are in it.
    speech_share: Option<f64>,
    rounds: u32,
    seconds: f64,
}

impl Figures {
    pub(super) fn new(outcomes: &[Outcome], meters: &Meters, rounds: u32, seconds: f64) -> Self {
        let sorted = |of: fn(&Outcome) -> &Vec<f64>| {
            let mut times: Vec<f64> = outcomes.iter().flat_map(of).copied().collect();
            times.sort_by(f64::total_cmp);
            times
        };
        let total = |of: fn(&Outcome) -> u64| outcomes.iter().map(of).sum::<u64>();
        let (speech_ms, stream_ms) = (total(|outcome| outcome.speech_ms), total(|outcome| outcome.stream_ms));
        Self {
            calls: outcomes.len(),
            lost: outcomes.iter().filter(|outcome| outcome.lost.is_some()).count(),
            reasons: faults(outcomes),
            streamed: outcomes.iter().filter(|outcome| outcome.has_streamed).count(),
            recorded: outcomes.iter().filter(|outcome| outcome.has_recorded).count(),
            verdicts: sorted(|outcome| &outcome.verdict_ms),
            pauses: sorted(|outcome| &outcome.pause_ms),
            frames: total(|outcome| outcome.frames),
            client_late_frames: total(|outcome| outcome.late_frames),
            speech_share: (stream_ms > 0).then(|| speech_ms as f64 / stream_ms as f64),
            server_frames: meters.grown(|reading| reading.frames),
            server_late_frames: meters.grown(|reading| reading.late_frames),
            cpu_ms: meters.grown(|reading| reading.cpu_ms.map(|ms| ms as f64)),
            rss_mib: meters.rss_mib,
            streams_max: meters.streams,
            own_cpu_ms: None,
            rounds,
            seconds,
        }
    }

    /// With the CPU time of the callers themselves.
    pub(super) fn with_own_cpu(self, own_cpu_ms: Option<u64>) -> Self {
        Self { own_cpu_ms, ..self }
    }

    /// Calls that had a take streamed, and calls that had one recorded.
    pub(super) fn ways(&self) -> (usize, usize) {
        (self.streamed, self.recorded)
    }

    pub(super) fn lost(&self) -> usize {
        self.lost
    }

    /// For programs; what could not be found out is null.
    pub(super) fn to_json(&self) -> Value {
        let ms = |times: &[f64], share| percentile(times, share).map(rounded);
        json!({
            "calls": self.calls,
            "lost": self.lost,
            "lost_reasons": self.reasons,
            "streamed": self.streamed,
            "recorded": self.recorded,
            "verdict_ms_p50": ms(&self.verdicts, 0.5),
            "verdict_ms_p95": ms(&self.verdicts, 0.95),
            "verdict_ms_p99": ms(&self.verdicts, 0.99),
            "verdict_ms_max": ms(&self.verdicts, 1.0),
            "pause_ms_p50": ms(&self.pauses, 0.5),
            "pause_ms_p95": ms(&self.pauses, 0.95),
            "pause_ms_max": ms(&self.pauses, 1.0),
            "late_frames": self.server_late_frames,
            "client_late_frames": self.client_late_frames,
            "client_frames": self.frames,
            "server_frames": self.server_frames,
            "server_cpu_ms_per_call": self.cpu_ms_per_call().map(rounded),
            "client_cpu_ms_per_call":
                self.own_cpu_ms.filter(|_| self.calls > 0).map(|ms| rounded(ms as f64 / self.calls as f64)),
            "server_cpu_share": self.cpu_ms.map(|ms| rounded(ms / 1000.0 / self.seconds.max(0.001))),
            "server_rss_mib": self.rss_mib.map(rounded),
            "streams_max": self.streams_max,
            "speech_share": self.speech_share.map(rounded),
            "rounds": self.rounds,
            "seconds": rounded(self.seconds),
        })
    }

    fn cpu_ms_per_call(&self) -> Option<f64> {
        self.cpu_ms.filter(|_| self.calls > 0).map(|ms| ms / self.calls as f64)
    }

    /// For people.
    pub(super) fn print(&self) {
        let palette = Palette::of_stdout();
        let number = |value: Option<f64>, unit: &str| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0} {unit}").trim_end().to_owned())
        };
        let times = |times: &[f64]| {
            let at = |share| number(percentile(times, share), "");
            format!("median {}, p95 {}, p99 {}, most {} ms", at(0.5), at(0.95), at(0.99), at(1.0))
        };
        let reasons: Vec<String> = self.reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let (ink, lost) = match self.lost {
            0 => (Ink::Good, "none lost".to_owned()),
            lost => (Ink::Bad, format!("{lost} lost ({})", reasons.join(", "))),
        };
        put(&format!("{} calls in {:.1} s, {}", self.calls, self.seconds, palette.paint(ink, &lost)));
        if self.streamed > 0 && self.recorded > 0 {
            put(&format!("{} calls had a take streamed, {} one recorded", self.streamed, self.recorded));
        }
        put(&format!("verdict after the end of speech: {}", times(&self.verdicts)));
        if !self.pauses.is_empty() {
            put(&format!("end of speech after the last word: {}", times(&self.pauses)));
            put(&format!(
                "late frames: {} at the server, {} sent late, of {} frames; at most {} streams at once",
                number(self.server_late_frames, ""),
                self.client_late_frames,
                self.frames,
                number(self.streams_max, "")
            ));
        }
        put(&format!(
            "server: {} of CPU time a call, at most {} resident",
            number(self.cpu_ms_per_call(), "ms"),
            number(self.rss_mib, "MiB")
        ));
    }
}

/// The nearest rank: the smallest of the sorted values that at least this share does not exceed.
pub(super) fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

pub(super) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        // The example of https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
        let values = [15.0, 20.0, 35.0, 40.0, 50.0];
        let found = [0.05, 0.3, 0.4, 0.5, 1.0].map(|share| percentile(&values, share));
        assert_eq!(found, [15.0, 20.0, 20.0, 35.0, 50.0].map(Some));
        assert_eq!(
            (percentile(&[], 0.5), percentile(&[7.0], 0.99), percentile(&values, 0.0)),
            (None, Some(7.0), Some(15.0))
        );
    }

    fn outcome(verdict_ms: f64, lost: Option<&str>) -> Outcome {
        let lost = lost.map(str::to_owned);
        Outcome {
            lost,
            verdict_ms: vec![verdict_ms],
            pause_ms: vec![800.0],
            late_frames: 1,
            frames: 250,
            speech_ms: 4_000,
            stream_ms: 5_000,
            has_streamed: true,
            has_recorded: false,
        }
    }

    #[test]
    fn programs_find_every_figure_by_its_name_and_null_for_what_is_not_known() {
        let before = Reading { cpu_ms: Some(1_000), late_frames: Some(5.0), ..Reading::default() };
        let mut meters = Meters::new(before);
        meters.look(Reading { rss_mib: Some(300.0), open_streams: Some(2.0), ..Reading::default() });
        meters.look(Reading {
            cpu_ms: Some(1_300),
            late_frames: Some(7.0),
            rss_mib: Some(200.0),
            ..Reading::default()
        });
        let outcomes = [outcome(30.0, None), outcome(10.0, Some("http_status")), outcome(20.0, None)];
        let figures = Figures::new(&outcomes, &meters, 1, 12.5);
        let json = figures.to_json();
        let expected = json!({
            "calls": 3, "lost": 1, "verdict_ms_p50": 20.0, "verdict_ms_p95": 30.0, "verdict_ms_p99": 30.0,
            "verdict_ms_max": 30.0, "late_frames": 2.0, "client_late_frames": 3, "server_cpu_ms_per_call": 100.0,
            "server_rss_mib": 300.0, "pause_ms_p50": 800.0, "pause_ms_p95": 800.0, "streams_max": 2.0, "rounds": 1,
            "seconds": 12.5, "streamed": 3, "recorded": 0, "speech_share": 0.8, "lost_reasons": { "http_status": 1 },
        });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&json[name], value, "{name}");
        }
        let nothing = Figures::new(&[], &Meters::new(Reading::default()), 1, 0.0).to_json();
        for name in ["verdict_ms_p50", "late_frames", "server_cpu_ms_per_call", "server_rss_mib"] {
            assert!(nothing.as_object().unwrap().contains_key(name) && nothing[name].is_null(), "{name}");
        }
    }
}
