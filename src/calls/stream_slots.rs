//! Slots of streams: how many may be open, and whether those that are keep up. Turns ask for room; media takes the
//! slots.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::judging::meters;

/// How long after a chunk was heard too late new streams are turned away: as long as a take, so that the load can fall.
const REST: Duration = Duration::from_secs(3);

/// Room for streams, and whether those there are keep up.
///
/// A turn that finds no room is recorded instead: refusing one caller the faster way costs them two seconds, letting
/// them in would cost everybody.
pub struct StreamSlots {
    free: Arc<Semaphore>,
    most: usize,
    max_lag: Duration,
    began: Instant,
    /// Milliseconds after `began` until which no stream is let in.
    closed_until: AtomicU64,
}

/// One stream's room.
#[derive(Debug)]
pub struct StreamSlot(#[expect(dead_code, reason = "held, to be given back when dropped")] OwnedSemaphorePermit);

impl StreamSlots {
    /// Room for `most` streams; audio that waits for longer than `max_lag` turns new ones away.
    pub fn new(most: usize, max_lag: Duration) -> Arc<Self> {
        let (free, closed_until) = (Arc::new(Semaphore::new(most)), AtomicU64::new(0));
        Arc::new(Self { free, most, max_lag, began: Instant::now(), closed_until })
    }

    /// Takes a place, if there is one and those who have one are served in time.
    pub fn take(&self) -> Option<StreamSlot> {
        if !self.keeps_up() {
            return None;
        }
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(StreamSlot(permit))
    }

    /// Whether a stream that starts in a moment is likely to find a place.
    pub fn has_room(&self) -> bool {
        self.free.available_permits() > 0 && self.keeps_up()
    }

    /// Streams open now.
    pub fn open(&self) -> usize {
        self.most - self.free.available_permits()
    }

    /// Notes how long a chunk waited for its turn.
    pub(crate) fn waited(&self, lag: Duration) {
        if lag <= self.max_lag {
            return;
        }
        let until = (self.began.elapsed() + REST).as_millis() as u64;
        if self.closed_until.swap(until, Ordering::Relaxed) < until.saturating_sub(REST.as_millis() as u64) {
            metrics::counter!(meters::STREAM_OVERLOADS).increment(1);
            tracing::warn!(open = self.open(), "the streams do not keep up: takes are recorded for a while");
        }
    }

    fn keeps_up(&self) -> bool {
        self.began.elapsed().as_millis() as u64 >= self.closed_until.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_stream_is_over() {
        let places = StreamSlots::new(2, Duration::from_millis(100));
        let (first, _second) = (places.take().unwrap(), places.take().unwrap());
        assert!(places.take().is_none() && !places.has_room());
        drop(first);
        assert!(places.has_room() && places.open() == 1);
        assert!(places.take().is_some());
    }

    #[test]
    fn nobody_is_let_in_while_those_inside_are_not_served_in_time() {
        let places = StreamSlots::new(2, Duration::from_millis(100));
        let _first = places.take().unwrap();
        places.waited(Duration::from_millis(100));
        assert!(places.has_room());
        places.waited(Duration::from_millis(101));
        assert!(places.take().is_none() && !places.has_room());
        places.closed_until.store(0, Ordering::Relaxed);
        assert!(places.take().is_some());
    }
}
