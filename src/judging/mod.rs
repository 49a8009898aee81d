//! One take, whatever way it came: audio in, settled verdict out.
//!
//! Calls, media, jobs and clients hand their takes to the [`Judge`]; no other module examines, enrolls or verifies one.
//! A take is examined (`examine`) on the compute pool, held against a snapshot of the store
//! (`Snapshot`), and judged (`verify`) or enrolled (`enroll`). The result is a
//! `Judgement`, which `Judgement::settled` turns into the rows of one transaction.

mod context;
mod enroll;
mod examine;
mod fault;
pub(crate) mod meters;
mod outcome;
mod own_thresholds;
mod snapshot;
mod verify;
mod workers;

pub use context::{Clock, Context, Tasks};
pub use examine::Upload;
pub use fault::Fault;

pub(crate) use enroll::{Agreement, Enrollment, TAKES};
pub(crate) use outcome::Outcome;
pub(crate) use snapshot::{Snapshot, TakeRecords};
pub(crate) use verify::{Judgement, Terms};
pub(crate) use workers::Workers;

use std::sync::Arc;

use crate::engine::Engine;
use crate::vad::QualityLimits;
use own_thresholds::OwnThresholds;

/// Quality that a take must have, to enroll and to verify: in both the whole passphrase is said.
///
/// The engine can score less, such as one word of it, but then the words are no longer what was enrolled.
const PASSPHRASE: QualityLimits = QualityLimits::ENROLL;

/// Judges takes. Cheap to clone.
#[derive(Clone)]
pub struct Judge(Arc<Inner>);

struct Inner {
    cx: Context,
    engine: Engine,
    workers: Workers,
    own_thresholds: OwnThresholds,
}

impl Judge {
    /// A judge with a compute pool of its own: one place for each session of the models.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(cx: Context, engine: Engine) -> std::io::Result<Self> {
        let workers = Workers::start(&engine, cx.config.models.sessions)?;
        Ok(Self(Arc::new(Inner { cx, engine, workers, own_thresholds: OwnThresholds::default() })))
    }

    /// The engine, for what needs no thread of the pool: thresholds, model ids, the state machines of streams.
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The compute pool.
    pub(crate) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    fn cx(&self) -> &Context {
        &self.0.cx
    }
}
