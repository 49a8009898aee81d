//! One take while it is spoken: its prompt, its speech, the end of the turn.

use std::time::{Duration, Instant};

use super::Media;
use super::error::StreamError;
use super::line::{Limits, LineEvent, MediaLine, SLACK, Wake};
use super::pause::Pause;
use super::prompt::Prompt;
use super::socket::{MediaSocket, Received};
use super::speech_batch::SpeechTrack;
use crate::calls::{Job, Streamed, TakeOrder};
use crate::engine::{Bar, Examined, Live, LiveEvent, LiveStep};
use crate::judging::meters;
use crate::types::media::{MediaSession, Out, Track};
use crate::vad::{CHUNK, EndpointConfig};

/// Milliseconds in a chunk.
const CHUNK_MS: u64 = CHUNK as u64 / 8;

/// How a stream ended.
pub(super) enum End {
    /// With something to judge.
    Take(Streamed),
    /// With the caller, before there was.
    CallerGone,
}

/// One take while it is heard.
pub(super) struct TakeStream<'s, S> {
    media: &'s Media,
    line: MediaLine<'s, S>,
    order: TakeOrder,
    prompt: Prompt,
    bar: Bar,
    live: Live,
    track: SpeechTrack,
    pause: Pause,
    is_playing: bool,
    is_ending: bool,
}

impl<'s, S: MediaSocket> TakeStream<'s, S> {
    pub(super) fn begin(
        media: &'s Media,
        order: TakeOrder,
        session: MediaSession,
        socket: &'s mut S,
    ) -> Result<Self, StreamError> {
        let prompt = Prompt::new(order.sounds.clone(), media.cx.config.streams.tone);
        let played_ms = prompt.length_ms();
        let longest_ms = media.cx.config.verification.max_take_s * 1000 + played_ms;
        let settings = EndpointConfig::default();
        let settings =
            EndpointConfig { no_speech_ms: settings.no_speech_ms + played_ms, max_turn_ms: longest_ms, ..settings };
        let limits = Limits::take(Duration::from_millis(longest_ms.into()) + SLACK);
        Ok(Self {
            line: MediaLine::open(socket, session, &[Track::Inbound], limits, media.cx.tasks.clone())?,
            live: media.judge.engine().live(settings, order.expected_ms),
            track: media.batcher.track(),
            bar: order.job.early_bar(),
            pause: Pause::default(),
            is_playing: false,
            is_ending: false,
            media,
            order,
            prompt,
        })
    }

    /// Plays the prompt, then listens until the turn is over.
    pub(super) async fn hear(&mut self) -> Result<End, StreamError> {
        for message in self.prompt.messages() {
            self.is_playing = true;
            self.line.send(message).await?;
        }
        loop {
            if let Some(end) = self.drive().await? {
                return Ok(end);
            }
            tokio::select! {
                wake = self.line.wait(self.live.behind_ms()) => match wake {
                    Wake::Tick => self.line.look_at_the_clock().await?,
                    Wake::Message(received) => if let Some(end) = self.receive(received)? {
                        return Ok(end);
                    }
                },
                chunk = self.track.heard() => {
                    self.live.heard(chunk.ok_or(StreamError::Model)?);
                    let until_ms = u64::from(self.live.endpoint().elapsed_ms());
                    self.line.heard(until_ms.saturating_sub(CHUNK_MS));
                }
                found = self.pause.found() => {
                    // A challenge is heard to its end, however well the voice is known: every word of it counts.
                    let voiceprint = self.order.voiceprint.as_ref().filter(|_| self.order.job.asked.is_none());
                    let is_clearly = |(found, voiceprint): (&Examined, _)| {
                        self.media.judge.engine().is_clearly(voiceprint, &found.take, &self.bar)
                    };
                    if found.zip(voiceprint).is_some_and(is_clearly) {
                        self.live.recognised();
                    }
                }
            }
        }
    }

    /// Does what the turn wants done, until it wants nothing.
    async fn drive(&mut self) -> Result<Option<End>, StreamError> {
        loop {
            match self.live.step() {
                LiveStep::Idle if self.is_ending && u64::from(self.live.behind_ms()) < CHUNK_MS => {
                    return Ok(Some(self.conclude()));
                }
                LiveStep::Idle => return Ok(None),
                LiveStep::Hear(chunk) => self.track.show(chunk),
                // Examined in the middle of a phrase, speech costs a third of a turn's work for nothing.
                LiveStep::Event(LiveEvent::Speculate) if self.live.endpoint().lacks_much() => {}
                LiveStep::Event(LiveEvent::Speculate) => self.pause.begin(&self.media.judge, self.live.so_far()),
                LiveStep::Event(LiveEvent::Began) => {
                    self.pause.end();
                    self.barge_in().await?;
                }
                LiveStep::Event(LiveEvent::Ended(_)) => return Ok(Some(self.conclude())),
            }
        }
    }

    /// Drops the rest of the prompt: a caller who speaks over it has heard enough.
    async fn barge_in(&mut self) -> Result<(), StreamError> {
        if std::mem::take(&mut self.is_playing) {
            metrics::counter!(meters::BARGE_INS).increment(1);
            self.line.send(Out::Clear).await?;
        }
        Ok(())
    }

    fn receive(&mut self, received: Received<S::Message>) -> Result<Option<End>, StreamError> {
        match self.line.read(received)? {
            LineEvent::Audio { samples, .. } => self.live.push(samples),
            LineEvent::Stopped => return Ok(Some(End::CallerGone)),
            LineEvent::Key('*') => return Ok(Some(End::Take(Streamed::Star))),
            // As in a recording, any other key ends the take: with the speech before it.
            LineEvent::Key(_) => self.is_ending = true,
            LineEvent::Played => self.is_playing = false,
            LineEvent::Nothing => {}
        }
        Ok(None)
    }

    /// Ends the turn; the rest of its speech is examined from now on.
    fn conclude(&mut self) -> End {
        let pause = std::mem::take(&mut self.pause);
        End::Take(Streamed::Speech {
            since: Instant::now(),
            take: pause.conclude(self.media.judge.clone(), self.live.so_far()),
        })
    }

    /// Ends the stream: its line is reported on, its job goes on.
    pub(super) fn into_job(mut self) -> Job {
        self.line.report();
        self.order.job
    }
}
