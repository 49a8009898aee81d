//! `X-Twilio-Signature`: HMAC-SHA1 over the URL and the decoded form.

use secrecy::SecretString;
use thiserror::Error;

use super::Form;

/// What a signed request carried besides its URL.
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
    #[error("the public URL is not an absolute http or https URL")]
    BadPublicUrl,
    /// The request carries no signature.
    #[error("request is not signed")]
    Missing,
    /// The signature is not 20 bytes in base64.
    #[error("signature is not 20 bytes in base64")]
    Malformed,
    /// The body's hash is absent from the query or another one.
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
pub struct Verifier {
    #[expect(dead_code, reason = "signature first")]
    tokens: Vec<SecretString>,
}

impl Verifier {
    /// Takes the tokens that may sign (the current one, the one before) and our public base URL.
    ///
    /// # Errors
    /// [`SignatureError::NoToken`] for no or an empty token, [`SignatureError::BadPublicUrl`].
    pub fn new(_tokens: Vec<SecretString>, _public_url: &str) -> Result<Self, SignatureError> {
        todo!()
    }

    /// Checks a webhook: `path_and_query` raw as received, `header` is `X-Twilio-Signature`.
    ///
    /// # Errors
    /// [`SignatureError`]; whatever it is, answer 403 without detail.
    pub fn verify(&self, _path_and_query: &str, _header: Option<&str>, _body: Body<'_>) -> Result<(), SignatureError> {
        todo!()
    }

    /// Checks the upgrade request of a media stream, signed over its `wss://` URL.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_handshake(&self, _path_and_query: &str, _header: Option<&str>) -> Result<(), SignatureError> {
        todo!()
    }

    /// Every spelling of a webhook's URL that is tried, the configured one first.
    pub fn candidates(&self, _path_and_query: &str) -> Vec<String> {
        todo!()
    }
}

/// Signs a request as the provider does; an empty form for GET, JSON and handshakes.
pub fn sign(_url: &str, _params: &Form, _token: &SecretString) -> String {
    todo!()
}
