//! `X-Twilio-Signature`: HMAC-SHA1 over the URL and the decoded form.
//!
//! Key and value are joined without a separator, so that `ab` + `c` and `a` + `bc` sign alike. That is the
//! provider's algorithm; what is read from a form afterwards is checked for its shape.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use thiserror::Error;

use super::Form;
use super::public_url::PublicUrl;

/// The query parameter that carries the hash of a body which is not a form.
const BODY_HASH: &str = "bodySHA256";

/// Bytes of an HMAC-SHA1.
const TAG_BYTES: usize = 20;

/// The content of a signed request besides its URL.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// Nothing: a GET, whose parameters all are in the query.
    Empty,
    /// A form, decoded.
    Form(&'a Form),
    /// Anything else, whose hash stands in the query as `bodySHA256`.
    Raw(&'a [u8]),
}

/// Why a request is not taken for the provider's.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SignatureError {
    /// The verifier was given no token, or an empty one.
    #[error("no auth token to check signatures with")]
    NoToken,
    /// The public URL is not `http(s)://host`.
    #[error("the public URL is not http:// or https://, a host, and at most a path")]
    BadPublicUrl,
    /// The request carries no signature.
    #[error("request is not signed")]
    Missing,
    /// The signature is not 20 bytes in base64.
    #[error("signature is not 20 bytes in base64")]
    Malformed,
    /// The body's hash is absent from the query, or another one.
    #[error("body does not match its hash in the query")]
    BodyMismatch,
    /// No token and no spelling of the URL gives this signature.
    #[error("signature does not match")]
    Mismatch,
}

impl SignatureError {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoToken => "signature_no_token",
            Self::BadPublicUrl => "signature_bad_public_url",
            Self::Missing => "signature_missing",
            Self::Malformed => "signature_malformed",
            Self::BodyMismatch => "signature_body_mismatch",
            Self::Mismatch => "signature_mismatch",
        }
    }
}

/// Checks that requests come from the provider.
#[derive(Clone, Debug)]
pub struct Verifier {
    tokens: Vec<SecretString>,
    public_url: PublicUrl,
}

impl Verifier {
    /// Takes the tokens that may sign (the current one, the one before) and our public base URL.
    ///
    /// The base is configured, never taken from a request: behind a proxy the `Host` header is anybody's.
    ///
    /// # Errors
    /// [`SignatureError::NoToken`] for no or an empty token, [`SignatureError::BadPublicUrl`].
    pub fn new(tokens: Vec<SecretString>, public_url: &str) -> Result<Self, SignatureError> {
        if tokens.is_empty() || tokens.iter().any(|token| token.expose_secret().is_empty()) {
            return Err(SignatureError::NoToken);
        }
        let public_url = PublicUrl::parse(public_url).ok_or(SignatureError::BadPublicUrl)?;
        Ok(Self { tokens, public_url })
    }

    /// Checks a webhook: `path_and_query` raw as received, `header` is `X-Twilio-Signature`.
    ///
    /// # Errors
    /// [`SignatureError`]; whatever it is, answer 403 without detail.
    pub fn verify(&self, path_and_query: &str, header: Option<&str>, body: Body<'_>) -> Result<(), SignatureError> {
        let none = Form::default();
        let params = match body {
            Body::Empty => &none,
            Body::Form(form) => form,
            Body::Raw(bytes) => {
                check_body_hash(path_and_query, bytes)?;
                &none
            }
        };
        self.verify_any(&self.candidates(path_and_query), header, params)
    }

    /// Checks the upgrade request of a media stream, signed over its `wss://` URL.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_handshake(&self, path_and_query: &str, header: Option<&str>) -> Result<(), SignatureError> {
        self.verify_any(&self.public_url.socket_spellings(path_and_query), header, &Form::default())
    }

    /// Every spelling of a webhook's URL that is tried, the configured one first.
    ///
    /// The provider drops the default port or keeps it, depending on scheme and version.
    pub fn candidates(&self, path_and_query: &str) -> Vec<String> {
        self.public_url.spellings(path_and_query)
    }

    /// Tries every URL with every token, the same work whichever fits.
    fn verify_any(&self, urls: &[String], header: Option<&str>, params: &Form) -> Result<(), SignatureError> {
        let header = header.ok_or(SignatureError::Missing)?;
        let given = BASE64.decode(header).ok().filter(|tag| tag.len() == TAG_BYTES).ok_or(SignatureError::Malformed)?;
        let mut is_signed = Choice::from(0);
        for url in urls {
            for token in &self.tokens {
                is_signed |= tag(url, params, token).ct_eq(given.as_slice());
            }
        }
        if is_signed.into() { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

/// Signs a request as the provider does; an empty form for GET, JSON and handshakes.
pub fn sign(url: &str, params: &Form, token: &SecretString) -> String {
    BASE64.encode(tag(url, params, token))
}

/// The URL, then every key with each of its different values, both in byte order.
fn tag(url: &str, params: &Form, token: &SecretString) -> [u8; TAG_BYTES] {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in params.pairs() {
        sorted.entry(name).or_default().insert(value);
    }
    let key = token.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, values) in sorted {
        for value in values {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    mac.finalize().into_bytes().into()
}

/// The hash in the query is signed with the URL; the body is signed by being what was hashed.
fn check_body_hash(path_and_query: &str, body: &[u8]) -> Result<(), SignatureError> {
    let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
    let claimed = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == BODY_HASH);
    let claimed = claimed.map_or("", |(_, hash)| hash);
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let hash: String = Sha256::digest(body).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
    if hash.as_bytes().ct_eq(claimed.as_bytes()).into() { Ok(()) } else { Err(SignatureError::BodyMismatch) }
}

#[cfg(test)]
mod tests;
