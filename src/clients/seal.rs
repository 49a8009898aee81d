//! Signed claims of our own: HS256 over JSON, read again by whoever holds the same secret.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::calls::{self, TokenError};

/// A secret that signs claims and knows its own signature again.
pub(super) struct Seal {
    signs: EncodingKey,
    reads: DecodingKey,
}

impl Seal {
    /// A seal of this secret.
    pub(super) fn new(secret: &[u8]) -> Self {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn only_what_was_sealed_with_the_same_secret_and_left_as_it_was_is_read() {
        let (seal, other) = (Seal::new(&[1; 32]), Seal::new(&[2; 32]));
        let token = seal.sign(&json!({ "sub": "anna" })).unwrap();
        assert_eq!(seal.read::<Value>(&token), Some(json!({ "sub": "anna" })));
        assert_eq!(other.read::<Value>(&token), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last letter of the signature holds two bits that nobody reads.
            assert!(at + 1 == token.len() || seal.read::<Value>(&changed).is_none(), "{at}");
        }
        // PyJWT 2.10: jwt.encode({"sub": "anna"}, None, algorithm="none")
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm5hIn0.";
        assert_eq!(seal.read::<Value>(unsigned), None);
    }
}
