//! The one compute pool: it owns the threads that examine and compare, their niceness, and the places at the models.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Fault;
use crate::engine::Engine;

/// Steps of `nice` by which the pool's threads give way: against a thread of the streams one of them then has a
/// thirtieth of a core, so that frames are heard in time while every core examines.
///
/// With 500 callers on two cores `callprint load` counted 11,886 late frames of 733,468 at 7 steps and 216 of 481,188
/// at 15.
const NICENESS: i32 = 15;

type Job<E> = Box<dyn FnOnce(&E) + Send>;

/// Threads for computing, apart from tokio's own; they end when this is dropped. `E` is lent to each job.
pub(crate) struct Workers<E = Engine> {
    queue: Sender<Job<E>>,
    /// One for each inference at a time, so that no thread blocks on a model.
    places: Arc<Semaphore>,
}

/// A place at the models: as many jobs that use one run at once as there are sessions.
pub(crate) struct Place<'w, E = Engine> {
    workers: &'w Workers<E>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<E: Clone + Send + 'static> Workers<E> {
    /// Starts a thread for each of the `places` at the models, and one for each core, which compare.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub(crate) fn start(engine: &E, places: usize) -> std::io::Result<Self> {
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
    pub(crate) async fn place(&self) -> Place<'_, E> {
        // The semaphore is never closed.
        Place { workers: self, permit: Arc::clone(&self.places).acquire_owned().await.ok() }
    }

    /// Runs work that uses no model: a comparison, or the reading of voiceprints.
    ///
    /// # Errors
    /// [`Fault::Panicked`].
    pub(crate) async fn compare<T: Send + 'static>(
        &self,
        work: impl FnOnce(&E) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        self.run(None, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        permit: Option<OwnedSemaphorePermit>,
        work: impl FnOnce(&E) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (tell, told) = oneshot::channel();
        let job = move |engine: &E| {
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

impl<E: Clone + Send + 'static> Place<'_, E> {
    /// Runs work that uses a model. The place is kept until the work ends, also where the result is given up before.
    ///
    /// # Errors
    /// [`Fault::Panicked`].
    pub(crate) async fn run<T: Send + 'static>(self, work: impl FnOnce(&E) -> T + Send + 'static) -> Result<T, Fault> {
        self.workers.run(self.permit, work).await
    }
}

fn work<E>(engine: &E, jobs: &Mutex<Receiver<Job<E>>>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_is_a_fault_and_the_next_one_runs() {
        let workers = Workers::start(&(), 1).unwrap();
        for _ in 0..8 {
            let panicked = workers.place().await.run(|()| panic!("on purpose")).await;
            assert!(matches!(panicked, Err(Fault::Panicked)));
        }
        assert_eq!(workers.place().await.run(|()| 1).await.unwrap() + workers.compare(|()| 2).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn an_abandoned_job_keeps_its_place_until_it_ends() {
        let workers = Workers::start(&(), 1).unwrap();
        let (begun, has_begun) = oneshot::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let job = workers.place().await.run(move |()| {
            let _ = begun.send(());
            let _ = may_end.recv();
        });
        // Polled once, so that it is queued; then given up while it runs.
        tokio::select! {
            biased;
            _ = job => panic!("the job waits for its end"),
            begun = has_begun => begun.unwrap(),
        }
        assert_eq!(workers.places.available_permits(), 0);
        assert_eq!(workers.compare(|()| 1).await.unwrap(), 1);
        end.send(()).unwrap();
        workers.place().await.run(|()| ()).await.unwrap();
    }

    #[tokio::test]
    async fn threads_of_the_pool_give_way_and_others_do_not() {
        let niceness = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).unwrap();
        let own = niceness();
        let workers = Workers::start(&(), 1).unwrap();
        assert_eq!(workers.compare(move |()| niceness()).await.unwrap(), NICENESS.max(own));
        assert_eq!(tokio::task::spawn_blocking(niceness).await.unwrap(), own);
    }
}
