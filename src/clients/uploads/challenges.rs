//! Challenges that a back end has its user answer.

use thiserror::Error;

use super::Uploads;
use crate::clients::client::Client;
use crate::clients::permission::{ByKey, Verify};
use crate::phrase::Challenge;
use crate::store::{Redeemed, StoreError};
use crate::types::Timestamp;
use crate::wire::{ChallengeForm, ChallengeView};

/// Why a challenge asks for nothing any more.
#[derive(Debug, Error)]
pub enum ChallengeError {
    /// The tenant has none of that id.
    #[error("there is no such challenge")]
    Unknown,
    /// It was answered before.
    #[error("the challenge was answered before; ask for another one")]
    Used,
    /// Its time is over.
    #[error("the challenge has expired; ask for another one")]
    Expired,
    /// The stored text is no challenge, or the store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChallengeError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "challenge_not_found",
            Self::Used => "challenge_used",
            Self::Expired => "challenge_expired",
            Self::Store(error) => error.code(),
        }
    }
}

impl Uploads {
    /// Makes a challenge for any user of the tenant's; it may be answered for as long as a session.
    ///
    /// # Errors
    /// [`ChallengeError::Store`].
    pub async fn new_challenge(
        &self,
        client: &Client<ByKey<Verify>>,
        form: ChallengeForm,
    ) -> Result<ChallengeView, ChallengeError> {
        let challenge = match form {
            ChallengeForm::Digits => Challenge::digits(rand::random()),
            ChallengeForm::Mixed => Challenge::mixed(rand::random()),
        };
        let (now, ttl) = (self.cx.now(), std::time::Duration::from_secs(self.cx.config.api.session_ttl_s));
        let expires_at = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
        let text = challenge.to_string();
        let id = self.cx.store.new_challenge(client.tenant(), text.clone(), expires_at, now).await?;
        Ok(ChallengeView { id, challenge: challenge.spoken(), text, expires_at })
    }

    /// Uses up a challenge of the client's tenant, before its answer is judged.
    ///
    /// # Errors
    /// [`ChallengeError`].
    pub async fn redeem_challenge(&self, client: &Client<Verify>, id: &str) -> Result<Challenge, ChallengeError> {
        match self.cx.store.redeem_challenge(&client.key().tenant, id, self.cx.now()).await? {
            Redeemed::Good(text) => text.parse().map_err(|_| StoreError::Sealed.into()),
            Redeemed::Used => Err(ChallengeError::Used),
            Redeemed::Expired => Err(ChallengeError::Expired),
            Redeemed::Unknown => Err(ChallengeError::Unknown),
        }
    }
}
