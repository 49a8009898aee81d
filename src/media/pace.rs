//! How late the frames of a stream are heard.

use std::time::{Duration, Instant};

/// The most that any frame may be late: beyond it a caller notices.
const TOO_LATE: Duration = Duration::from_millis(100);

/// Frames sent this much faster than they were spoken come from no line; nothing can be late in such a stream.
const AHEAD: i64 = 500_000;

/// How late the frames of one stream are heard, against when they were spoken.
///
/// The fastest frame so far sets the clock: what came as fast was not held up anywhere.
#[derive(Debug)]
pub(crate) struct Pace {
    began: Instant,
    /// Of the first frame: microseconds from when it was spoken to when it came.
    first: Option<i64>,
    /// The same of the fastest frame.
    fastest: i64,
    late: u64,
}

impl Pace {
    pub(crate) fn new(began: Instant) -> Self {
        Self { began, first: None, fastest: i64::MAX, late: 0 }
    }

    /// A frame came that begins at this time of the stream.
    pub(crate) fn came(&mut self, now: Instant, at_ms: u64) {
        let took = self.slip(now, at_ms);
        self.first.get_or_insert(took);
        self.fastest = self.fastest.min(took);
    }

    /// Notes that the audio up to this time of the stream has been heard; `frames` of it just now.
    pub(crate) fn heard(&mut self, now: Instant, until_ms: u64, frames: u64) {
        let is_line = self.first.is_some_and(|first| first - self.fastest < AHEAD);
        if is_line && self.slip(now, until_ms) - self.fastest > TOO_LATE.as_micros() as i64 {
            self.late += frames;
        }
    }

    /// Frames heard too late since this was asked last.
    pub(crate) fn take_late(&mut self) -> u64 {
        std::mem::take(&mut self.late)
    }

    /// How long the stream has been open.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    fn slip(&self, now: Instant, at_ms: u64) -> i64 {
        let elapsed = now.saturating_duration_since(self.began).as_micros() as i64;
        let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
        elapsed.saturating_sub(at_ms.saturating_mul(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(began: Instant, ms: u64) -> Instant {
        began + Duration::from_millis(ms)
    }

    #[test]
    fn what_is_heard_soon_after_it_was_spoken_is_not_late() {
        let began = Instant::now();
        let mut pace = Pace::new(began);
        for n in 0..10 {
            // The line is 300 ms long, and the second frame held up for 60 ms.
            let came = at(began, 300 + n * 20 + if n == 1 { 60 } else { 0 });
            pace.came(came, n * 20);
            pace.heard(came, n * 20, 1);
        }
        assert_eq!(pace.take_late(), 0);
    }

    #[test]
    fn what_waits_for_more_than_a_tenth_of_a_second_is_late_once() {
        let began = Instant::now();
        let mut pace = Pace::new(began);
        pace.came(at(began, 0), 0);
        pace.heard(at(began, 120), 0, 2);
        pace.heard(at(began, 130), 40, 1);
        assert_eq!((pace.take_late(), pace.take_late()), (2, 0));
    }

    #[test]
    fn a_recording_sent_at_once_is_never_late() {
        let began = Instant::now();
        let mut pace = Pace::new(began);
        for n in 0..100 {
            pace.came(at(began, n), n * 20);
        }
        pace.heard(at(began, 900), 20, 1);
        assert_eq!(pace.take_late(), 0);
    }
}
