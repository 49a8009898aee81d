//! The takes that this process is judging, for the turns that wait for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::judging::{Outcome, meters};
use crate::types::{CallSid, Source};

/// Takes waiting per session before we say that we cannot: at 100 to 150 ms a take the last one waits 4 s, about the
/// most that a caller stays on the line for.
const WAITING_PER_SESSION: usize = 32;

/// A take of one turn of one call.
type Key = (CallSid, u32);

/// A take that is being judged, for those who wait.
#[derive(Clone)]
pub(super) struct News {
    /// The recording or stream.
    pub(super) source: Source,
    /// The outcome, once it has fallen.
    pub(super) outcome: watch::Receiver<Option<Outcome>>,
}

/// The takes this process is judging right now, and the room there is for them.
pub(super) struct RunningTakes {
    running: Mutex<HashMap<Key, News>>,
    most: usize,
}

/// A take being judged: tells those who wait, and leaves the list when it is dropped.
pub(super) struct Running {
    takes: Arc<RunningTakes>,
    key: Key,
    told: watch::Sender<Option<Outcome>>,
}

impl RunningTakes {
    pub(super) fn new(sessions: usize) -> Arc<Self> {
        Arc::new(Self { running: Mutex::default(), most: sessions * WAITING_PER_SESSION })
    }

    /// Puts a take on the list; `None` when the house is full.
    pub(super) fn enter(self: &Arc<Self>, call: &CallSid, turn: u32, source: &Source) -> Option<Running> {
        let key = (call.clone(), turn);
        let (told, outcome) = watch::channel(None);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.len() >= self.most {
            return None;
        }
        running.insert(key.clone(), News { source: source.clone(), outcome });
        metrics::gauge!(meters::OPEN_TAKES).set(running.len() as f64);
        Some(Running { takes: Arc::clone(self), key, told })
    }

    /// Where the outcome of a take will be told, if it is being judged here.
    pub(super) fn news(&self, call: &CallSid, turn: u32) -> Option<News> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&(call.clone(), turn)).cloned()
    }
}

impl Running {
    /// Tells everyone who waits for this take.
    pub(super) fn tell(&self, outcome: Outcome) {
        self.told.send_replace(Some(outcome));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.takes.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.key);
        metrics::gauge!(meters::OPEN_TAKES).set(running.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(last: char) -> CallSid {
        CallSid::parse(&format!("CA{}{last}", "0".repeat(31))).unwrap()
    }

    fn recording() -> Source {
        Source::parse(&format!("RE{}", "0".repeat(32))).unwrap()
    }

    #[tokio::test]
    async fn the_outcome_reaches_those_who_wait_and_those_who_come_late() {
        let takes = RunningTakes::new(1);
        let running = takes.enter(&call('1'), 3, &recording()).unwrap();
        let mut early = takes.news(&call('1'), 3).unwrap().outcome;
        running.tell(Outcome::Lost);
        drop(running);
        assert_eq!(*early.wait_for(Option::is_some).await.unwrap(), Some(Outcome::Lost));
        assert!(takes.news(&call('1'), 3).is_none());
    }

    #[tokio::test]
    async fn a_take_that_dies_untold_leaves_the_list_and_wakes_those_who_wait() {
        let takes = RunningTakes::new(1);
        let running = takes.enter(&call('1'), 3, &recording()).unwrap();
        let mut waiting = takes.news(&call('1'), 3).unwrap().outcome;
        drop(running);
        assert!(waiting.wait_for(Option::is_some).await.is_err());
    }

    #[test]
    fn a_full_house_takes_nobody_in_until_someone_leaves() {
        let takes = RunningTakes::new(1);
        let mut inside: Vec<_> =
            (0..WAITING_PER_SESSION as u32).map(|turn| takes.enter(&call('1'), turn, &recording()).unwrap()).collect();
        assert!(takes.enter(&call('2'), 0, &recording()).is_none());
        inside.pop();
        assert!(takes.enter(&call('2'), 0, &recording()).is_some());
    }
}
