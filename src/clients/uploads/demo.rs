//! Demo keys and demo tokens, which need no client: `http` gives them out where the operator allows it.

use std::time::Duration;

use rand::RngExt;

use super::{UploadError, Uploads};
use crate::clients::client::Client;
use crate::clients::permission::{AnyScope, ByKey};
use crate::store::{NewApiKey, Scope};
use crate::types::{Tenant, Timestamp};
use crate::wire::{DemoKey, UserToken};

/// How long a demo key is good for.
const DEMO_TTL: Duration = Duration::from_hours(24);

/// Limits of a demo key: enough to try everything by hand, too little to build on.
const DEMO_PER_MINUTE: u32 = 60;
const DEMO_PER_DAY: u32 = 1_000;

impl Uploads {
    /// Makes a demo key with a tenant of its own; none where the operator does not allow it.
    ///
    /// # Errors
    /// [`UploadError::Store`].
    pub async fn demo_key(&self) -> Result<Option<DemoKey>, UploadError> {
        if !self.cx.config.api.demo_keys {
            return Ok(None);
        }
        let now = self.cx.now();
        let expires_at = now.saturating_add(DEMO_TTL).unwrap_or(Timestamp::MAX);
        let random: u64 = rand::rng().random();
        let tenant = Tenant::demo(random);
        let new = NewApiKey {
            tenant: tenant.clone(),
            name: "demo".to_owned(),
            scopes: vec![Scope::Enroll, Scope::Verify],
            per_minute: DEMO_PER_MINUTE,
            per_day: DEMO_PER_DAY,
            is_demo: true,
            expires_at: Some(expires_at),
        };
        let fresh = self.cx.store.new_api_key(new, now).await?;
        Ok(Some(DemoKey { key: fresh.secret, tenant, expires_at }))
    }

    /// A token for the demo page, by a key of its own; none where the operator does not allow it.
    ///
    /// # Errors
    /// [`UploadError::Client`], [`UploadError::Store`].
    pub async fn demo_token(&self, user: &str) -> Result<Option<UserToken>, UploadError> {
        let Some(demo) = self.demo_key().await? else { return Ok(None) };
        let key = self.cx.store.api_key_of(&demo.key, self.cx.now()).await?;
        let Some(key) = key else { return Ok(None) };
        let client = Client::<ByKey<AnyScope>>::check(key, None)?;
        Ok(Some(self.user_token(&client, user)?))
    }
}
