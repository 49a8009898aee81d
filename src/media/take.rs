//! One take while it is spoken: a socket from its start to the end of the turn.

use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Media;
use super::error::StreamError;
use super::pace::Pace;
use super::pause::Pause;
use super::prompt::Prompt;
use super::socket::{MediaMessage, MediaSocket, Received};
use super::speech_batch::SpeechTrack;
use crate::audio::stream::Assembler;
use crate::calls::{Job, Streamed, TakeOrder};
use crate::engine::{Bar, Live, LiveEvent, LiveStep};
use crate::judging::meters;
use crate::types::media::{Frame, MediaEvent, MediaSession, Out, Track};
use crate::vad::{CHUNK, EndpointConfig};

/// Milliseconds in a chunk.
const CHUNK_MS: u64 = CHUNK as u64 / 8;

/// How often a stream looks at the clock: for its deadline, its meters and its ping.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two pings: proxies close sockets that are idle for a minute.
const PING_EVERY: u32 = 15;

/// What a line may take longer than the audio it carries: a stalled network, a slow start.
const SLACK: Duration = Duration::from_secs(10);

/// So much unheard audio is enough: a line that was held up brings less.
const FAR_BEHIND_MS: u32 = 2_000;

/// Messages that may come at once, and for each second since: a whole take in one burst, twice the pace of a line.
const BURST: u64 = 1_000;
const PER_SECOND: u64 = 100;

/// How a stream ended.
pub(super) enum End {
    /// With something to judge.
    Take(Streamed),
    /// With the caller, before there was.
    CallerGone,
}

/// One take while it is heard.
pub(super) struct TakeStream<'s> {
    media: &'s Media,
    session: MediaSession,
    order: TakeOrder,
    prompt: Prompt,
    bar: Bar,
    assembler: Assembler,
    live: Live,
    track: SpeechTrack,
    pause: Pause,
    pace: Pace,
    is_playing: bool,
    is_ending: bool,
    tick: Interval,
    ticks: u32,
    longest: Duration,
    messages: u64,
    frames: u64,
    bytes: Vec<u8>,
    samples: Vec<i16>,
}

