//! A call for people to read: who said what, when, and how long the answers took.

use std::collections::BTreeMap;

use crate::command::terminal::{Ink, Palette, WIDTH, wrapped};
use crate::phone::{Ended, Event, StreamEnd, What};

/// Room for the time and who speaks, before the text.
const MARGIN: usize = 16;

/// Turns events into lines; a line comes out once the answer to it is known.
pub(super) struct Transcript {
    palette: Palette,
    /// The findings, shown after the answer to the n-th webhook.
    notes: BTreeMap<usize, String>,
    asked: usize,
    pending: Option<Line>,
    asked_ms: Vec<f64>,
    /// From the last word into a stream to its end.
    pause_ms: Option<f64>,
    due: Vec<String>,
}

struct Line {
    at_ms: u64,
    who: &'static str,
    ink: Ink,
    text: String,
}

impl Transcript {
    pub(super) fn new(palette: Palette) -> Self {
        Self::with_notes(palette, BTreeMap::new())
    }

    /// The same with a remark after the answers to some webhooks, counted from 0.
    pub(super) fn with_notes(palette: Palette, notes: BTreeMap<usize, String>) -> Self {
        Self { palette, notes, asked: 0, pending: None, asked_ms: Vec::new(), pause_ms: None, due: Vec::new() }
    }

    /// The lines that are complete with this event.
    pub(super) fn add(&mut self, event: &Event) -> Vec<String> {
        let mut lines = Vec::new();
        let (who, ink, text) = match &event.what {
            What::Asked { latency_ms, .. } => {
                self.asked_ms.push(*latency_ms);
                self.due.extend(self.notes.remove(&self.asked));
                self.asked += 1;
                return lines;
            }
            What::Said { text } => ("line", Ink::Plain, text.clone()),
            What::Played { url } => ("line", Ink::Plain, format!("♪ {url}")),
            What::Pressed { keys } => ("caller", Ink::Caller, format!("presses {}", spelled(keys))),
            What::Spoke { take, words, recorded_ms } => {
                ("caller", Ink::Caller, speech(take, words.as_deref(), *recorded_ms))
            }
            What::StreamOpened { .. } => return lines,
            What::StreamRefused { status, message, .. } => ("fault", Ink::Bad, refusal(*status, message)),
            What::Heard { ms } => ("line", Ink::Plain, format!("♪ {} of sound", seconds(*ms))),
            What::StreamClosed { how, pause_ms } => match self.close(*how, *pause_ms) {
                Some(text) => ("", Ink::Faint, text),
                None => return lines,
            },
            What::Waited { ms } => ("caller", Ink::Faint, format!("(silent for {})", seconds(*ms))),
            What::Redirected { url, claims } => ("line", Ink::Bold, redirection(url, claims.as_ref())),
            What::Dialed { number } => ("line", Ink::Bold, format!("connects {number}")),
            What::Faulted { code, message } => ("fault", Ink::Bad, format!("{code}: {message}")),
            What::Ended { how } => {
                let ink = if how.is_proper() { Ink::Faint } else { Ink::Bad };
                ("", ink, ending(*how).to_owned())
            }
        };
        self.flush(&mut lines);
        self.pending = Some(Line { at_ms: event.at_ms, who, ink, text });
        if matches!(event.what, What::Ended { .. }) {
            self.flush(&mut lines);
        }
        lines
    }

    /// Adds the end of a stream to the line of the caller who spoke into it; gives what needs a line of its own.
    fn close(&mut self, how: StreamEnd, pause_ms: Option<f64>) -> Option<String> {
        let ending = match how {
            StreamEnd::Closed => {
                let is_spoken =
                    self.pending.as_ref().is_some_and(|line| line.who == "caller") && self.asked_ms.is_empty();
                if is_spoken {
                    self.pause_ms = pause_ms;
                    return None;
                }
                "(the line has heard enough)"
            }
            StreamEnd::Broken => "(the stream broke)",
            StreamEnd::TooLong => "(the line does not stop listening)",
            StreamEnd::HungUp | StreamEnd::Stopped | StreamEnd::Refused => return None,
        };
        Some(ending.to_owned())
    }

    /// Writes the line that waited for its answer, then what was found out.
    fn flush(&mut self, lines: &mut Vec<String>) {
        let (asked, pause_ms) = (std::mem::take(&mut self.asked_ms), self.pause_ms.take());
        if let Some(line) = self.pending.take() {
            let mut text = line.text;
            if !asked.is_empty() && line.who == "caller" {
                let times: Vec<String> = asked.iter().map(|ms| format!("{ms:.0}")).collect();
                let heard = pause_ms.map_or_else(String::new, |ms| format!("heard out after {ms:.0} ms, "));
                text = format!("{text} ({heard}answered in {} ms)", times.join(" + "));
            }
            lines.extend(self.set(&clock(line.at_ms), line.who, line.ink, &text));
        }
        for note in std::mem::take(&mut self.due) {
            lines.extend(self.set("", "engine", Ink::Measure, &note));
        }
    }

    fn set(&self, time: &str, who: &str, ink: Ink, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for (row, text) in wrapped(text, WIDTH - MARGIN).iter().enumerate() {
            let (time, who) = if row == 0 { (time, who) } else { ("", "") };
            let time = self.palette.paint(Ink::Faint, &format!("{time:>6}"));
            lines.push(format!("{time}  {who:<6}  {}", self.palette.paint(ink, text)).trim_end().to_owned());
        }
        lines
    }
}

