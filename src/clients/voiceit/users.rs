//! Users and phrases of `VoiceIt`'s API, and the account that each request shows.

use uuid::Uuid;

use super::{VoiceIt, VoiceItError};
use crate::clients::client::{Client, ClientError};
use crate::clients::permission::WholeAccount;
use crate::store::{Caller, USER_PREFIX};
use crate::types::Timestamp;
use crate::wire::{PhraseView, UserToken};

impl VoiceIt {
    /// The client that shows this key and token; both are one API key of ours, which must allow everything but scores.
    ///
    /// # Errors
    /// [`VoiceItError::Account`] for anything wrong with them; [`VoiceItError::Upload`] for its limits.
    pub async fn client(&self, key: &str, token: &str) -> Result<Client<WholeAccount>, VoiceItError> {
        let (Some(id), Some(secret)) = (key.strip_prefix("key_"), token.strip_prefix("tok_")) else {
            return Err(VoiceItError::Account);
        };
        let client = self.keys.client::<WholeAccount>(secret).await.map_err(|error| match error {
            ClientError::Unauthorized | ClientError::OtherUser | ClientError::Forbidden(_) => VoiceItError::Account,
            other => other.into(),
        })?;
        if client.key().id == id { Ok(client) } else { Err(VoiceItError::Account) }
    }

    /// Makes a user; their id. The application says that they agree to a voiceprint.
    ///
    /// # Errors
    /// [`VoiceItError::Store`].
    pub async fn new_user(&self, client: &Client<WholeAccount>) -> Result<(String, Timestamp), VoiceItError> {
        let id = format!("{USER_PREFIX}{}", Uuid::new_v4().simple());
        let (caller, _) = self.cx.store.profile(client.tenant(), &id, true, self.cx.now()).await?;
        Ok((id, caller.created_at))
    }

    /// Users with when they were made.
    ///
    /// # Errors
    /// [`VoiceItError::Store`].
    pub async fn users(&self, client: &Client<WholeAccount>) -> Result<Vec<(String, Timestamp)>, VoiceItError> {
        Ok(self.cx.store.prefixed_users(client.tenant()).await?)
    }

    /// A user of the client's.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`].
    pub(super) async fn user(&self, client: &Client<WholeAccount>, id: &str) -> Result<Caller, VoiceItError> {
        if !id.starts_with(USER_PREFIX) {
            return Err(VoiceItError::UserUnknown);
        }
        let user = client.user(id).map_err(|_| VoiceItError::UserUnknown)?;
        self.cx.store.find_caller(&user.reference()).await?.ok_or(VoiceItError::UserUnknown)
    }

    /// Whether there is such a user.
    ///
    /// # Errors
    /// [`VoiceItError::Store`].
    pub async fn has_user(&self, client: &Client<WholeAccount>, id: &str) -> Result<bool, VoiceItError> {
        match self.user(client, id).await {
            Ok(_) => Ok(true),
            Err(VoiceItError::UserUnknown) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes a user with everything that is theirs.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`].
    pub async fn delete_user(&self, client: &Client<WholeAccount>, id: &str) -> Result<(), VoiceItError> {
        let caller = self.user(client, id).await?;
        self.cx.store.delete_caller(caller.id, self.cx.now()).await?;
        Ok(())
    }

    /// A token that a page can use for a user, with our own routes.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`].
    pub async fn user_token(&self, client: &Client<WholeAccount>, id: &str) -> Result<UserToken, VoiceItError> {
        self.user(client, id).await?;
        Ok(self.uploads.user_token(client, id)?)
    }

    /// The sentences of the lines that speak a language.
    ///
    /// # Errors
    /// [`VoiceItError::NoPhrases`].
    pub fn phrases(&self, language: &str) -> Result<Vec<PhraseView>, VoiceItError> {
        let speaks = |locale: &str| locale.eq_ignore_ascii_case(language) || language == "no-STT";
        let lines = self.cx.config.lines.iter().enumerate().filter(|(_, line)| speaks(&line.locale));
        let mut phrases: Vec<PhraseView> = Vec::new();
        for (at, line) in lines {
            if phrases.iter().all(|phrase| said(&phrase.text) != said(&line.passphrase)) {
                phrases.push(PhraseView {
                    id: at + 1,
                    text: line.passphrase.clone(),
                    content_language: line.locale.clone(),
                });
            }
        }
        if phrases.is_empty() { Err(VoiceItError::NoPhrases) } else { Ok(phrases) }
    }

    /// A phrase as it is kept, if a line has it.
    pub(super) fn phrase(&self, language: &str, phrase: &str) -> Result<String, VoiceItError> {
        let wanted = said(phrase);
        let known = self.phrases(language)?.iter().any(|known| said(&known.text) == wanted);
        if known { Ok(wanted) } else { Err(VoiceItError::OtherPhrase) }
    }
}

/// A sentence without what is not heard of it.
fn said(text: &str) -> String {
    let heard: String = text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
    heard.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_spaces_make_no_other_sentence() {
        assert_eq!(said("Never forget, tomorrow is a  new day."), said("never forget tomorrow is a new day"));
        assert_ne!(said("never forget tomorrow"), said("never forget"));
    }
}
