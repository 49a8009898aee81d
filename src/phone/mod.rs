//! The other end of the line: a simulated phone, and the provider between it and us.
//!
//! A [`Phone`] places calls the way the provider does: it signs webhooks, does what the replies say ([`Interpreter`])
//! and leaves [`Recordings`], which a [`Provider`] hands out over its REST API. Nothing here knows the server; all it
//! sees is what the wire shows. A stream ([`Network`]) is a real WebSocket that carries what a recording would have
//! carried, and ends when the server closes it. Time on the line is virtual unless [`Phone::paced`]: five seconds of
//! speech take none.

mod accepts;
mod account;
mod call;
mod digits;
mod event;
mod interpreter;
mod noise;
mod provider;
mod recorder;
mod recording_folder;
mod recordings;
mod report;
mod script;
mod stream;
mod streaming;
mod telephone;
mod utterance;
mod webhook;

pub use accepts::{Connect, Dial, Document, Gather, Method, Record, Start, Tracks, Verb, Violation, check};
pub use account::Account;
pub use digits::DigitVoice;
pub use event::{Ended, Event, What};
pub use interpreter::{Fetch, Go, Interpreter, Limits, Open, Silence};
pub use provider::Provider;
pub use recordings::{Lag, Recordings, Trouble};
pub use report::{Fault, Report, Turn};
pub use script::{Answer, Question, Script};
pub use stream::{Listening, Network, Pace, StreamEnd, Streamed, listen};
pub use telephone::{Outgoing, Phone, Repeat};
pub use utterance::{Then, Utterance};
pub use webhook::Exchange;
