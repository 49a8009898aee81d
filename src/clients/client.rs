//! Clients: API keys, what they may do and how often.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use super::uploads::{PageUser, Seals};
use crate::judging::Context;
use crate::store::{ApiKey, Scope, StoreError};
use crate::types::{Tenant, Timestamp, Verdict};

/// What a request is counted as, whatever it asks for.
const REQUESTS: &str = "requests";
/// A request that was refused because the key had made too many.
const THROTTLED: &str = "throttled";

/// An attempt that ended so, and why: followed by the verdict's or the reason's code.
const DECISION: &str = "decision:";
const REASON: &str = "reason:";

/// How far back a key's use is shown.
const USAGE_SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Limiters of keys that were used since the start; made anew when a key's limit was changed.
#[derive(Default)]
struct Limiters(Mutex<HashMap<String, (u32, Arc<DefaultDirectRateLimiter>)>>);

/// Keys, their limits and their use. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    cx: Context,
    seals: Arc<Seals>,
    limiters: Arc<Limiters>,
}

/// A client that has shown its key, and may make this request.
#[derive(Clone, Debug)]
pub struct Client {
    /// The key.
    pub key: ApiKey,
    /// The one user it may act for: what was shown is a token made for a page, and not the key itself.
    pub user: Option<String>,
}

/// Over which time a key has made too many requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A minute.
    Minute,
    /// A day, UTC.
    Day,
}

impl Window {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }
}

/// Why a client may not.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No key was shown, or one that is worth nothing.
    #[error("show an API key as `x-api-key: KEY` or `Authorization: Bearer KEY`")]
    Unauthorized,
    /// What was shown is for another user, or for no user at all.
    #[error("what was shown is good for another user only")]
    OtherUser,
    /// The key is not for this.
    #[error("the key has not the scope `{}`", .0.as_str())]
    Forbidden(Scope),
    /// The key has made too many requests.
    #[error("too many requests in a {}", .window.as_str())]
    Limited {
        /// Over which time.
        window: Window,
        /// When to try again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClientError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::OtherUser | Self::Forbidden(_) => "forbidden",
            Self::Limited { .. } => "rate_limited",
            Self::Store(_) => "unavailable",
        }
    }
}

impl Client {
    /// Goes on if the key may be used for this.
    ///
    /// # Errors
    /// [`ClientError::Forbidden`].
    pub fn must(&self, scope: Scope) -> Result<&Self, ClientError> {
        if self.key.scopes.contains(&scope) { Ok(self) } else { Err(ClientError::Forbidden(scope)) }
    }

    /// Goes on if it may act for this user.
    ///
    /// # Errors
    /// [`ClientError::OtherUser`].
    pub fn must_be(&self, user: &str) -> Result<&Self, ClientError> {
        if self.user.as_deref().is_none_or(|own| own == user) { Ok(self) } else { Err(ClientError::OtherUser) }
    }

    /// Goes on if it shows the key itself: what is made for a page must not do what its back end does.
    ///
    /// # Errors
    /// [`ClientError::OtherUser`].
    pub fn must_be_back_end(&self) -> Result<&Self, ClientError> {
        if self.user.is_none() { Ok(self) } else { Err(ClientError::OtherUser) }
    }

    /// Goes on if the key may ask whose voice somebody on the phone has: those callers are the tenant `main`'s.
    ///
    /// # Errors
    /// [`ClientError::Forbidden`].
    pub fn must_listen(&self) -> Result<&Self, ClientError> {
        self.must_be_back_end()?;
        if self.key.tenant == Tenant::main() {
            self.must(Scope::Verify)
        } else {
            Err(ClientError::Forbidden(Scope::Verify))
        }
    }

    /// Whether the key may see scores, and not only verdicts.
    pub fn sees_scores(&self) -> bool {
        self.user.is_none() && self.key.scopes.contains(&Scope::Scores)
    }
}

impl Limiters {
    /// Counts a request against the key's minute; how long to wait if it was one too many, in milliseconds.
    fn wait_ms(&self, key: &ApiKey) -> Option<u64> {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            let quota = Quota::per_minute(NonZeroU32::new(key.per_minute).unwrap_or(NonZeroU32::MIN));
            (key.per_minute, Arc::new(RateLimiter::direct(quota)))
        };
        let entry = limiters.entry(key.id.clone()).or_insert_with(fresh);
        if entry.0 != key.per_minute {
            *entry = fresh();
        }
        let limiter = Arc::clone(&entry.1);
        drop(limiters);
        let not_until = limiter.check().err()?;
        Some(not_until.wait_time_from(DefaultClock::default().now()).as_millis() as u64 + 1)
    }
}

impl Keys {
    pub(super) fn new(cx: Context, seals: Arc<Seals>) -> Self {
        Self { cx, seals, limiters: Arc::default() }
    }

