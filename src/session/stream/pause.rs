use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use crate::engine::{Engine, Examined, Heard, Take};
use crate::session::give_way::give_way;
use crate::session::judge;
use crate::session::takes::Takes;
use crate::vad::QualityLimits;

/// Where takes are examined: on blocking threads, as many at once as there are models.
#[derive(Clone)]
pub(super) struct Examiner {
    pub(super) engine: Engine,
    pub(super) takes: Arc<Takes>,
    pub(super) limits: QualityLimits,
}

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
    pub(super) fn begin(&mut self, examiner: &Examiner, heard: Heard) {
        let examiner = examiner.clone();
        let work = async move {
            let _place = examiner.takes.listening.acquire().await;
            examine(&examiner, heard, None).await.ok()
        };
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
    pub(super) fn conclude(self, examiner: Examiner, heard: Heard) -> AbortOnDropHandle<Result<Take, judge::Fault>> {
        AbortOnDropHandle::new(tokio::spawn(async move {
            let known = match self.running {
                Some(running) => running.await.ok().flatten(),
                None => self.known,
            };
            // With the voice known there is nothing to wait for a model for.
            let _place = match known {
                None => examiner.takes.listening.acquire().await.ok(),
                Some(_) => None,
            };
            examine(&examiner, heard, known).await.map(|examined| examined.take)
        }))
    }
}

async fn examine(examiner: &Examiner, heard: Heard, known: Option<Examined>) -> Result<Examined, judge::Fault> {
    let (engine, limits) = (examiner.engine.clone(), examiner.limits);
    let work = tokio::task::spawn_blocking(move || {
        give_way();
        engine.examine_live(&heard, &limits, known.as_ref())
    });
    Ok(work.await.map_err(|_| judge::Fault::Panicked)??)
}
