//! One conversation while it is listened to, and how it ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Media;
use super::error::StreamError;
use super::pace::Pace;
use super::sides::{Examination, Sides};
use super::socket::{MediaMessage, MediaSocket, Received};
use super::take::damaged;
use crate::engine::{Conversation, ConversationStep, Enrolled, Party, Showing};
use crate::judging::meters;
use crate::scoring::Voiceprint;
use crate::store::{Ending, Listening, Onward};
use crate::types::media::{Frame, MediaEvent, MediaSession};
use crate::types::{Reason, Verdict};

/// How often a stream looks at the clock: for its limit, its meters and its ping.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two signs of life in the store, and between two pings.
const NOTE_EVERY: u32 = 2;
const PING_EVERY: u32 = 15;

/// What a line may take longer than the audio it carries: a stalled network, a slow start.
const SLACK: Duration = Duration::from_secs(10);

/// So much unheard audio is enough: a line that was held up brings less.
const FAR_BEHIND_MS: u32 = 2_000;

/// Messages that may come at once, and for each second since: two tracks bring 100 a second.
const BURST: u64 = 2_000;
const PER_SECOND: u64 = 200;

/// How a conversation ended for us.
enum End {
    /// With a verdict.
    Verdict(Verdict),
    /// Somebody has stopped it, or erased the caller.
    Stopped,
    /// The caller has withdrawn consent.
    OptedOut,
}

/// One conversation while it is listened to.
struct ConversationStream<'s> {
    media: &'s Media,
    listening: &'s Listening,
    voiceprint: Voiceprint,
    conversation: Conversation,
    sides: Sides,
    examination: Examination,
    showing: Showing,
    pace: Pace,
    limit: Duration,
    is_ending: bool,
    tick: Interval,
    ticks: u32,
    messages: u64,
    frames: u64,
    bytes: Vec<u8>,
    samples: Vec<i16>,
}

impl Media {
    /// Listens to a conversation to its end, or ours, and writes down what came of it.
    pub(super) async fn listen(
        &self,
        listening: Listening,
        session: MediaSession,
        socket: &mut impl MediaSocket,
    ) -> Result<(), StreamError> {
        let (outcome, showing) = match ConversationStream::begin(self, &listening, &session).await {
            Ok(mut hearing) => {
                metrics::gauge!(meters::OPEN_LISTENINGS).increment(1.0);
                let outcome = hearing.hear(socket).await;
                metrics::gauge!(meters::OPEN_LISTENINGS).decrement(1.0);
                hearing.report();
                (outcome, Some(hearing.shown()))
            }
            Err(fault) => (Err(fault), None),
        };
        let (ending, outcome) = match outcome {
            Ok(End::Verdict(verdict)) => (Some(Ending::Verdict(verdict)), Ok(())),
            Ok(End::OptedOut) => (Some(Ending::Failed(Reason::OptedOut.code())), Ok(())),
            Ok(End::Stopped) => (None, Ok(())),
            Err(fault) => (Some(Ending::Failed(fault.code())), Err(fault)),
        };
        if let Some(ending) = ending {
            // Where the store fails here, the job that looks for listenings without a listener ends it later.
            self.jobs.end_listening(&listening.id, ending, showing).await?;
        }
        outcome
    }
}

