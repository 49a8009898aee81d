//! Waiting for what a server does by itself.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often to look. Looking all the time would take a core from the threads that judge, which give way to all
/// others: on two cores a take then lasted twenty times as long.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks until there is something to see; after so many seconds the test fails with this complaint.
pub(crate) async fn eventually<T, F>(seconds: u64, complaint: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let looking = async {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    timeout(Duration::from_secs(seconds), looking).await.unwrap_or_else(|_| panic!("{complaint}"))
}
