//! One line: a socket under a take or a conversation, from its start to its end.
//!
//! The line receives, decodes and puts in order the provider's messages, keeps to the limits of its stream, looks at
//! the clock, and counts what the network did. [`TakeStream`](super::take::TakeStream) and
//! `ConversationStream` own one each and decide what its audio means.

mod decoder;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::error::StreamError;
use super::pace::Pace;
use super::socket::{MediaMessage, MediaSocket, Received};
use crate::judging::{Tasks, meters};
use crate::types::media::{Frame, MediaEvent, MediaSession, Out, Track};
use decoder::Decoder;

/// How often a line looks at the clock: for its limit, its meters and its ping.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two pings: proxies close sockets that are idle for a minute.
const PING_EVERY: u32 = 15;

/// How much longer a line may take than the audio it carries: a stalled network, a slow start.
pub(super) const SLACK: Duration = Duration::from_secs(10);

/// Unheard audio from which on no more is read: the network holds the rest back until this much is heard.
const FAR_BEHIND_MS: u32 = 2_000;

/// Limits of one kind of stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Messages that may come at once.
    pub(super) burst: u64,
    /// Messages that may come for each second since the start.
    pub(super) per_second: u64,
    /// How long the line may be open.
    pub(super) longest: Duration,
}

impl Limits {
    /// Limits of a take: one track brings 50 frames a second. A whole take may come in one burst, then twice that pace.
    pub(super) const fn take(longest: Duration) -> Self {
        Self { burst: 1_000, per_second: 100, longest }
    }

    /// Limits of a conversation: two tracks bring 100 frames a second, so twice a take's.
    pub(super) const fn conversation(longest: Duration) -> Self {
        Self { burst: 2_000, per_second: 200, longest }
    }
}

/// A socket under a take or a conversation.
pub(super) struct MediaLine<'s, S> {
    socket: &'s mut S,
    stream_id: String,
    decoder: Decoder,
    limits: Limits,
    pace: Pace,
    tick: Interval,
    ticks: u32,
    tasks: Tasks,
    messages: u64,
    /// Frames since they were counted last.
    frames: u64,
    is_read: bool,
}

/// One reason for a line to wake its stream.
#[derive(Debug)]
pub(super) enum Wake<M> {
    /// Something came in: [`MediaLine::read`] tells its meaning.
    Message(Received<M>),
    /// A second has passed: time for [`MediaLine::look_at_the_clock`].
    Tick,
}

/// One message's meaning to the stream above the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineEvent<'l> {
    /// Samples of a track that are due, and the time of the stream at which the frame ends.
    Audio {
        /// The track they belong to.
        track: Track,
        /// The end of the frame in milliseconds since the stream began, where the provider says it.
        until_ms: Option<u64>,
        /// At 8 kHz, in the order they were spoken; empty where the frame has to wait for another.
        samples: &'l [i16],
    },
    /// The caller pressed a key.
    Key(char),
    /// Everything sent so far was played.
    Played,
    /// The provider says that the stream is over.
    Stopped,
    /// Nothing to act on.
    Nothing,
}

