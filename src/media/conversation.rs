//! One conversation while it is listened to, and how it ends.

use std::time::Duration;

use serde_json::{Value, json};

use super::Media;
use super::error::StreamError;
use super::line::{Limits, LineEvent, MediaLine, SLACK, Wake};
use super::sides::{Examination, Sides};
use super::socket::{MediaSocket, Received};
use crate::engine::{Conversation, ConversationStep, Enrolled, Party, Showing};
use crate::judging::meters;
use crate::scoring::Voiceprint;
use crate::store::{Ending, Listening, Onward};
use crate::types::media::{MediaSession, Track};
use crate::types::{Reason, Verdict};

/// Ticks between two signs of life in the store.
const NOTE_EVERY: u32 = 2;

/// How a conversation ended for us.
enum End {
    /// With a verdict.
    Verdict(Verdict),
    /// The client has stopped the listening, or the caller was erased.
    Stopped,
    /// The caller has withdrawn consent.
    OptedOut,
}

/// One conversation while it is listened to.
struct ConversationStream<'s, S> {
    media: &'s Media,
    line: MediaLine<'s, S>,
    listening: &'s Listening,
    voiceprint: Voiceprint,
    conversation: Conversation,
    sides: Sides,
    examination: Examination,
    showing: Showing,
    limit: Duration,
}

impl Media {
    /// Listens to a conversation until it ends or there is a verdict, and writes down the outcome.
    pub(super) async fn listen(
        &self,
        listening: Listening,
        session: MediaSession,
        socket: &mut impl MediaSocket,
    ) -> Result<(), StreamError> {
        let (outcome, showing) = match ConversationStream::begin(self, &listening, session, socket).await {
            Ok(mut stream) => {
                metrics::gauge!(meters::OPEN_LISTENINGS).increment(1.0);
                let outcome = stream.hear().await;
                metrics::gauge!(meters::OPEN_LISTENINGS).decrement(1.0);
                stream.report();
                (outcome, Some(stream.shown()))
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
            // Where the store fails here, the job that looks for lost listenings ends it later.
            self.jobs.end_listening(&listening.id, ending, showing).await?;
        }
        outcome
    }
}

impl<'s, S: MediaSocket> ConversationStream<'s, S> {
    async fn begin(
        media: &'s Media,
        listening: &'s Listening,
        session: MediaSession,
        socket: &'s mut S,
    ) -> Result<Self, StreamError> {
        let stored = media.cx.store.voiceprint(listening.caller).await?.ok_or(StreamError::NoVoiceprint)?;
        let enrolled = Enrolled::from_bytes(&stored.bytes).map_err(|_| StreamError::NoVoiceprint)?;
        let limit = Duration::from_secs(media.cx.config.listening.limit_s);
        // At the limit and the slack of a line it ends with what it has; the same again is for hearing that.
        let limits = Limits::conversation(limit + 2 * SLACK);
        let tracks = [Track::Inbound, Track::Outbound];
        Ok(Self {
            line: MediaLine::open(socket, session, &tracks, limits, media.cx.tasks.clone())?,
            voiceprint: enrolled.voiceprint().clone(),
            conversation: media.judge.engine().conversation(),
            sides: Sides::new(media),
            examination: Examination::default(),
            showing: Showing::default(),
            limit,
            media,
            listening,
        })
    }

    async fn hear(&mut self) -> Result<End, StreamError> {
        loop {
            if let Some(verdict) = self.drive() {
                return Ok(End::Verdict(verdict));
            }
            tokio::select! {
                wake = self.line.wait(self.conversation.behind_ms()) => match wake {
                    Wake::Message(received) => self.receive(received)?,
                    Wake::Tick => if let Some(end) = self.look_at_the_clock().await? {
                        return Ok(end);
                    }
                },
                chunk = self.sides.customer.heard() => {
                    self.conversation.heard(Party::Customer, chunk.ok_or(StreamError::Model)?);
                    self.line.heard(self.conversation.heard_ms());
                }
                chunk = self.sides.agent.heard() => {
                    self.conversation.heard(Party::Agent, chunk.ok_or(StreamError::Model)?);
                }
                found = self.examination.found() => {
                    let sample = found.map_err(|_| StreamError::Model)?;
                    self.conversation.examined(&sample).map_err(|_| StreamError::Model)?;
                    if let Some(verdict) = self.weigh() {
                        return Ok(End::Verdict(verdict));
                    }
                }
            }
        }
    }

    /// Does what the conversation wants done, until it wants nothing.
    fn drive(&mut self) -> Option<Verdict> {
        loop {
            match self.conversation.step() {
                ConversationStep::Hear(party, chunk) => self.sides.of(party).show(chunk),
                ConversationStep::Examine(spoken) => self.examination.begin(&self.media.judge, spoken),
                ConversationStep::Idle => return None,
                // At the end there always is a verdict; without one the answer is "not authenticated".
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

    fn receive(&mut self, received: Received<S::Message>) -> Result<(), StreamError> {
        match self.line.read(received)? {
            LineEvent::Audio { track, until_ms, samples } => {
                let party = if track == self.listening.track { Party::Customer } else { Party::Agent };
                self.conversation.push(party, samples, until_ms);
                if u128::from(self.line.came_ms()) >= self.limit.as_millis() {
                    self.end();
                }
            }
            LineEvent::Stopped => self.end(),
            LineEvent::Key(_) | LineEvent::Played | LineEvent::Nothing => {}
        }
        Ok(())
    }

    /// Reads no more; the audio that has come is heard to its end.
    fn end(&mut self) {
        self.line.read_no_more();
        self.conversation.end();
    }

    async fn look_at_the_clock(&mut self) -> Result<Option<End>, StreamError> {
        self.line.look_at_the_clock().await?;
        if self.line.age() > self.limit + SLACK {
            self.end();
        }
        if !self.line.ticks().is_multiple_of(NOTE_EVERY) {
            return Ok(None);
        }
        let (id, now) = (&self.listening.id, self.media.cx.now());
        match self.media.cx.store.note_listening(id, &self.shown(), now).await {
            Ok(Onward::GoOn) => Ok(None),
            Ok(Onward::Over) => Ok(Some(End::Stopped)),
            Ok(Onward::OptedOut) => Ok(Some(End::OptedOut)),
            Err(error) => {
                // A store that fails for a moment is no reason to stop listening.
                meters::store_failed("how far a listening has come is not kept", &error);
                Ok(None)
            }
        }
    }

    /// The measurements so far.
    fn shown(&self) -> Value {
        let Showing { cosine, llr, threshold, .. } = self.showing;
        json!(Showing { cosine, llr, threshold, ..self.conversation.showing() })
    }

    /// Writes down what the network did, and how much speech was compared.
    fn report(&mut self) {
        self.line.report();
        let showing = self.conversation.showing();
        metrics::counter!(meters::LISTENING_SPEECH_MS).increment(showing.compared_ms.into());
        metrics::counter!(meters::LISTENING_LEFT_OUT_MS).increment(showing.left_out_ms.into());
    }
}
