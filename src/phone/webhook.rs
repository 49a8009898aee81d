use std::time::{Duration, Instant};

use secrecy::SecretString;
use thiserror::Error;
use url::Url;

use crate::phone::accepts::Method;
use crate::twilio::Form;
use crate::twilio::signature::sign;

/// The provider follows ten redirects.
const MAX_REDIRECTS: u32 = 10;
/// The provider takes 64 kB.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// A webhook as it was sent, byte for byte, so that it can be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    url: Url,
    /// The encoded form; none for a GET.
    body: Option<String>,
    signature: String,
}

/// The kind of content that the provider takes an answer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A document.
    Document(String),
    /// Text to read aloud, if it is no document.
    Text(String),
    /// A sound to play.
    Sound,
}

/// A usable answer.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    /// Where the document was found in the end.
    pub(super) url: Url,
    pub(super) content: Content,
}

/// Why there is no usable answer, with the provider's own error number.
#[derive(Clone, Debug, Error)]
pub(super) enum WireFault {
    #[error("no answer in time (Twilio error 11200)")]
    TooSlow,
    #[error("no connection: {0} (11205)")]
    Unreachable(String),
    #[error("more than {MAX_REDIRECTS} redirects (11215)")]
    Redirects,
    #[error("answered with status {0} (11200)")]
    Status(u16),
    #[error("the answer has {0} (12300)")]
    ContentType(String),
    #[error("the answer is larger than 64 kB (11750)")]
    TooLarge,
    #[error("the answer is empty (11770)")]
    Empty,
    #[error("the answer is not UTF-8 (12100)")]
    NotUtf8,
}

impl WireFault {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::TooSlow => "http_too_slow",
            Self::Unreachable(_) => "http_unreachable",
            Self::Redirects => "http_redirects",
            Self::Status(_) => "http_status",
            Self::ContentType(_) => "http_content_type",
            Self::TooLarge => "http_too_large",
            Self::Empty => "http_empty",
            Self::NotUtf8 => "http_not_utf8",
        }
    }

    pub(super) const fn status(&self) -> Option<u16> {
        if let Self::Status(status) = self { Some(*status) } else { None }
    }
}

/// The provider as a client of the server.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    client: reqwest::Client,
    token: SecretString,
    /// How long an answer may take.
    pub(super) patience: Duration,
}

impl Wire {
    pub(super) fn new(token: SecretString, patience: Duration) -> reqwest::Result<Self> {
        // Another part of the program may have chosen the provider already; then that one serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("TwilioProxy/1.1")
            .no_proxy()
            .build()?;
        Ok(Self { client, token, patience })
    }

    /// A signed request: parameters in the form of a POST, in the query of a GET.
    pub(super) fn prepare(&self, url: &Url, method: Method, form: &Form) -> Exchange {
        let mut url = url.clone();
        url.set_fragment(None);
        let body = match method {
            Method::Post => Some(form.encode()),
            Method::Get => {
                url.query_pairs_mut().extend_pairs(form.pairs());
                None
            }
        };
        let none = Form::default();
        let signed = if body.is_some() { form } else { &none };
        let signature = sign(url.as_str(), signed, &self.token);
        Exchange { url, body, signature }
    }

    /// Sends a request and reads the whole answer; says also how long that took.
    pub(super) async fn send(&self, exchange: &Exchange, form: &Form) -> (Result<Answered, WireFault>, Duration) {
        let start = Instant::now();
        let answer = tokio::time::timeout(self.patience, self.follow(exchange.clone(), form)).await;
        (answer.unwrap_or(Err(WireFault::TooSlow)), start.elapsed())
    }

    async fn follow(&self, mut exchange: Exchange, form: &Form) -> Result<Answered, WireFault> {
        for _ in 0..=MAX_REDIRECTS {
            let response = self.request(&exchange).await?;
            let status = response.status().as_u16();
            if !response.status().is_redirection() {
                return read(response, exchange.url).await;
            }
            let location = response.headers().get("location").and_then(|value| value.to_str().ok());
            let Some(next) = location.and_then(|text| exchange.url.join(text).ok()) else {
                return Err(WireFault::Status(status));
            };
            let method =
                if matches!(status, 307 | 308) && exchange.body.is_some() { Method::Post } else { Method::Get };
            exchange = self.prepare(&next, method, form);
        }
        Err(WireFault::Redirects)
    }

    async fn request(&self, exchange: &Exchange) -> Result<reqwest::Response, WireFault> {
        let request = match &exchange.body {
            None => self.client.get(exchange.url.clone()),
            Some(body) => self
                .client
                .post(exchange.url.clone())
                .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
                .body(body.clone()),
        };
        let request = request.header("accept", "*/*").header("x-twilio-signature", &exchange.signature);
        request.send().await.map_err(|error| WireFault::Unreachable(innermost(&error)))
    }
}

impl Exchange {
    /// Where it goes.
    pub(super) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The same request with another signature.
    #[must_use]
    pub fn signed_with(&self, signature: &str) -> Self {
        Self { signature: signature.to_owned(), ..self.clone() }
    }
}

async fn read(mut response: reqwest::Response, url: Url) -> Result<Answered, WireFault> {
    let status = response.status().as_u16();
    if !response.status().is_success() {
        return Err(WireFault::Status(status));
    }
    let header = response.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| WireFault::Unreachable(innermost(&error)))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY_BYTES {
            return Err(WireFault::TooLarge);
        }
    }
    if body.is_empty() {
        return Err(WireFault::Empty);
    }
    let kind = header.as_deref().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let content = match kind.as_str() {
        "text/xml" | "application/xml" | "text/html" => Content::Document(utf8(body)?),
        "text/plain" => Content::Text(utf8(body)?),
        "" => return Err(WireFault::ContentType("no Content-Type".to_owned())),
        sound if sound.starts_with("audio/") => Content::Sound,
        other => return Err(WireFault::ContentType(format!("Content-Type {other}"))),
    };
    Ok(Answered { status, url, content })
}

fn utf8(body: Vec<u8>) -> Result<String, WireFault> {
    String::from_utf8(body).map_err(|_| WireFault::NotUtf8)
}

/// The cause at the bottom, which is the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}