    /// The client that shows this secret; counts the request.
    ///
    /// # Errors
    /// [`ClientError::Unauthorized`] for any secret that is worth nothing, [`ClientError::Limited`].
    pub async fn client(&self, secret: &str) -> Result<Client, ClientError> {
        let now = self.cx.now();
        let (key, user) = match self.seals.page_user(secret, now) {
            Some(PageUser { key, user }) => (self.cx.store.api_key(&key, now).await?, Some(user)),
            None => (self.cx.store.api_key_of(secret, now).await?, None),
        };
        let key = key.ok_or(ClientError::Unauthorized)?;
        if let Some(retry_after_ms) = self.limiters.wait_ms(&key) {
            self.cx.store.count_usage(&key.id, THROTTLED, now).await?;
            return Err(ClientError::Limited { window: Window::Minute, retry_after_ms });
        }
        if !self.cx.store.count_within(&key.id, (REQUESTS, THROTTLED), key.per_day, now).await? {
            return Err(ClientError::Limited { window: Window::Day, retry_after_ms: ms_until_tomorrow(now) });
        }
        Ok(Client { key, user })
    }
}

/// What an attempt is counted as: how it ended, and why.
pub(super) fn counted_as(verdict: &Verdict) -> Vec<String> {
    let mut what = vec![format!("{DECISION}{}", verdict.code())];
    what.extend(verdict.reason().map(|reason| format!("{REASON}{reason}")));
    what
}

/// What a key was used for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// The key's id.
    pub key: String,
    /// Whose callers it sees.
    #[schema(value_type = String)]
    pub tenant: Tenant,
    /// Requests of the last 30 days that were let in.
    pub total: u64,
    /// Requests of today (UTC).
    pub today: u64,
    /// What the key may do in each window, and how often it was stopped in the last 30 days.
    pub throttle: Throttle,
    /// Attempts by how they ended: accept, retry, reject, cooldown.
    pub decisions: BTreeMap<String, u64>,
    /// Attempts that were not accepted, by why.
    pub reasons: BTreeMap<String, u64>,
}

/// A key's limits.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Throttle {
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests a day.
    pub per_day: u32,
    /// Requests that were one too many.
    pub refused: u64,
}

impl Keys {
    /// What a key was used for in the last 30 days.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub async fn usage(&self, client: &Client) -> Result<UsageView, ClientError> {
        let key = &client.key;
        let now = self.cx.now();
        let since = now.saturating_sub(USAGE_SHOWN).unwrap_or(Timestamp::MIN);
        let usage = self.cx.store.usage(&key.id, since).await?;
        let today = now.strftime("%Y-%m-%d").to_string();
        let count = |what: &str| usage.iter().filter(|one| one.what == what).map(|one| u64::from(one.count)).sum();
        let by = |prefix: &str| {
            let mut counts = BTreeMap::new();
            for one in &usage {
                if let Some(word) = one.what.strip_prefix(prefix) {
                    *counts.entry(word.to_owned()).or_default() += u64::from(one.count);
                }
            }
            counts
        };
        let of_today = usage.iter().find(|one| one.what == REQUESTS && one.day == today);
        Ok(UsageView {
            key: key.id.clone(),
            tenant: key.tenant.clone(),
            total: count(REQUESTS),
            today: of_today.map_or(0, |one| one.count.into()),
            throttle: Throttle { per_minute: key.per_minute, per_day: key.per_day, refused: count(THROTTLED) },
            decisions: by(DECISION),
            reasons: by(REASON),
        })
    }
}

/// Until the next day begins, UTC.
fn ms_until_tomorrow(now: Timestamp) -> u64 {
    let today = now.to_zoned(TimeZone::UTC);
    let tomorrow = today.checked_add(1.day()).and_then(|at| at.start_of_day());
    tomorrow.map_or(0, |tomorrow| tomorrow.timestamp().duration_since(now).as_millis().max(0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(per_minute: u32) -> ApiKey {
        ApiKey {
            id: "1".to_owned(),
            tenant: Tenant::main(),
            name: String::new(),
            scopes: vec![Scope::Verify],
            per_minute,
            per_day: 10,
            is_demo: false,
            made_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_waits_once_its_minute_is_used_up_and_another_limit_counts_anew() {
        let clients = Limiters::default();
        assert_eq!([(); 3].map(|()| clients.wait_ms(&key(3))), [None; 3]);
        let wait = clients.wait_ms(&key(3)).unwrap();
        assert!((1..=20_001).contains(&wait), "{wait} ms for one of three a minute");
        assert_eq!(clients.wait_ms(&key(4)), None);
    }

    #[test]
    fn a_client_may_do_what_its_key_is_for() {
        let client = Client { key: key(1), user: None };
        assert!(client.must(Scope::Verify).is_ok() && !client.sees_scores());
        assert_eq!(client.must(Scope::Admin).unwrap_err().code(), "forbidden");
    }

    #[test]
    fn a_day_ends_at_midnight() {
        let ms = |text: &str| ms_until_tomorrow(text.parse().unwrap());
        assert_eq!((ms("2026-02-28T23:59:59Z"), ms("2026-03-01T00:00:00Z")), (1_000, 86_400_000));
    }
}
