//! The streams of a call: those it waits for, and those that run beside it.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::call::Call;
use super::event::What;
use super::interpreter::{Go, Open};
use super::report::Fault;
use super::script::Answer;
use super::stream::{self, Listening, Network, Opening, Refused, StreamEnd, Streamed};
use crate::types::Clip8k;

impl Call<'_> {
    /// Opens a stream, carries the caller's part until it is over, and says what comes next.
    pub(super) async fn stream(&mut self, open: &Open) -> Go {
        if self.phone.is_paced {
            tokio::time::sleep(Duration::from_millis(self.line.at_ms().saturating_sub(self.passed_ms))).await;
        }
        let (phone, url) = (self.phone, open.url.clone());
        let start = Instant::now();
        let opened = stream::open(&phone.sockets, &url, &phone.account.token, phone.limits.answer).await;
        let latency = start.elapsed();
        self.line.wait(latency.as_millis() as u64);
        let socket = match opened {
            Ok(socket) => socket,
            Err(Refused { status, message }) => {
                self.line.note(What::StreamRefused { url, status, message });
                self.streams.push(Streamed::new(&open.url));
                return self.line.streamed(StreamEnd::Refused);
            }
        };
        self.line.note(What::StreamOpened { url, latency_ms: stream::milliseconds(latency) });
        self.passed_ms = self.line.at_ms();
        self.tell().await;

        let begin_ms = self.line.at_ms();
        let turn = self.turns.len().saturating_sub(1);
        let Self { line, faults, heard, told, sid, .. } = self;
        let opening = Opening { url: &open.url, account_sid: &phone.account.sid, call_sid: sid, params: &open.params };
        let mut tell = |ms: u64, what: What| {
            line.wait((begin_ms + ms).saturating_sub(line.at_ms()));
            faults.extend(Fault::of(turn, &what));
            line.note(what);
            if let Some(event) = line.events().last() {
                heard(event);
            }
            *told += 1;
        };
        let (streamed, closed) = stream::converse(socket, &opening, &open.answer, &phone.network, &mut tell).await;
        let ended = streamed.ended;
        self.passed_ms = self.line.at_ms();
        self.closed = (ended == StreamEnd::Closed).then_some(closed);
        self.streams.push(streamed);
        self.line.streamed(ended)
    }

    /// Opens the streams that a `<Start>` asked for; the call does not wait for them.
    pub(super) fn start_streams(&mut self) {
        for Open { url, params, answer, tracks } in self.line.started() {
            let nothing = || Clip8k::new(Vec::new());
            let said = if let Answer::Say(said) = answer { said.clip } else { nothing() };
            let listening = Listening {
                url,
                account: self.phone.account.clone(),
                call_sid: self.sid.clone(),
                params,
                inbound: tracks.has_inbound().then_some(said),
                outbound: tracks.has_outbound().then(nothing),
            };
            let (client, network): (_, Network) = (self.phone.sockets.clone(), self.phone.network.clone());
            let task = async move { stream::listen_over(&client, &listening, &network).await };
            self.beside.push(AbortOnDropHandle::new(tokio::spawn(task)));
        }
    }

    /// Lets the streams beside the call come to their end.
    pub(super) async fn end_streams(&mut self) {
        for task in std::mem::take(&mut self.beside) {
            // A stream that panicked has nothing to report; its panic has been printed.
            let Ok((streamed, events)) = task.await else { continue };
            let turn = self.turns.len().saturating_sub(1);
            for what in events {
                self.faults.extend(Fault::of(turn, &what));
                self.line.note(what);
            }
            self.streams.push(streamed);
        }
    }

    /// Notes how long after the close of its stream a document was there.
    pub(super) fn note_verdict(&mut self) {
        if let (Some(closed), Some(stream)) = (self.closed.take(), self.streams.last_mut()) {
            stream.verdict_ms = Some(stream::milliseconds(closed.elapsed()));
        }
    }

    /// Passes on what has happened, in real time when paced.
    pub(super) async fn tell(&mut self) {
        while let Some(event) = self.line.events().get(self.told) {
            if self.phone.is_paced {
                tokio::time::sleep(Duration::from_millis(event.at_ms.saturating_sub(self.passed_ms))).await;
                self.passed_ms = self.passed_ms.max(event.at_ms);
            }
            (self.heard)(event);
            self.told += 1;
        }
    }
}

impl Fault {
    /// An act in a stream that the provider would not take.
    fn of(turn: usize, what: &What) -> Option<Self> {
        let What::Faulted { code, message } = what else { return None };
        Some(Self { turn, code: code.clone(), message: message.clone() })
    }
}
