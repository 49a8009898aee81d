//! The signed result an operator's application gets when a call is redirected to it.
//!
//! HS256 only. `jsonwebtoken` frames the token; the HMAC is ours over `hmac` and `sha2`, because the crate's own back
//! ends bring either a C library or an `rsa` with a known advisory.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use signature::{Signer, Verifier};
use thiserror::Error;
use uuid::Uuid;

use crate::config;
use crate::types::{CallSid, Timestamp};

/// The claims of a token about a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed it: `token.issuer`.
    pub iss: String,
    /// The caller: their `user_id` where the operator gave one, else our id; absent when no caller was identified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub: Option<String>,
    /// The provider's id of the call.
    pub call: String,
    /// `accept`, `reject` or `cooldown`.
    pub verdict: String,
    /// When it was signed, seconds since 1970.
    pub iat: i64,
    /// When it stops being valid, seconds since 1970.
    pub exp: i64,
    /// Unique, so that the application can refuse a second use.
    pub jti: String,
}

/// Signs the results of calls.
pub(super) struct TokenSigner {
    key: EncodingKey,
    issuer: String,
    ttl_s: i64,
}

/// A token could not be signed.
#[derive(Debug, Error)]
pub enum TokenError {
    /// A line redirects, yet no `token.secret` is set.
    #[error("a line redirects its callers, but token.secret is not set")]
    NoSecret,
    /// The token could not be framed.
    #[error("cannot sign the token: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

impl TokenSigner {
    /// Takes the secret and the lifetime; `None` without a secret.
    pub(super) fn new(settings: &config::Token) -> Option<Self> {
        let secret: &SecretString = settings.secret.as_ref()?;
        install();
        Some(Self {
            key: EncodingKey::from_secret(secret.expose_secret().as_bytes()),
            issuer: settings.issuer.clone(),
            ttl_s: i64::try_from(settings.ttl_s).unwrap_or(i64::MAX),
        })
    }

    /// Signs what was found out about one call.
    ///
    /// # Errors
    /// [`TokenError::Sign`] when the claims cannot be framed.
    pub(super) fn sign(
        &self,
        sub: Option<String>,
        call: &CallSid,
        verdict: &str,
        now: Timestamp,
    ) -> Result<String, TokenError> {
        self.sign_claims(&Claims {
            iss: self.issuer.clone(),
            sub,
            call: call.to_string(),
            verdict: verdict.to_owned(),
            iat: now.as_second(),
            exp: now.as_second().saturating_add(self.ttl_s),
            jti: Uuid::now_v7().to_string(),
        })
    }

    fn sign_claims(&self, claims: &Claims) -> Result<String, TokenError> {
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.key)?)
    }
}

/// Makes HS256 known to `jsonwebtoken`.
pub(crate) fn install() {
    // The first caller wins and every caller brings the same provider, so "already installed" is no failure.
    let _ = HS256.install_default();
}

/// The operator's URL with the token in its query, before any fragment.
pub(super) fn with_token(url: &str, token: &str) -> String {
    let (base, fragment) = url.split_once('#').map_or((url, None), |(base, fragment)| (base, Some(fragment)));
    let joint = if base.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
    format!("{base}{joint}callprint_token={token}{fragment}")
}

static HS256: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.family(), key.as_bytes())?)),
    verifier_factory: |algorithm, key: &DecodingKey| {
        Ok(Box::new(Hs256::new(*algorithm, key.family(), key.try_get_as_bytes()?)?))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, family: AlgorithmFamily, secret: &[u8]) -> JwtResult<Self> {
        if algorithm != Algorithm::HS256 || family != AlgorithmFamily::Hmac {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Ok(Self(Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat)?))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Validation;

    use super::*;

    const SECRET: &str = "correct horse battery staple, twice over";

    // Made with PyJWT 2.15.1: jwt.encode(claims, SECRET, algorithm="HS256", sort_headers=False),
    // and the same with HS384.
    const PYJWT_HS256: &str = "\
        eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjYWxscHJpbnQiLCJzdWIiOiJ1c2VyLTE3IiwiY2FsbCI6IkNBMDEyMzQ\
        1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYiLCJ2ZXJkaWN0IjoiYWNjZXB0IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA\
        wNjAsImp0aSI6IjAxOGJjZmU1LTY4MDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSJ9.7zWIfVACOiHGw0oPoUkZaWsC-Wnr6BCFflhVAI\
        jjJXg";
    const PYJWT_HS384: &str = "\
        eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjYWxscHJpbnQiLCJzdWIiOiJ1c2VyLTE3IiwiY2FsbCI6IkNBMDEyMzQ\
        1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYiLCJ2ZXJkaWN0IjoiYWNjZXB0IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDA\
        wNjAsImp0aSI6IjAxOGJjZmU1LTY4MDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSJ9.H-tRuXUawyBonj2-aK58VO1rj8za_cAnKPRdCh\
        Nw0SkGhu3YjfhK1jljCJmQ1_0q";

    fn signer() -> TokenSigner {
        let settings = config::Token { issuer: "callprint".to_owned(), ttl_s: 60, secret: Some(SECRET.into()) };
        TokenSigner::new(&settings).unwrap()
    }

    fn call() -> CallSid {
        CallSid::parse("CA0123456789abcdef0123456789abcdef").unwrap()
    }

    fn read(token: &str) -> JwtResult<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::decode::<Claims>(token, &key, &validation).map(|data| data.claims)
    }

    #[test]
    fn a_token_is_byte_for_byte_what_pyjwt_makes() {
        let claims = Claims {
            iss: "callprint".to_owned(),
            sub: Some("user-17".to_owned()),
            call: call().to_string(),
            verdict: "accept".to_owned(),
            iat: 1_700_000_000,
            exp: 1_700_000_060,
            jti: "018bcfe5-6800-7000-8000-000000000001".to_owned(),
        };
        assert_eq!(signer().sign_claims(&claims).unwrap(), PYJWT_HS256);
        assert_eq!(read(PYJWT_HS256).unwrap(), claims);
    }

    #[test]
    fn a_changed_token_and_another_algorithm_are_refused() {
        signer();
        let changed = PYJWT_HS256.replacen("eyJpc3Mi", "eyJpc3Nj", 1);
        assert!(read(&changed).is_err());
        assert!(read(PYJWT_HS384).is_err());
    }

    #[test]
    fn a_token_lives_for_its_configured_time_and_is_unique() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let first = read(&signer().sign(None, &call(), "reject", now).unwrap()).unwrap();
        let second = read(&signer().sign(None, &call(), "reject", now).unwrap()).unwrap();
        assert_eq!((first.iat, first.exp, first.sub), (1_700_000_000, 1_700_000_060, None));
        assert_ne!(first.jti, second.jti);
    }

    #[test]
    fn the_token_joins_the_query_and_stays_before_the_fragment() {
        assert_eq!(with_token("https://a.example/x", "T"), "https://a.example/x?callprint_token=T");
        assert_eq!(with_token("https://a.example/x?y=1", "T"), "https://a.example/x?y=1&callprint_token=T");
        assert_eq!(with_token("https://a.example/x#rc=2", "T"), "https://a.example/x?callprint_token=T#rc=2");
    }
}
