//! Speech examined in a pause, in case it is all there will be.

use tokio_util::task::AbortOnDropHandle;

use crate::engine::{Examined, Heard, Take};
use crate::judging::{Fault, Judge};

/// What is known of a turn before it is over.
///
/// In each pause what was said so far is examined, in case it is all. Once the caller goes on it is worth nothing.
#[derive(Default)]
pub(super) struct Pause {
    running: Option<AbortOnDropHandle<Option<Examined>>>,
    known: Option<Examined>,
}

impl Pause {
    /// The caller paused: what was heard so far may be all.
    pub(super) fn begin(&mut self, judge: &Judge, heard: Heard) {
        let judge = judge.clone();
        let work = async move { judge.examine_live(heard, None).await.ok() };
        self.running = Some(AbortOnDropHandle::new(tokio::spawn(work)));
    }

    /// The caller goes on.
    pub(super) fn end(&mut self) {
        (self.running, self.known) = (None, None);
    }

    /// What was found in the pause, once; never, while nothing is examined.
    pub(super) async fn found(&mut self) -> Option<&Examined> {
        let Some(running) = &mut self.running else { return std::future::pending().await };
        let examined = running.await.ok().flatten();
        self.running = None;
        self.known = examined;
        self.known.as_ref()
    }

    /// Examines the whole turn, with what the last pause found, for as long as somebody waits for it.
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
