//! The one compute pool: it owns the threads that examine and compare, their niceness, and the places at the models.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Fault;
use crate::engine::Engine;

/// Steps of `nice` by which the pool's threads give way: against a thread of the streams one of them then has a thirtieth
/// of a core, so that frames are heard in time while every core examines.
///
/// With 500 callers on two cores `callprint load` counted 11,886 late frames of 733,468 at 7 steps and 216 of 481,188 at 15.
const NICENESS: i32 = 15;

type Job = Box<dyn FnOnce(&Engine) + Send>;

/// Threads for computing, apart from tokio's own. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub(crate) struct Workers {
    queue: Sender<Job>,
    /// One for each inference at a time, so that no thread blocks on a model.
    places: Arc<Semaphore>,
}

/// A place at the models: as many jobs that use one run at once as there are sessions.
pub(crate) struct Place<'w> {
    workers: &'w Workers,
    permit: Option<OwnedSemaphorePermit>,
}

impl Workers {
    /// Starts a thread for each of the `places` at the models, and one for each core, which compare.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub(crate) fn start(engine: Engine, places: usize) -> std::io::Result<Self> {
        let comparing = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (queue, jobs) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..places + comparing {
            let (engine, jobs) = (engine.clone(), Arc::clone(&jobs));
            std::thread::Builder::new().name("judge".to_owned()).spawn(move || work(&engine, &jobs))?;
        }
        Ok(Self { queue, places: Arc::new(Semaphore::new(places)) })
    }

    /// Waits for a place at the models.
    pub(crate) async fn place(&self) -> Place<'_> {
        // The semaphore is never closed.
        Place { workers: self, permit: Arc::clone(&self.places).acquire_owned().await.ok() }
    }

    /// Runs work that uses no model: a comparison, or the reading of voiceprints.
    ///
    /// # Errors
    /// [`Fault::Panicked`].
    pub(crate) async fn compare<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        self.run(None, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        permit: Option<OwnedSemaphorePermit>,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (tell, told) = oneshot::channel();
        let job = move |engine: &Engine| {
            // Work that was given up before it began is not done.
            if !tell.is_closed() {
                let done = work(engine);
                drop(permit);
                // The receiver may have gone meanwhile.
                let _ = tell.send(done);
            }
        };
        self.queue.send(Box::new(job)).map_err(|_| Fault::Panicked)?;
        told.await.map_err(|_| Fault::Panicked)
    }
}

impl Place<'_> {
    /// Runs work that uses a model. The place is kept until the work ends, also where the result is given up before.
    ///
    /// # Errors
    /// [`Fault::Panicked`].
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        self.workers.run(self.permit, work).await
    }
}

fn work(engine: &Engine, jobs: &Mutex<Receiver<Job>>) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        // A system that refuses is no worse off than without.
        tracing::debug!("a thread of the compute pool cannot give way: {error}");
    }
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if catch_unwind(AssertUnwindSafe(|| job(engine))).is_err() {
            // The asker learns of it by its channel.
            tracing::error!("a job of the compute pool panicked");
        }
    }
}
