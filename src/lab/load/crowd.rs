//! Many callers at once, begun at a steady rate.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::enrolled_voices::EnrolledVoices;
use super::figures::{Figures, Meters};
use super::gauge::{self, Gauge};
use super::watch::Watch;
use crate::phone::{Network, Outgoing, Phone, Report, What};

/// How often the server is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The silence in which a server finds that a take is over; as `pause_ms_p50` shows it on an idle machine.
const TRAILING_MS: f64 = 650.0;
/// The server takes five seconds without a word for silence; we stay below, after its tone as well.
const PATIENCE_MS: f64 = 4_000.0;

/// The callers, before they call.
pub(super) struct Crowd {
    pub(super) phone: Phone,
    pub(super) outgoing: Outgoing,
    pub(super) network: Network,
    /// The share of speech in each stream, if it matters.
    pub(super) speech_share: Option<f64>,
    pub(super) calls: u32,
    /// Callers begun in a second.
    pub(super) rate: f64,
    pub(super) rounds: u32,
    pub(super) accept_words: String,
}

/// The outcome of one call.
pub(super) struct Outcome {
    /// Why it is lost, if it is.
    pub(super) lost: Option<String>,
    /// From the server's close, or from the recording's end, to the next document, of each take.
    pub(super) verdict_ms: Vec<f64>,
    /// From the last sound to the server's close, of each take.
    pub(super) pause_ms: Vec<f64>,
    pub(super) late_frames: u64,
    pub(super) frames: u64,
    /// Speech in streams, and their length.
    pub(super) speech_ms: u64,
    pub(super) stream_ms: u64,
    /// Whether a take went through a stream.
    pub(super) has_streamed: bool,
    /// Whether a take was recorded.
    pub(super) has_recorded: bool,
}

impl Crowd {
    /// Lets everybody call, and counts until the last one has hung up.
    pub(super) async fn call(self, voices: &EnrolledVoices, gauge: Gauge) -> anyhow::Result<Figures> {
        let watch = Watch::calling(u64::from(self.calls) * u64::from(self.rounds))?;
        let before = gauge.read().await;
        let own_before = gauge::own_cpu_ms();
        let (begun, open) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut callers = JoinSet::new();
        for n in 0..self.calls {
            let starts = tokio::time::Instant::now() + Duration::from_secs_f64(f64::from(n) / self.rate);
            let (caller, tell, open) = (self.caller(voices, n), tell.clone(), Arc::clone(&open));
            callers.spawn(async move {
                tokio::time::sleep_until(starts).await;
                for _ in 0..caller.rounds {
                    open.fetch_add(1, Ordering::Relaxed);
                    let outcome = caller.call().await;
                    open.fetch_sub(1, Ordering::Relaxed);
                    // The receiver is gone when the run is interrupted.
                    let _ = tell.send(outcome);
                }
            });
        }
        drop(tell);
        let mut meters = Meters::new(before);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let (mut outcomes, mut lost) = (Vec::new(), 0);
        loop {
            tokio::select! {
                outcome = told.recv() => {
                    let Some(outcome) = outcome else { break };
                    lost += usize::from(outcome.lost.is_some());
                    outcomes.push(outcome);
                    watch.advance();
                }
                _ = looks.tick() => meters.look(gauge.read().await),
            }
            let latest = outcomes.last().and_then(|outcome: &Outcome| outcome.verdict_ms.last().copied());
            watch.say(open.load(Ordering::Relaxed), lost, latest);
        }
        let seconds = begun.elapsed().as_secs_f64();
        meters.look(gauge.read().await);
        watch.end();
        let own_cpu_ms = gauge::own_cpu_ms().zip(own_before).map(|(after, before)| after - before);
        Ok(Figures::new(&outcomes, &meters, self.rounds, seconds).with_own_cpu(own_cpu_ms))
    }

