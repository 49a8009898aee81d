//! Frames of a live call in, contiguous 8 kHz samples out, whatever the network did on the way.
//!
//! Time is kept: missing audio is silence of the same length, so that a pause is as long as it was. Frames that come
//! twice or too late are dropped. Nothing here waits by a clock: a frame that might still come is waited for in frames.

mod decoder;
mod order;
#[cfg(test)]
mod tests;

use decoder::Decoder;
use order::{Order, Place};

use super::AudioError;
use crate::types::media::MediaFormat;

/// The largest frame looked at: what the largest message can carry.
const MAX_FRAME_BYTES: usize = 64 * 1024;

/// The unit of time here, in which a sample at every rate we take is a whole number: 96 to the millisecond.
const TICKS_PER_MS: u64 = 96;

/// Timestamps are rounded and jitter; less than half a usual frame is no gap.
const JITTER: u64 = 10 * TICKS_PER_MS;

/// Above this a gap is more than a few lost packets, and counted as such.
const LONG_GAP: u64 = 200 * TICKS_PER_MS;

/// The longest silence put in for a gap.
///
/// The longest pause that decides anything is 900 ms, the end of a turn; more would only let a few bytes of network
/// become seconds of work.
const MAX_FILL: u64 = 1_000 * TICKS_PER_MS;

/// If all of this many first frames seem to follow a gap of three times their length or more, time is not in
/// milliseconds.
///
/// Samples, in which RTP counts, make it seven times; no line that still carries speech loses three frames of four.
const TRIAL_FRAMES: u8 = 5;

/// Counts of a track's frames: played, lost, late and repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames given, good and bad.
    pub frames: u64,
    /// Audio that never came, by the timestamps.
    pub lost_ms: u64,
    /// Gaps longer than 200 ms, of which at most a second was filled.
    pub long_gaps: u64,
    /// Frames dropped because they had come before.
    pub duplicates: u64,
    /// Frames dropped because later ones had been played.
    pub late: u64,
    /// Frames that came out of order and were put in order.
    pub reordered: u64,
    /// Frames that were not, or not wholly, audio.
    pub damaged: u64,
}

/// Puts one track's frames together.
///
/// Holds at most 10 frames (20 KiB), and a filter's history (16 KiB, L16 only) or a decoder (18 KiB, Opus only).
#[derive(Debug)]
pub struct Assembler {
    decoder: Decoder,
    order: Order,
    clock: Clock,
    stats: Stats,
}

/// Where in time the next sample belongs.
#[derive(Debug, Default)]
struct Clock {
    end: Option<u64>,
    tried: u8,
    jumped: u8,
}

impl Clock {
    fn is_trusted(&self) -> bool {
        self.jumped < TRIAL_FRAMES
    }

    /// Whether a frame said to start then follows what was played without a gap.
    fn continues(&self, at_ms: Option<u64>) -> bool {
        match (self.end, at_ms) {
            (Some(end), Some(at_ms)) => at_ms.saturating_mul(TICKS_PER_MS).abs_diff(end) < JITTER,
            _ => false,
        }
    }

    /// The gap before a frame of `ticks` length.
    fn gap(&mut self, at_ms: Option<u64>, ticks: u64) -> u64 {
        let (Some(end), Some(at_ms)) = (self.end, at_ms) else { return 0 };
        let gap = at_ms.saturating_mul(TICKS_PER_MS).saturating_sub(end);
        let gap = if gap < JITTER || !self.is_trusted() { 0 } else { gap };
        if self.tried < TRIAL_FRAMES {
            self.tried += 1;
            self.jumped += u8::from(gap > 0 && gap >= 3 * ticks);
        }
        gap
    }
}

impl Assembler {
    /// Starts a track. Frames of a stream that is not `in_order` are held back until what is missing came, or 200 ms of
    /// audio.
    ///
    /// # Errors
    /// [`AudioError::StreamRate`] or [`AudioError::Channels`] for a format that no stream is read with.
    pub fn new(format: MediaFormat, in_order: bool) -> Result<Self, AudioError> {
        Ok(Self {
            decoder: Decoder::new(format)?,
            order: Order::new(!in_order),
            clock: Clock::default(),
            stats: Stats::default(),
        })
    }

    /// Takes one frame and appends the samples that are due, 16 bits at 8 kHz.
    ///
    /// At most a second of silence and the frame's own audio for each frame that becomes due.
    pub fn push(&mut self, seq: Option<u64>, at_ms: Option<u64>, bytes: &[u8], out: &mut Vec<i16>) {
        self.stats.frames += 1;
        if bytes.len() > MAX_FRAME_BYTES {
            self.stats.damaged += 1;
            return;
        }
        let ticks = self.decoder.ticks(bytes);
        match self.order.place(seq, at_ms, ticks, self.clock.continues(at_ms)) {
            Place::Next => {
                self.play(at_ms, bytes, out);
                self.release(out);
            }
            Place::Later => {
                self.order.hold(seq, at_ms, ticks, bytes);
                self.release(out);
            }
            Place::Again => self.stats.duplicates += 1,
            Place::TooLate => self.stats.late += 1,
        }
    }

    /// Appends everything held back, and the tail of the resampling filter: the stream is over.
    pub fn flush(&mut self, out: &mut Vec<i16>) {
        while let Some(held) = self.order.pop() {
            self.play(held.at_ms, &held.bytes, out);
            self.order.recycle(held);
        }
        self.decoder.flush(out);
    }

    /// The counts so far.
    pub fn stats(&self) -> Stats {
        Stats { reordered: self.order.reordered(), ..self.stats }
    }

    /// Plays what was held back and is due now.
    fn release(&mut self, out: &mut Vec<i16>) {
        while let Some(held) = self.order.pop_due(|at_ms| self.clock.continues(at_ms)) {
            self.play(held.at_ms, &held.bytes, out);
            self.order.recycle(held);
        }
    }

    fn play(&mut self, at_ms: Option<u64>, bytes: &[u8], out: &mut Vec<i16>) {
        let gap = self.clock.gap(at_ms, self.decoder.ticks(bytes));
        if gap > 0 {
            self.stats.lost_ms = self.stats.lost_ms.saturating_add(gap / TICKS_PER_MS);
            self.stats.long_gaps += u64::from(gap > LONG_GAP);
            self.decoder.silence(gap.min(MAX_FILL), out);
        }
        let start = match self.clock.end {
            Some(end) => end.saturating_add(gap),
            None => at_ms.unwrap_or(0).saturating_mul(TICKS_PER_MS),
        };
        let played = self.decoder.decode(bytes, out);
        self.stats.damaged += u64::from(!played.is_whole);
        self.clock.end = Some(start.saturating_add(played.ticks));
    }
}
