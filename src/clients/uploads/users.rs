use std::time::Duration;

use rand::RngExt;

use super::Uploads;
use crate::clients::client::Client;
use crate::clients::permission::{AnyScope, ByKey, KeyShown};
use crate::clients::tokens::PageUser;
use crate::clients::uploads::UploadError;
use crate::store::{NewApiKey, Scope};
use crate::types::{Tenant, Timestamp};
use crate::wire::{DemoKey, UserToken};

/// How long a key to try things with is good for.
const DEMO_TTL: Duration = Duration::from_hours(24);

/// What it allows: enough to try everything by hand, too little to be of use to anybody.
const DEMO_PER_MINUTE: u32 = 60;
const DEMO_PER_DAY: u32 = 1_000;

impl Uploads {
    /// Makes a token that a page can use for one user.
    ///
    /// # Errors
    /// [`UploadError::Client`].
    pub fn user_token<P: KeyShown>(&self, client: &Client<P>, user: &str) -> Result<UserToken, UploadError> {
        let user = client.user(user)?;
        let ttl = Duration::from_secs(self.cx.config.api.user_token_ttl_s);
        let expires_at = self.cx.now().saturating_add(ttl).unwrap_or(Timestamp::MAX);
        let page = PageUser { key: client.key().id.clone(), user: user.id().to_owned() };
        let token = self.signers.page_token(page, expires_at)?;
        Ok(UserToken { token, user_id: user.id().to_owned(), expires_at })
    }

    /// Makes a key that anybody may have; none where the operator does not allow it.
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
