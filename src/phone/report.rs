use serde::Serialize;

use super::event::{Ended, Event, What};
use super::stream::{StreamEnd, Streamed};
use super::webhook::Exchange;

/// A call as the phone saw it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The provider's id of the call.
    pub call_sid: String,
    /// How it ended.
    pub ended: Ended,
    /// Every webhook with its answer, in order.
    pub turns: Vec<Turn>,
    /// Every stream the server asked for, refused ones as well; those of `<Start>` come last.
    pub streams: Vec<Streamed>,
    /// Everything that happened, in order.
    pub events: Vec<Event>,
    /// An act of the server that the provider would not take.
    pub violations: Vec<Fault>,
    /// Length of the call on the line's clock.
    pub line_ms: u64,
}

/// One webhook and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    /// Where it went.
    pub url: String,
    /// The status of the answer; none when none came.
    pub status: Option<u16>,
    /// Time to the whole answer.
    pub latency_ms: f64,
    /// Names of the verbs of the answer.
    pub verbs: Vec<String>,
    /// The request itself, to be sent once more.
    #[serde(skip)]
    pub exchange: Exchange,
}

/// Something the provider would not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The turn it happened in, counted from 0.
    pub turn: usize,
    /// The stable machine code.
    pub code: String,
    /// A description, for people.
    pub message: String,
}

impl Report {
    /// Whether the call was conducted as it should be.
    pub fn is_proper(&self) -> bool {
        self.ended.is_proper() && self.violations.is_empty()
    }

    /// Whether a stream was open at any time.
    pub fn has_streamed(&self) -> bool {
        self.streams.iter().any(|stream| stream.ended != StreamEnd::Refused)
    }

    /// The server's words and sounds, in order.
    pub fn said(&self) -> Vec<&str> {
        let said = self.events.iter().filter_map(|event| match &event.what {
            What::Said { text } => Some(text.as_str()),
            What::Played { url } => Some(url.as_str()),
            _ => None,
        });
        said.collect()
    }

    /// Names of the takes the caller spoke, in order.
    pub fn spoken(&self) -> Vec<&str> {
        let spoken = self.events.iter().filter_map(|event| match &event.what {
            What::Spoke { take, .. } => Some(take.as_str()),
            _ => None,
        });
        spoken.collect()
    }

    /// Where the call went on, with what its token says.
    pub fn redirected(&self) -> Option<(&str, Option<&serde_json::Value>)> {
        self.events.iter().find_map(|event| match &event.what {
            What::Redirected { url, claims } => Some((url.as_str(), claims.as_ref())),
            _ => None,
        })
    }

    /// Who was connected.
    pub fn dialed(&self) -> Option<&str> {
        self.events.iter().find_map(|event| match &event.what {
            What::Dialed { number } => Some(number.as_str()),
            _ => None,
        })
    }

    /// The slowest answer.
    pub fn latency_ms_max(&self) -> f64 {
        self.turns.iter().map(|turn| turn.latency_ms).fold(0.0, f64::max)
    }

    /// The report for programs.
    pub fn to_json(&self) -> serde_json::Value {
        let (url, claims) = self.redirected().map_or((None, None), |(url, claims)| (Some(url), claims));
        serde_json::json!({
            "call_sid": self.call_sid,
            "ended": self.ended,
            "turns": self.turns,
            "streams": self.streams,
            "said": self.said(),
            "spoken": self.spoken(),
            "redirected_to": url,
            "token_claims": claims,
            "dialed": self.dialed(),
            "violations": self.violations,
            "latency_ms_max": self.latency_ms_max(),
            "line_ms": self.line_ms,
        })
    }
}
