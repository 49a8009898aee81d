//! The order of frames, by their number or, without one, by their time.

use super::TICKS_PER_MS;

/// How many frames may wait for a missing one.
const MAX_HELD: usize = 10;

/// How much audio may wait for a missing frame: as long as a lost packet can sensibly still be under way.
const MAX_HELD_TICKS: u64 = 200 * TICKS_PER_MS;

/// How many bytes may wait: ten frames of 20 ms at the highest rate, L16 at 48 kHz.
const MAX_HELD_BYTES: usize = 20 * 1024;

/// Where a frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is due.
    Next,
    /// Something before it is missing.
    Later,
    /// It came before.
    Again,
    /// Something after it was played.
    TooLate,
}

/// A frame that waits.
#[derive(Debug, Default)]
pub(super) struct Held {
    key: u64,
    ticks: u64,
    pub(super) at_ms: Option<u64>,
    pub(super) bytes: Vec<u8>,
}

/// The frames that wait, and the numbers of those that were played.
#[derive(Debug)]
pub(super) struct Order {
    /// Whether frames wait for one that is missing; otherwise what comes is what there is.
    waits: bool,
    last: Option<u64>,
    /// Which of the 64 numbers up to `last` were played; bit 0 is `last`.
    played: u64,
    /// Sorted by key.
    held: Vec<Held>,
    /// Buffers to hold frames in, used again and again.
    spare: Vec<Held>,
    reordered: u64,
}

impl Order {
    pub(super) fn new(waits: bool) -> Self {
        Self { waits, last: None, played: 0, held: Vec::new(), spare: Vec::new(), reordered: 0 }
    }

    /// Places a frame of `ticks` length; `continues` if by its time it follows what was played. A frame placed `Next`
    /// counts as played.
    pub(super) fn place(&mut self, seq: Option<u64>, at_ms: Option<u64>, ticks: u64, continues: bool) -> Place {
        // With neither number nor time there is no order but that of arrival.
        let Some(key) = seq.or(at_ms) else { return Place::Next };
        if self.last.is_some_and(|last| key <= last) {
            let has_number = seq.is_some();
            return match self.was_played(key) {
                // By time alone, frames shorter than its unit look alike.
                true if has_number || ticks >= TICKS_PER_MS => Place::Again,
                true => Place::Next,
                false => Place::TooLate,
            };
        }
        if self.held.iter().any(|held| held.key == key) {
            return Place::Again;
        }
        let is_first = self.held.first().is_none_or(|held| key < held.key);
        if !self.waits || (is_first && self.is_due(key, continues)) {
            self.reordered += u64::from(!self.held.is_empty());
            self.mark_played(key);
            return Place::Next;
        }
        Place::Later
    }

    /// Keeps a copy of a frame placed `Later`.
    pub(super) fn hold(&mut self, seq: Option<u64>, at_ms: Option<u64>, ticks: u64, bytes: &[u8]) {
        let Some(key) = seq.or(at_ms) else { return };
        let mut held = self.spare.pop().unwrap_or_default();
        held.bytes.clear();
        held.bytes.extend_from_slice(bytes);
        (held.key, held.at_ms, held.ticks) = (key, at_ms, ticks);
        let place = self.held.partition_point(|other| other.key < key);
        self.reordered += u64::from(place < self.held.len());
        self.held.insert(place, held);
    }

    /// The next frame held, if it is due or there is no more room to wait for what is missing.
    pub(super) fn pop_due(&mut self, continues: impl Fn(Option<u64>) -> bool) -> Option<Held> {
        let first = self.held.first()?;
        let is_due = self.is_due(first.key, continues(first.at_ms));
        if is_due || self.is_full() { self.pop() } else { None }
    }

    /// The next frame held, due or not.
    pub(super) fn pop(&mut self) -> Option<Held> {
        if self.held.is_empty() {
            return None;
        }
        let held = self.held.remove(0);
        self.mark_played(held.key);
        Some(held)
    }

    /// Takes a played frame's buffer back; one that grew beyond a usual frame is let go.
    pub(super) fn recycle(&mut self, held: Held) {
        if self.spare.len() <= MAX_HELD && held.bytes.capacity() <= MAX_HELD_BYTES / MAX_HELD {
            self.spare.push(held);
        }
    }

    /// How many frames came after later ones and were put before them.
    pub(super) fn reordered(&self) -> u64 {
        self.reordered
    }

    /// A stream's first number is 0 or 1; any other may follow one still under way.
    fn is_due(&self, key: u64, continues: bool) -> bool {
        continues || self.last.map_or(key <= 1, |last| key == last.saturating_add(1))
    }

    fn is_full(&self) -> bool {
        let ticks: u64 = self.held.iter().map(|held| held.ticks).sum();
        self.held.len() > MAX_HELD || ticks > MAX_HELD_TICKS || self.held_bytes() > MAX_HELD_BYTES
    }

    /// How much is kept of frames that wait.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.iter().map(|held| held.bytes.len()).sum()
    }

    fn was_played(&self, key: u64) -> bool {
        // So far back the order is unknown; the frame is dropped either way.
        self.last
            .is_some_and(|last| last.checked_sub(key).is_some_and(|back| back < 64 && self.played >> back & 1 == 1))
    }

    fn mark_played(&mut self, key: u64) {
        let ahead = self.last.map_or(0, |last| key.saturating_sub(last));
        self.played = if ahead < 64 { self.played << ahead | 1 } else { 1 };
        self.last = Some(key);
    }
}
