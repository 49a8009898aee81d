use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::recording_folder::RecordingFolder;

/// The recordings of the simulated provider, and what goes wrong with them. Clones share them.
#[derive(Clone, Debug)]
pub struct Recordings(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    place: Place,
    /// Ids of the recordings this process put there.
    own: Vec<String>,
    lag: Lag,
    trouble: Trouble,
    failing_deletes: u32,
    fetches: u64,
    deletes: u64,
}

#[derive(Debug)]
enum Place {
    Memory(BTreeMap<String, Recording>),
    Folder(RecordingFolder),
}

#[derive(Debug)]
struct Recording {
    wav: Vec<u8>,
    made: Instant,
    refused: u32,
}

/// How long a recording is not there yet after its webhook was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lag {
    /// It is there at once.
    #[default]
    None,
    /// For so long.
    Time(Duration),
    /// For so many requests.
    Requests(u32),
}

/// Faults of the provider when a recording is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// It is never there.
    NeverReady,
    /// The provider fails with status 500.
    ServerError,
    /// The error document comes with status 200.
    ErrorAsAudio,
    /// The file ends half-way, and the answer says that this is all.
    CutFile,
    /// The connection ends half-way.
    CutConnection,
    /// So many bytes come.
    Huge(usize),
    /// Each answer takes so long.
    Slow(Duration),
}

impl Default for Recordings {
    fn default() -> Self {
        Self::new()
    }
}

impl Recordings {
    /// No recordings yet, kept in memory.
    pub fn new() -> Self {
        Self::at(Place::Memory(BTreeMap::new()))
    }

    /// Recordings that other processes add and serve as well: a folder only this user can open.
    ///
    /// # Errors
    /// When the folder cannot be made, or is another user's.
    pub fn shared(folder: &Path) -> io::Result<Self> {
        Ok(Self::at(Place::Folder(RecordingFolder::open(folder)?)))
    }

    fn at(place: Place) -> Self {
        let (lag, trouble) = (Lag::None, Trouble::None);
        let inner = Inner { place, own: Vec::new(), lag, trouble, failing_deletes: 0, fetches: 0, deletes: 0 };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// Delays recordings; in a shared folder, only those this process adds, and only by time.
    pub fn set_lag(&self, lag: Lag) {
        self.lock().lag = lag;
    }

    /// Lets fetches go wrong from now on.
    pub fn set_trouble(&self, trouble: Trouble) {
        self.lock().trouble = trouble;
    }

    /// Lets the next deletions fail with status 500.
    pub fn fail_deletes(&self, count: u32) {
        self.lock().failing_deletes = count;
    }

    /// Fetches so far, answered or refused.
    pub fn fetches(&self) -> u64 {
        self.lock().fetches
    }

    /// Recordings deleted over the API so far.
    pub fn deletes(&self) -> u64 {
        self.lock().deletes
    }

    /// How many of the recordings this process added are still there.
    pub fn remaining(&self) -> usize {
        let inner = self.lock();
        inner.own.iter().filter(|sid| inner.place.has(sid)).count()
    }

    /// Takes away what this process added.
    pub fn clear(&self) {
        let mut inner = self.lock();
        for sid in std::mem::take(&mut inner.own) {
            inner.place.remove(&sid);
        }
    }

    /// Puts a recording there.
    ///
    /// # Errors
    /// When a shared folder cannot be written.
    pub fn add(&self, sid: &str, wav: Vec<u8>) -> io::Result<()> {
        let mut inner = self.lock();
        let lag = inner.lag;
        match &mut inner.place {
            Place::Memory(recordings) => {
                recordings.insert(sid.to_owned(), Recording { wav, made: Instant::now(), refused: 0 });
            }
            Place::Folder(folder) => {
                let delay = if let Lag::Time(time) = lag { time } else { Duration::ZERO };
                folder.put(sid, &wav, delay)?;
            }
        }
        inner.own.push(sid.to_owned());
        Ok(())
    }

    /// A recording, once its lag has passed, and what is to go wrong with it. Every request counts.
    pub(super) fn fetch(&self, sid: &str) -> (Option<Vec<u8>>, Trouble) {
        let mut inner = self.lock();
        inner.fetches += 1;
        let lag = inner.lag;
        let wav = match &mut inner.place {
            Place::Memory(recordings) => {
                recordings.get_mut(sid).and_then(|recording| recording.after(lag, Instant::now()))
            }
            Place::Folder(folder) => folder.get(sid),
        };
        (wav, inner.trouble)
    }

    /// Takes a recording away; `None` when the deletion fails, else whether it was there.
    pub(super) fn delete(&self, sid: &str) -> Option<bool> {
        let mut inner = self.lock();
        if inner.failing_deletes > 0 {
            inner.failing_deletes -= 1;
            return None;
        }
        let was_there = inner.place.remove(sid);
        inner.deletes += u64::from(was_there);
        Some(was_there)
    }

    /// A thread that panicked while holding the lock left whole values: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn has(&self, sid: &str) -> bool {
        match self {
            Self::Memory(recordings) => recordings.contains_key(sid),
            Self::Folder(folder) => folder.has(sid),
        }
    }

    /// Whether it was there.
    fn remove(&mut self, sid: &str) -> bool {
        match self {
            Self::Memory(recordings) => recordings.remove(sid).is_some(),
            Self::Folder(folder) => folder.remove(sid),
        }
    }
}

impl Recording {
    fn after(&mut self, lag: Lag, now: Instant) -> Option<Vec<u8>> {
        let is_ready = match lag {
            Lag::None => true,
            Lag::Time(time) => now.duration_since(self.made) >= time,
            Lag::Requests(count) => {
                self.refused = self.refused.saturating_add(1);
                self.refused > count
            }
        };
        is_ready.then(|| self.wav.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_there_once_its_lag_has_passed() {
        let made = Instant::now();
        let mut recording = Recording { wav: vec![1, 2, 3], made, refused: 0 };
        for (after_ms, is_there) in [(0, false), (1999, false), (2000, true), (60_000, true)] {
            let found = recording.after(Lag::Time(Duration::from_secs(2)), made + Duration::from_millis(after_ms));
            assert_eq!(found.is_some(), is_there, "after {after_ms} ms");
        }
    }
}
