//! Tokens that a page can use for one user, in place of the key.

use std::time::Duration;

use super::{UploadError, Uploads};
use crate::clients::client::Client;
use crate::clients::permission::KeyShown;
use crate::clients::tokens::PageUser;
use crate::types::Timestamp;
use crate::wire::UserToken;

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
}