impl<'s> TakeStream<'s> {
    pub(super) fn begin(media: &'s Media, order: TakeOrder, session: MediaSession) -> Result<Self, StreamError> {
        let settings = EndpointConfig::default();
        let prompt = Prompt::new(order.sounds.clone(), media.cx.config.streams.tone);
        let spoken_ms = prompt.length_ms();
        let longest_ms = media.cx.config.verification.max_take_s * 1000 + spoken_ms;
        let settings =
            EndpointConfig { no_speech_ms: settings.no_speech_ms + spoken_ms, max_turn_ms: longest_ms, ..settings };
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            assembler: Assembler::new(session.format, session.in_order)?,
            live: media.judge.engine().live(settings, order.expected_ms),
            track: media.batcher.track(),
            bar: order.job.early_bar(),
            pause: Pause::default(),
            pace: Pace::new(Instant::now()),
            is_playing: false,
            is_ending: false,
            tick,
            ticks: 0,
            longest: Duration::from_millis(longest_ms.into()) + SLACK,
            messages: 0,
            frames: 0,
            bytes: Vec::new(),
            samples: Vec::new(),
            media,
            prompt,
            session,
            order,
        })
    }

    /// Speaks, then listens until the turn is over.
    pub(super) async fn hear(&mut self, socket: &mut impl MediaSocket) -> Result<End, StreamError> {
        for message in self.prompt.messages() {
            self.is_playing = true;
            socket.send(message, &self.session.stream_id).await?;
        }
        loop {
            if let Some(end) = self.drive(socket).await? {
                return Ok(end);
            }
            tokio::select! {
                // Whoever sends faster than we hear is not read any faster.
                received = socket.receive(), if self.live.behind_ms() < FAR_BEHIND_MS => {
                    if let Some(end) = self.receive(received)? {
                        return Ok(end);
                    }
                }
                chunk = self.track.heard() => {
                    self.live.heard(chunk.ok_or(StreamError::Model)?);
                    self.is_heard(1);
                }
                found = self.pause.found() => {
                    // Of a challenge every word counts, however well the voice is known.
                    let voiceprint = self.order.voiceprint.as_ref().filter(|_| self.order.job.asked.is_none());
                    let is_clearly = |(found, voiceprint): (&crate::engine::Examined, _)| {
                        self.media.judge.engine().is_clearly(voiceprint, &found.take, &self.bar)
                    };
                    if found.zip(voiceprint).is_some_and(is_clearly) {
                        self.live.recognised();
                    }
                }
                _ = self.tick.tick() => self.look_at_the_clock(socket).await?,
            }
        }
    }

    /// Does what the turn wants done, until it wants nothing.
    async fn drive(&mut self, socket: &mut impl MediaSocket) -> Result<Option<End>, StreamError> {
        loop {
            match self.live.step() {
                LiveStep::Idle if self.is_ending && u64::from(self.live.behind_ms()) < CHUNK_MS => {
                    return Ok(Some(self.conclude()));
                }
                LiveStep::Idle => return Ok(None),
                LiveStep::Hear(chunk) => self.track.show(chunk),
                // In the middle of a phrase it would be for nothing: a third of a turn's work.
                LiveStep::Event(LiveEvent::Speculate) if self.live.endpoint().lacks_much() => {}
                LiveStep::Event(LiveEvent::Speculate) => self.pause.begin(&self.media.judge, self.live.so_far()),
                LiveStep::Event(LiveEvent::Began) => {
                    self.pause.end();
                    self.barge_in(socket).await?;
                }
                LiveStep::Event(LiveEvent::Ended(_)) => return Ok(Some(self.conclude())),
            }
        }
    }

    /// Whoever speaks while we do has heard enough of it.
    async fn barge_in(&mut self, socket: &mut impl MediaSocket) -> Result<(), StreamError> {
        if std::mem::take(&mut self.is_playing) {
            metrics::counter!(meters::BARGE_INS).increment(1);
            socket.send(Out::Clear, &self.session.stream_id).await?;
        }
        Ok(())
    }

    fn receive(&mut self, received: Received<impl MediaMessage>) -> Result<Option<End>, StreamError> {
        self.messages += 1;
        if self.messages > BURST + PER_SECOND * self.pace.age().as_secs() {
            return Err(StreamError::Flood);
        }
        let Some(message) = received.message()? else { return Ok(None) };
        match message.event() {
            Ok(MediaEvent::Frame(frame)) => self.frame(&frame),
            Ok(MediaEvent::Started(_)) => return Err(StreamError::SecondStart),
            Ok(MediaEvent::Stopped) => return Ok(Some(End::CallerGone)),
            Ok(MediaEvent::Key('*')) => return Ok(Some(End::Take(Streamed::Star))),
            // As in a recording, any other key ends the take: with what came before it.
            Ok(MediaEvent::Key(_)) => self.is_ending = true,
            Ok(MediaEvent::Mark(_)) => self.is_playing = false,
            Ok(MediaEvent::Fault(words)) => tracing::warn!(words, "the provider cannot do what a stream asked"),
            Ok(MediaEvent::Connected | MediaEvent::Ignored) => {}
            Err(error) if error.must_close() => return Err(error.into()),
            Err(_) => damaged(),
        }
        Ok(None)
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        if frame.track != Track::Inbound {
            return;
        }
        if frame.payload.decode_into(&mut self.bytes).is_err() {
            return damaged();
        }
        if let Some(at_ms) = frame.at_ms {
            self.pace.came(Instant::now(), at_ms);
        }
        self.samples.clear();
        self.assembler.push(frame.seq, frame.at_ms, &self.bytes, &mut self.samples);
        self.live.push(&self.samples);
    }

    /// The last chunk that was out is back.
    fn is_heard(&mut self, chunks: u64) {
        let until_ms = u64::from(self.live.endpoint().elapsed_ms());
        self.pace.heard(Instant::now(), until_ms.saturating_sub(CHUNK_MS), chunks);
    }

    /// The turn is over: what is left to find out is found out meanwhile.
    fn conclude(&mut self) -> End {
        let pause = std::mem::take(&mut self.pause);
        End::Take(Streamed::Speech {
            since: Instant::now(),
            take: pause.conclude(self.media.judge.clone(), self.live.so_far()),
        })
    }

    async fn look_at_the_clock(&mut self, socket: &mut impl MediaSocket) -> Result<(), StreamError> {
        self.count();
        if self.media.cx.tasks.is_stopping() {
            return Err(StreamError::Stopping);
        }
        if self.pace.age() > self.longest {
            return Err(StreamError::TooSlow);
        }
        self.ticks += 1;
        if self.ticks.is_multiple_of(PING_EVERY) {
            socket.ping().await?;
        }
        Ok(())
    }

    fn count(&mut self) {
        metrics::counter!(meters::STREAM_FRAMES).increment(std::mem::take(&mut self.frames));
        metrics::counter!(meters::STREAM_LATE_FRAMES).increment(self.pace.take_late());
    }

    /// Writes down what the network did.
    pub(super) fn report(&mut self) {
        self.count();
        let stats = self.assembler.stats();
        metrics::counter!(meters::STREAM_LOST_MS).increment(stats.lost_ms);
        metrics::counter!(meters::STREAM_DROPPED).increment(stats.duplicates + stats.late);
        tracing::debug!(
            frames = stats.frames,
            lost_ms = stats.lost_ms,
            duplicates = stats.duplicates,
            late = stats.late,
            reordered = stats.reordered,
            "a stream ended"
        );
    }

    /// What is to be judged.
    pub(super) fn into_job(self) -> Job {
        self.order.job
    }
}

/// A message was no audio although it should be.
pub(crate) fn damaged() {
    metrics::counter!(meters::STREAM_DAMAGED).increment(1);
}
