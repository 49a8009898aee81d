//! A bounded queue of jobs and the threads that work through it; for the store's own methods.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreError;

/// Jobs that may wait; the asker of one more waits for a place.
///
/// Far above what 50 calls at once queue (a handful each), so that only a stalled disk fills it.
const DEPTH: usize = 256;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

enum Message {
    Run(Job),
    /// Ends the one thread that receives it.
    Close,
}

/// A bounded queue of jobs and the threads that work through it, each with its own connection.
///
/// With one connection it is the one writer; with more they are readers. A job whose asker has gone away still runs.
pub(super) struct Lane {
    queue: mpsc::Sender<Message>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Lane {
    /// Starts one thread for each connection; `farewell` is run on each before it is closed.
    pub(super) fn start(
        name: &str,
        connections: Vec<Connection>,
        farewell: fn(&Connection),
    ) -> Result<Self, std::io::Error> {
        let (queue, jobs) = mpsc::channel(DEPTH);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = connections
            .into_iter()
            .map(|connection| {
                let jobs = Arc::clone(&jobs);
                let thread = std::thread::Builder::new().name(name.to_owned());
                thread.spawn(move || work(connection, &jobs, farewell))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { queue, threads: Mutex::new(threads) })
    }

    /// Queues a job and waits for its answer.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |connection: &mut Connection| {
            // The asker may be gone; the job stays done.
            let _ = answer.send(job(connection));
        });
        self.queue.send(Message::Run(job)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what is queued and ends the threads; later jobs are refused.
    pub(super) async fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for _ in &threads {
            // Refused only when the threads are gone already.
            let _ = self.queue.send(Message::Close).await;
        }
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().try_for_each(JoinHandle::join));
        if !matches!(joined.await, Ok(Ok(()))) {
            tracing::error!("a store thread ended in a panic");
        }
    }
}

fn work(mut connection: Connection, jobs: &Mutex<mpsc::Receiver<Message>>, farewell: fn(&Connection)) {
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
    while let Some(message) = next() {
        match message {
            Message::Run(job) => {
                // A transaction that unwinds is rolled back, so the connection stays good for the next job.
                if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                    tracing::error!("a store job panicked; its transaction was rolled back");
                }
            }
            Message::Close => break,
        }
    }
    farewell(&connection);
}
