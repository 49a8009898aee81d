//! API keys: whose request it is, how often each may ask, and how often it did. `http` finds the client of a request
//! here.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::client::{Client, ClientError, Window};
use super::permission::{AnyScope, ByKey, Permission, Verify};
use super::tokens::{PageUser, Signers};
use crate::judging::Context;
use crate::store::{ApiKey, CallerRef, Scope};
use crate::types::{Tenant, Timestamp, Verdict};
use crate::wire::{Throttle, UsageView};

/// The name under which every request is counted.
const REQUESTS: &str = "requests";
/// A request that was refused because the key had made too many.
const THROTTLED: &str = "throttled";

/// Prefixes under which attempts are counted: before the verdict's code, and before the reason's.
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
    signers: Arc<Signers>,
    limiters: Arc<Limiters>,
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
    pub(super) fn new(cx: Context, signers: Arc<Signers>) -> Self {
        Self { cx, signers, limiters: Arc::default() }
    }

    /// The client that shows this secret, checked for `P`; counts the request.
    ///
    /// # Errors
    /// [`ClientError::Unauthorized`] for any secret that is worth nothing, [`ClientError::Limited`],
    /// [`ClientError::OtherUser`], [`ClientError::Forbidden`].
    pub async fn client<P: Permission>(&self, secret: &str) -> Result<Client<P>, ClientError> {
        let now = self.cx.now();
        let (key, user) = match self.signers.page_user(secret, now) {
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
        Client::check(key, user)
    }

    /// The client that shows the key of `[listening]`, or an API key of the tenant `main` that may verify.
    ///
    /// # Errors
    /// As [`Keys::client`].
    pub async fn listener(&self, secret: &str) -> Result<Listener, ClientError> {
        if let Some(key) = &self.cx.config.listening.api_key {
            // Hashes are of one length, so that the comparison tells nothing of the key's.
            let hash = |text: &str| Sha256::digest(text.as_bytes());
            let is_it: bool = hash(secret).ct_eq(&hash(key.expose_secret())).into();
            if is_it {
                return Ok(Listener { tenant: Tenant::main() });
            }
        }
        let client = self.client::<ByKey<AnyScope>>(secret).await?;
        if !client.answers_phone() {
            return Err(ClientError::Forbidden(Scope::Verify));
        }
        let client = client.checked_for::<ByKey<Verify>>()?;
        Ok(Listener { tenant: client.tenant().clone() })
    }
}

/// A client that may have conversations listened to: callers on the phone are the tenant `main`'s.
#[derive(Clone, Debug)]
pub struct Listener {
    tenant: Tenant,
}

impl Listener {
    /// How the store is asked for an application's user who is on the phone.
    pub(super) fn user(&self, id: String) -> CallerRef {
        CallerRef::User(self.tenant.clone(), id)
    }
}

/// The names under which an attempt is counted: how it ended, and why.
pub(super) fn counted_as(verdict: &Verdict) -> Vec<String> {
    let mut what = vec![format!("{DECISION}{}", verdict.code())];
    what.extend(verdict.reason().map(|reason| format!("{REASON}{reason}")));
    what
}

impl Keys {
    /// The use of a key in the last 30 days.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub async fn usage(&self, client: &Client<ByKey<AnyScope>>) -> Result<UsageView, ClientError> {
        let key = client.key();
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
    fn a_day_ends_at_midnight() {
        let ms = |text: &str| ms_until_tomorrow(text.parse().unwrap());
        assert_eq!((ms("2026-02-28T23:59:59Z"), ms("2026-03-01T00:00:00Z")), (1_000, 86_400_000));
    }
}
