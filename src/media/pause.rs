//! Speech examined in a pause, in case it is all there will be.

use tokio_util::task::AbortOnDropHandle;

use crate::engine::{Examined, Heard, Take};
use crate::judging::{Fault, Judge};

/// The speech of a turn examined in its last pause.
///
/// The speech up to a pause may be all there is. Once the caller goes on, its examination is worth nothing.
#[derive(Default)]
pub(super) struct Pause {
    running: Option<AbortOnDropHandle<Option<Examined>>>,
    known: Option<Examined>,
}

impl Pause {
    /// Begins to examine the speech so far: the caller has paused.
    pub(super) fn begin(&mut self, judge: &Judge, heard: Heard) {
        let judge = judge.clone();
        let work = async move { judge.examine_live(heard, None).await.ok() };
        self.running = Some(AbortOnDropHandle::new(tokio::spawn(work)));
    }

    /// Drops the examination: the caller goes on.
    pub(super) fn end(&mut self) {
        (self.running, self.known) = (None, None);
    }

    /// The outcome of the examination, once; never, while nothing is examined.
    pub(super) async fn found(&mut self) -> Option<&Examined> {
        let Some(running) = &mut self.running else { return std::future::pending().await };
        let examined = running.await.ok().flatten();
        self.running = None;
        self.known = examined;
        self.known.as_ref()
    }

    /// Examines the whole turn, with the last pause's examination, for as long as the handle is kept.
    pub(super) fn conclude(self, judge: Judge, heard: Heard) -> AbortOnDropHandle<Result<Take, Fault>> {
        AbortOnDropHandle::new(tokio::spawn(async move {
            let known = match self.running {
                Some(running) => running.await.ok().flatten(),
                None => self.known,
            };
            Ok(judge.examine_live(heard, known).await?.take)
        }))
    }
}