    fn caller(&self, voices: &EnrolledVoices, n: u32) -> LoadCaller {
        let (script, speech_ms) = voices.script(n as usize);
        let lead_in_ms = self.speech_share.map_or(self.network.lead_in_ms, |share| lead_in_ms(speech_ms, share));
        let network = Network { lead_in_ms, seed: u64::from(n), ..self.network.clone() };
        LoadCaller {
            phone: self.phone.clone().with_network(network),
            outgoing: self.outgoing.clone(),
            script,
            rounds: self.rounds,
            accept_words: self.accept_words.clone(),
        }
    }
}

/// How long to be silent before speaking, so that speech is this share of the whole, as far as the server waits.
fn lead_in_ms(speech_ms: u64, share: f64) -> u64 {
    let speech_ms = speech_ms as f64;
    (speech_ms / share - speech_ms - TRAILING_MS).clamp(0.0, PATIENCE_MS) as u64
}

struct LoadCaller {
    phone: Phone,
    outgoing: Outgoing,
    script: crate::phone::Script,
    rounds: u32,
    accept_words: String,
}

impl LoadCaller {
    async fn call(&self) -> Outcome {
        let report = self.phone.call(&self.outgoing, self.script.clone()).await;
        let streams = || report.streams.iter();
        let recorded = recorded(&report);
        Outcome {
            lost: self.fault(&report),
            has_streamed: report.has_streamed(),
            has_recorded: !recorded.is_empty(),
            verdict_ms: streams().filter_map(|stream| stream.verdict_ms).chain(recorded).collect(),
            pause_ms: streams().filter_map(|stream| stream.pause_ms).collect(),
            late_frames: streams().map(|stream| stream.late_frames).sum(),
            frames: streams().map(|stream| stream.frames).sum(),
            speech_ms: if report.has_streamed() { spoken_ms(&report) } else { 0 },
            stream_ms: streams().map(|stream| stream.line_ms).sum(),
        }
    }

    /// Why the call is lost, in as few words as can be counted.
    fn fault(&self, report: &Report) -> Option<String> {
        if let Some(fault) = report.violations.first() {
            return Some(fault.code.clone());
        }
        if !report.ended.is_proper() {
            return Some(report.ended.code().to_owned());
        }
        let is_accepted = report.said().iter().any(|said| said.contains(&self.accept_words));
        (!is_accepted).then(|| "not_accepted".to_owned())
    }
}

fn spoken_ms(report: &Report) -> u64 {
    let ms = |what: &What| if let What::Spoke { recorded_ms, .. } = what { *recorded_ms } else { 0 };
    report.events.iter().map(|event| ms(&event.what)).sum()
}

/// After each recording the time of its webhook and of those that only wait for its verdict.
fn recorded(report: &Report) -> Vec<f64> {
    let (mut times, mut is_open, mut is_streaming) = (Vec::new(), false, false);
    for event in &report.events {
        match &event.what {
            What::StreamOpened { .. } => (is_streaming, is_open) = (true, false),
            What::StreamClosed { .. } => is_streaming = false,
            What::Spoke { .. } if !is_streaming => {
                times.push(0.0);
                is_open = true;
            }
            What::Asked { latency_ms, .. } if is_open => {
                if let Some(time) = times.last_mut() {
                    *time += latency_ms;
                }
            }
            // Something is asked of the caller, or the call is over.
            What::Pressed { .. } | What::Waited { .. } | What::Ended { .. } => is_open = false,
            _ => {}
        }
    }
    times
}

/// How often each fault was seen.
pub(super) fn faults(outcomes: &[Outcome]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for fault in outcomes.iter().filter_map(|outcome| outcome.lost.clone()) {
        *counted.entry(fault).or_default() += 1;
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_before_speech_makes_up_the_rest_of_a_stream() {
        assert_eq!([0.05, 0.4, 0.5, 1.0].map(|share| lead_in_ms(4_000, share)), [4_000, 4_000, 3_350, 0]);
    }
}
