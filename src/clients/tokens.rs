//! Tokens that this server signs and reads again: voice tokens and pages' tokens. For `keys` and `uploads`.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::calls::{self, TokenError};
use crate::config;
use crate::store::Store;
use crate::types::Timestamp;

/// A secret that signs claims (HS256 over JSON) and knows its own signature again.
pub(super) struct Signer {
    signs: EncodingKey,
    reads: DecodingKey,
}

/// The signers of the API's tokens, one a purpose.
pub(super) struct Signers {
    /// Signs that a user was verified.
    pub(super) voice: Signer,
    /// Signs that a page acts for a user.
    page: Signer,
}

/// The user that a page acts for, and the key that allows it.
pub(super) struct PageUser {
    /// The key's id.
    pub(super) key: String,
    /// The application's id of the user.
    pub(super) user: String,
}

#[derive(Serialize, Deserialize)]
struct PageClaims {
    key: String,
    sub: String,
    exp: i64,
}

impl Signer {
    /// A signer with this secret.
    fn new(secret: &[u8]) -> Self {
        calls::install_hs256();
        Self { signs: EncodingKey::from_secret(secret), reads: DecodingKey::from_secret(secret) }
    }

    /// The claims as a signed token.
    ///
    /// # Errors
    /// [`TokenError`] when the claims cannot be framed.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, TokenError> {
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signs)?)
    }

    /// The claims of a token that was signed here; their times are for the caller to judge.
    pub(super) fn read<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode(token, &self.reads, &validation).ok().map(|data| data.claims)
    }
}

impl Signers {
    /// Signers with the operator's secret where there is one, else with the database's own.
    pub(super) fn new(token: &config::Token, store: &Store) -> Self {
        let voice = match &token.secret {
            Some(secret) => Signer::new(secret.expose_secret().as_bytes()),
            None => Signer::new(&store.own_secret("voice token")),
        };
        Self { voice, page: Signer::new(&store.own_secret("page token")) }
    }

    /// A token for a page that acts for a user.
    ///
    /// # Errors
    /// [`TokenError`].
    pub(super) fn page_token(&self, page: PageUser, expires_at: Timestamp) -> Result<String, TokenError> {
        self.page.sign(&PageClaims { key: page.key, sub: page.user, exp: expires_at.as_second() })
    }

    /// The user of a page that shows this token; none when it is not ours, or its time is over.
    pub(super) fn page_user(&self, token: &str, now: Timestamp) -> Option<PageUser> {
        if !token.contains('.') {
            return None;
        }
        let PageClaims { key, sub: user, exp } = self.page.read(token)?;
        (now.as_second() < exp).then_some(PageUser { key, user })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn only_a_token_signed_with_the_same_secret_and_left_as_it_was_is_read() {
        let (signer, other) = (Signer::new(&[1; 32]), Signer::new(&[2; 32]));
        let token = signer.sign(&json!({ "sub": "anna" })).unwrap();
        assert_eq!(signer.read::<Value>(&token), Some(json!({ "sub": "anna" })));
        assert_eq!(other.read::<Value>(&token), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last letter of the signature holds two bits that no reader looks at.
            assert!(at + 1 == token.len() || signer.read::<Value>(&changed).is_none(), "{at}");
        }
        // PyJWT 2.10: jwt.encode({"sub": "anna"}, None, algorithm="none")
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm5hIn0.";
        assert_eq!(signer.read::<Value>(unsigned), None);
    }
}