impl<'s> ConversationStream<'s> {
    async fn begin(media: &'s Media, listening: &'s Listening, session: &MediaSession) -> Result<Self, StreamError> {
        let stored = media.cx.store.voiceprint(listening.caller).await?.ok_or(StreamError::NoVoiceprint)?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            voiceprint: Enrolled::from_bytes(&stored.bytes)
                .map_err(|_| StreamError::NoVoiceprint)?
                .voiceprint()
                .clone(),
            conversation: media.judge.engine().conversation(),
            sides: Sides::new(media, session.format, session.in_order)?,
            examination: Examination::default(),
            showing: Showing::default(),
            pace: Pace::new(Instant::now()),
            limit: Duration::from_secs(media.cx.config.listening.limit_s),
            is_ending: false,
            tick,
            ticks: 0,
            messages: 0,
            frames: 0,
            bytes: Vec::new(),
            samples: Vec::new(),
            media,
            listening,
        })
    }

    async fn hear(&mut self, socket: &mut impl MediaSocket) -> Result<End, StreamError> {
        loop {
            if let Some(verdict) = self.drive() {
                return Ok(End::Verdict(verdict));
            }
            let may_read = !self.is_ending && self.conversation.behind_ms() < FAR_BEHIND_MS;
            tokio::select! {
                // Whoever sends faster than we hear is not read any faster.
                received = socket.receive(), if may_read => self.receive(received)?,
                chunk = self.sides.customer.track.heard() => {
                    self.conversation.heard(Party::Customer, chunk.ok_or(StreamError::Model)?);
                    self.pace.heard(Instant::now(), self.conversation.heard_ms(), 1);
                }
                chunk = self.sides.agent.track.heard() => {
                    self.conversation.heard(Party::Agent, chunk.ok_or(StreamError::Model)?);
                }
                found = self.examination.found() => {
                    let sample = found.map_err(|_| StreamError::Model)?;
                    self.conversation.examined(&sample).map_err(|_| StreamError::Model)?;
                    if let Some(verdict) = self.weigh() {
                        return Ok(End::Verdict(verdict));
                    }
                }
                _ = self.tick.tick() => {
                    if let Some(end) = self.look_at_the_clock(socket).await? {
                        return Ok(end);
                    }
                }
            }
        }
    }

    /// Does what the conversation wants done, until it wants nothing.
    fn drive(&mut self) -> Option<Verdict> {
        loop {
            match self.conversation.step() {
                ConversationStep::Hear(party, chunk) => self.sides.of(party).track.show(chunk),
                ConversationStep::Examine(spoken) => self.examination.begin(&self.media.judge, spoken),
                ConversationStep::Idle => return None,
                // There always is one at the end; without it, nobody would be authenticated.
                ConversationStep::Over => {
                    return self.weigh().or(Some(Verdict::Reject { reason: Reason::Unavailable }));
                }
            }
        }
    }

    fn weigh(&mut self) -> Option<Verdict> {
        let strictness = self.listening.strictness;
        let (verdict, showing) = self.media.judge.engine().weigh(&self.voiceprint, &self.conversation, strictness);
        self.showing = showing;
        verdict
    }

    fn receive(&mut self, received: Received<impl MediaMessage>) -> Result<(), StreamError> {
        self.messages += 1;
        if self.messages > BURST + PER_SECOND * self.pace.age().as_secs() {
            return Err(StreamError::Flood);
        }
        let Some(message) = received.message()? else { return Ok(()) };
        match message.event() {
            Ok(MediaEvent::Frame(frame)) => self.frame(&frame),
            Ok(MediaEvent::Started(_)) => return Err(StreamError::SecondStart),
            Ok(MediaEvent::Stopped) => self.end(),
            Ok(MediaEvent::Fault(words)) => tracing::warn!(words, "the provider cannot do what a stream asked"),
            Ok(MediaEvent::Key(_) | MediaEvent::Mark(_) | MediaEvent::Connected | MediaEvent::Ignored) => {}
            Err(error) if error.must_close() => return Err(error.into()),
            Err(_) => damaged(),
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        let party = if frame.track == self.listening.track { Party::Customer } else { Party::Agent };
        if frame.payload.decode_into(&mut self.bytes).is_err() {
            return damaged();
        }
        if let Some(at_ms) = frame.at_ms {
            self.pace.came(Instant::now(), at_ms);
        }
        self.sides.of(party).push(frame.seq, frame.at_ms, &self.bytes, &mut self.samples);
        let until_ms = frame.at_ms.map(|at_ms| at_ms + self.samples.len() as u64 / 8);
        self.conversation.push(party, &self.samples, until_ms);
        if u128::from(self.sides.came_ms()) >= self.limit.as_millis() {
            self.end();
        }
    }

    /// Nothing follows: what is there is heard to its end.
    fn end(&mut self) {
        self.is_ending = true;
        self.conversation.end();
    }

    async fn look_at_the_clock(&mut self, socket: &mut impl MediaSocket) -> Result<Option<End>, StreamError> {
        self.count();
        if self.media.cx.tasks.is_stopping() {
            return Err(StreamError::Stopping);
        }
        if self.pace.age() > self.limit + 2 * SLACK {
            return Err(StreamError::TooSlow);
        }
        if self.pace.age() > self.limit + SLACK {
            self.end();
        }
        self.ticks += 1;
        if self.ticks.is_multiple_of(PING_EVERY) {
            socket.ping().await?;
        }
        if !self.ticks.is_multiple_of(NOTE_EVERY) {
            return Ok(None);
        }
        let (id, now) = (&self.listening.id, self.media.cx.now());
        match self.media.cx.store.note_listening(id, &self.shown(), now).await {
            Ok(Onward::GoOn) => Ok(None),
            Ok(Onward::Over) => Ok(Some(End::Stopped)),
            Ok(Onward::OptedOut) => Ok(Some(End::OptedOut)),
            Err(error) => {
                // A moment's trouble of the store is no reason to stop listening.
                meters::store_failed("how far a listening has come is not kept", &error);
                Ok(None)
            }
        }
    }

    /// What was measured so far.
    fn shown(&self) -> Value {
        let Showing { cosine, llr, threshold, .. } = self.showing;
        json!(Showing { cosine, llr, threshold, ..self.conversation.showing() })
    }

    fn count(&mut self) {
        metrics::counter!(meters::STREAM_FRAMES).increment(std::mem::take(&mut self.frames));
        metrics::counter!(meters::STREAM_LATE_FRAMES).increment(self.pace.take_late());
    }

    /// Writes down what the network did, and how much it took.
    fn report(&mut self) {
        self.count();
        for stats in [self.sides.customer.assembler.stats(), self.sides.agent.assembler.stats()] {
            metrics::counter!(meters::STREAM_LOST_MS).increment(stats.lost_ms);
            metrics::counter!(meters::STREAM_DROPPED).increment(stats.duplicates + stats.late);
        }
        let showing = self.conversation.showing();
        metrics::counter!(meters::LISTENING_SPEECH_MS).increment(showing.compared_ms.into());
        metrics::counter!(meters::LISTENING_LEFT_OUT_MS).increment(showing.left_out_ms.into());
    }
}
