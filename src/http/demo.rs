//! The limit on demo keys, which strangers ask for. For the routes of demo keys and tokens.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::Edge;
use crate::clients::{ClientError, Window};

/// Demo keys and tokens that are given out a minute, to all strangers together.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("is not zero");

/// Counts the demo keys and tokens that were given out lately.
pub(super) struct DemoLimiter(DefaultDirectRateLimiter);

impl Default for DemoLimiter {
    fn default() -> Self {
        Self(RateLimiter::direct(Quota::per_minute(PER_MINUTE)))
    }
}

impl Edge {
    /// Goes on if not too many keys were given out lately.
    ///
    /// # Errors
    /// [`ClientError::Limited`].
    pub(super) fn may_have_demo(&self) -> Result<(), ClientError> {
        let Err(not_until) = self.demo_limiter.0.check() else { return Ok(()) };
        let retry_after_ms = not_until.wait_time_from(DefaultClock::default().now()).as_millis() as u64 + 1;
        Err(ClientError::Limited { window: Window::Minute, retry_after_ms })
    }
}
