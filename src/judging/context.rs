//! The surroundings that each room above the engine is handed: configuration, store, clock, and work in flight.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::store::Store;
use crate::types::Timestamp;

/// Where the server reads the time; tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Configuration, store, clock and tasks of one server. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The operator's configuration.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// Work in flight.
    pub tasks: Tasks,
    clock: Clock,
}

impl Context {
    /// The surroundings of a server that starts now.
    pub fn new(config: Config, store: Store, clock: Clock) -> Self {
        Self { config: Arc::new(config), store, tasks: Tasks::default(), clock }
    }

    /// The time by the server's clock.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// Work in flight: counted, so that it can be waited for, and told when the server stops. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs a task that a shutdown waits for.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.tracker.spawn(task)
    }

    /// Counts work that is not a task of its own, for as long as the guard is kept.
    pub fn count(&self) -> impl Send + Sync + use<> {
        self.tracker.token()
    }

    /// Ends when the server stops.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Whether the server stops.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Tells all tasks to stop, and waits for those that were begun.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Tasks that have not ended.
    pub fn open(&self) -> usize {
        self.tracker.len()
    }
}