impl<'s, S: MediaSocket> MediaLine<'s, S> {
    /// A line whose start message has come; it listens to these tracks and leaves others alone.
    ///
    /// # Errors
    /// [`StreamError::Audio`] for a format that cannot be decoded.
    pub(super) fn open(
        socket: &'s mut S,
        session: MediaSession,
        tracks: &[Track],
        limits: Limits,
        tasks: Tasks,
    ) -> Result<Self, StreamError> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            decoder: Decoder::new(session.format, session.in_order, tracks)?,
            stream_id: session.stream_id,
            pace: Pace::new(Instant::now()),
            socket,
            limits,
            tick,
            ticks: 0,
            tasks,
            messages: 0,
            frames: 0,
            is_read: false,
        })
    }

    /// Waits for a message or the next tick. Nothing is lost when this is given up before it is done.
    ///
    /// A line with too much audio that was not heard yet is not read, so that a peer cannot send faster than we hear.
    pub(super) async fn wait(&mut self, behind_ms: u32) -> Wake<S::Message> {
        let may_read = !self.is_read && behind_ms < FAR_BEHIND_MS;
        tokio::select! {
            received = self.socket.receive(), if may_read => Wake::Message(received),
            _ = self.tick.tick() => Wake::Tick,
        }
    }

    /// Leaves unread what may still come: the stream has all it wants.
    pub(super) fn read_no_more(&mut self) {
        self.is_read = true;
    }

    /// Tells the meaning of a message; a damaged one is counted and costs its audio.
    ///
    /// # Errors
    /// [`StreamError`] when the line must close: a flood, a binary message, a second start, a socket that is gone.
    pub(super) fn read(&mut self, received: Received<S::Message>) -> Result<LineEvent<'_>, StreamError> {
        self.messages += 1;
        if self.messages > self.limits.burst + self.limits.per_second * self.age().as_secs() {
            return Err(StreamError::Flood);
        }
        let Some(message) = received.message()? else { return Ok(LineEvent::Nothing) };
        match message.event() {
            Ok(MediaEvent::Frame(frame)) => return Ok(self.frame(&frame)),
            Ok(MediaEvent::Key(key)) => return Ok(LineEvent::Key(key)),
            Ok(MediaEvent::Mark(_)) => return Ok(LineEvent::Played),
            Ok(MediaEvent::Stopped) => return Ok(LineEvent::Stopped),
            Ok(MediaEvent::Started(_)) => return Err(StreamError::SecondStart),
            Ok(MediaEvent::Fault(words)) => tracing::warn!(words, "the provider cannot do what a stream asked"),
            Ok(MediaEvent::Connected | MediaEvent::Ignored) => {}
            Err(error) if error.must_close() => return Err(error.into()),
            Err(_) => damaged(),
        }
        Ok(LineEvent::Nothing)
    }

    fn frame(&mut self, frame: &Frame<'_>) -> LineEvent<'_> {
        self.frames += 1;
        match self.decoder.play(frame) {
            Ok(None) => LineEvent::Nothing,
            Ok(Some(played)) => {
                if let Some(at_ms) = played.at_ms {
                    self.pace.came(Instant::now(), at_ms);
                }
                let until_ms = played.at_ms.map(|at_ms| at_ms + played.samples.len() as u64 / 8);
                LineEvent::Audio { track: frame.track, until_ms, samples: played.samples }
            }
            Err(_) => {
                damaged();
                LineEvent::Nothing
            }
        }
    }

    /// Sends something into the stream.
    ///
    /// # Errors
    /// [`StreamError::Deaf`] when the other end does not read.
    pub(super) async fn send(&mut self, out: Out<'_>) -> Result<(), StreamError> {
        Ok(self.socket.send(out, &self.stream_id).await?)
    }

    /// Notes that one more chunk was heard, up to this time of the stream.
    pub(super) fn heard(&mut self, until_ms: u64) {
        self.pace.heard(Instant::now(), until_ms, 1);
    }

    /// Ends a line that is open for too long or whose server stops, counts, and pings from time to time.
    ///
    /// # Errors
    /// [`StreamError::Stopping`], [`StreamError::TooSlow`], [`StreamError::Deaf`].
    pub(super) async fn look_at_the_clock(&mut self) -> Result<(), StreamError> {
        self.count();
        if self.tasks.is_stopping() {
            return Err(StreamError::Stopping);
        }
        if self.age() > self.limits.longest {
            return Err(StreamError::TooSlow);
        }
        self.ticks += 1;
        if self.ticks.is_multiple_of(PING_EVERY) {
            self.socket.ping().await?;
        }
        Ok(())
    }

    /// Ticks since the start: seconds.
    pub(super) fn ticks(&self) -> u32 {
        self.ticks
    }

    /// How long the line has been open.
    pub(super) fn age(&self) -> Duration {
        self.pace.age()
    }

    /// Audio that came of the longest track, in milliseconds.
    pub(super) fn came_ms(&self) -> u64 {
        self.decoder.came_ms()
    }

    fn count(&mut self) {
        metrics::counter!(meters::STREAM_FRAMES).increment(std::mem::take(&mut self.frames));
        metrics::counter!(meters::STREAM_LATE_FRAMES).increment(self.pace.take_late());
    }

    /// Writes down what the network did. For the end of a line.
    pub(super) fn report(&mut self) {
        self.count();
        for stats in self.decoder.stats() {
            metrics::counter!(meters::STREAM_LOST_MS).increment(stats.lost_ms);
            metrics::counter!(meters::STREAM_DROPPED).increment(stats.duplicates + stats.late);
            tracing::debug!(
                frames = stats.frames,
                lost_ms = stats.lost_ms,
                duplicates = stats.duplicates,
                late = stats.late,
                reordered = stats.reordered,
                "a track ended"
            );
        }
    }
}

/// Counts a message that should have been audio and was not.
fn damaged() {
    metrics::counter!(meters::STREAM_DAMAGED).increment(1);
}