fn speech(take: &str, words: Option<&str>, recorded_ms: u64) -> String {
    let recorded = seconds(recorded_ms);
    match words {
        Some(words) => format!("“{words}” ({take}, {recorded})"),
        None => format!("speaks: {take} ({recorded})"),
    }
}

fn refusal(status: Option<u16>, message: &str) -> String {
    match status {
        Some(status) => format!("the stream was refused with status {status}; the call goes on"),
        None => format!("no stream: {message}; the call goes on"),
    }
}

fn redirection(url: &str, claims: Option<&serde_json::Value>) -> String {
    let bare = url.split('?').next().unwrap_or(url);
    match claims {
        Some(claims) => format!("continues at {bare} with a token that says {claims}"),
        None => format!("continues at {url}"),
    }
}

const fn ending(how: Ended) -> &'static str {
    match how {
        Ended::HungUp => "the line hangs up",
        Ended::CallerHungUp => "the caller hangs up",
        Ended::RanOut => "nothing more to do: the call ends",
        Ended::Redirected => "the call goes on at another application",
        Ended::Dialed => "the call ends after the connection",
        Ended::Rejected => "the call was not taken",
        Ended::Failed => "the server failed: the provider would say that an application error has occurred",
        Ended::TooLong => "the call goes round in circles",
    }
}

fn spelled(keys: &str) -> String {
    keys.chars().map(String::from).collect::<Vec<_>>().join(" ")
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}

fn clock(at_ms: u64) -> String {
    let seconds = at_ms / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(events: &[(u64, What)]) -> Vec<String> {
        let notes = BTreeMap::from([(2, "accept: LLR +9.0 against +3.1".to_owned())]);
        let mut transcript = Transcript::with_notes(Palette::plain(), notes);
        events.iter().flat_map(|(at_ms, what)| transcript.add(&Event { at_ms: *at_ms, what: what.clone() })).collect()
    }

    #[test]
    fn a_call_reads_as_a_conversation_with_times_and_findings() {
        let asked = |url: &str, latency_ms| What::Asked { url: url.to_owned(), status: Some(200), latency_ms };
        let said = |text: &str| What::Said { text: text.to_owned() };
        let spoke =
            What::Spoke { take: "a.wav".to_owned(), words: Some("Never forget".to_owned()), recorded_ms: 3_210 };
        let read = lines(&[
            (0, asked("http://h/incoming_call", 4.0)),
            (4, said("Please speak.")),
            (61_000, spoke),
            (64_000, asked("http://h/call/turn?n=3", 601.2)),
            (64_600, asked("http://h/call/wait?n=3&poll=1", 88.0)),
            (64_700, said("Thank you.")),
            (65_000, What::Ended { how: Ended::HungUp }),
        ]);
        assert_eq!(
            read,
            [
                "  0:00  line    Please speak.",
                "  1:01  caller  “Never forget” (a.wav, 3.2 s) (answered in 601 + 88 ms)",
                "        engine  accept: LLR +9.0 against +3.1",
                "  1:04  line    Thank you.",
                "  1:05          the line hangs up",
            ]
        );
    }

    #[test]
    fn a_stream_reads_as_a_take_that_was_heard_out_and_a_refused_one_as_a_fault() {
        let url = || "ws://h/media".to_owned();
        let spoke = || What::Spoke { take: "a.wav".to_owned(), words: None, recorded_ms: 3_210 };
        let opened = || What::StreamOpened { url: url(), latency_ms: 3.0 };
        let closed = |how, pause_ms| What::StreamClosed { how, pause_ms };
        let asked = || What::Asked { url: "http://h/call/turn".to_owned(), status: Some(200), latency_ms: 31.4 };
        let read = lines(&[
            (2_000, opened()),
            (2_300, What::Heard { ms: 250 }),
            (2_600, spoke()),
            (6_600, closed(StreamEnd::Closed, Some(803.2))),
            (6_600, asked()),
            (7_000, opened()),
            (9_000, closed(StreamEnd::Closed, None)),
            (9_000, What::StreamRefused { url: url(), status: Some(403), message: "refused".to_owned() }),
            (9_500, opened()),
            (9_600, spoke()),
            (9_900, closed(StreamEnd::Broken, None)),
            (9_900, asked()),
            (9_950, What::Ended { how: Ended::HungUp }),
        ]);
        assert_eq!(
            read,
            [
                "  0:02  line    ♪ 0.2 s of sound",
                "  0:02  caller  speaks: a.wav (3.2 s) (heard out after 803 ms, answered in 31 ms)",
                "  0:09          (the line has heard enough)",
                "  0:09  fault   the stream was refused with status 403; the call goes on",
                "  0:09  caller  speaks: a.wav (3.2 s)",
                "  0:09          (the stream broke)",
                "  0:09          the line hangs up",
            ]
        );
    }

    #[test]
    fn long_sentences_are_broken_between_words_and_indented() {
        let read = lines(&[(0, What::Said { text: "word ".repeat(30) }), (0, What::Ended { how: Ended::RanOut })]);
        assert_eq!(read.len(), 3);
        assert!(read[1].starts_with("                word"), "{}", read[1]);
        assert!(read.iter().all(|line| line.chars().count() <= WIDTH));
    }
}
