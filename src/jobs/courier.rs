use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, redirect};
use secrecy::SecretString;
use thiserror::Error;
use url::{Host, Url};

use super::address::is_allowed;
use super::sign::{SIGNATURE, signature};
use crate::types::Timestamp;

/// A receiver notes an event and answers; whoever takes longer is tried again later.
const WITHIN: Duration = Duration::from_secs(10);

/// Longest URL of a receiver.
const MOST_URL: usize = 2_000;

/// Takes events to their receivers, and to no address that only the operator should reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Courier {
    client: Client,
    allows_loopback: bool,
}

/// Looks names up and hands out what may be asked: the very addresses that are then connected to.
#[derive(Clone, Copy)]
struct Guarded {
    allows_loopback: bool,
}

/// Why nothing is sent to a URL.
#[derive(Debug, Error)]
pub enum UrlError {
    /// It is no URL that events are sent to.
    #[error("expected an https:// URL without user name and password")]
    Malformed,
    /// It leads to an address that is not open to everybody.
    #[error("the URL leads to an address that not everybody can reach")]
    Forbidden,
}

/// A name of an address that must not be asked.
#[derive(Debug, Error)]
#[error("the name leads to an address that must not be asked")]
struct Refused;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allows_loopback = self.allows_loopback;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One bad address is enough: names that lead both ways are made for getting in.
            if found.iter().all(|found| is_allowed(found.ip(), allows_loopback)) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(Box::new(Refused) as Box<dyn Error + Send + Sync>)
            }
        })
    }
}

impl Courier {
    /// Prepares a client.
    ///
    /// # Errors
    /// When the system's root certificates cannot be read.
    pub(crate) fn new(allows_loopback: bool) -> reqwest::Result<Self> {
        // A second call finds it installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            // A redirect would take a signed event to whomever the receiver names, guard or not.
            .redirect(redirect::Policy::none())
            .timeout(WITHIN)
            // A proxy would look names up itself.
            .no_proxy()
            .dns_resolver(Arc::new(Guarded { allows_loopback }))
            .user_agent(concat!("callprint/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, allows_loopback })
    }

    /// Checks what can be told of a receiver's URL without asking anybody.
    ///
    /// # Errors
    /// [`UrlError::Malformed`], [`UrlError::Forbidden`].
    pub(crate) fn check(&self, text: &str) -> Result<Url, UrlError> {
        let url = Url::parse(text).map_err(|_| UrlError::Malformed)?;
        let is_plain = text.len() <= MOST_URL && url.username().is_empty() && url.password().is_none();
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(UrlError::Malformed),
        };
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here && self.allows_loopback);
        if !is_plain || !is_safe {
            return Err(UrlError::Malformed);
        }
        if self.may_ask(&url) { Ok(url) } else { Err(UrlError::Forbidden) }
    }

    /// An address that stands in the URL itself is never looked up, so it is checked here.
    fn may_ask(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(address)) => is_allowed(address.into(), self.allows_loopback),
            Some(Host::Ipv6(address)) => is_allowed(address.into(), self.allows_loopback),
            None => false,
        }
    }

    /// Takes one event to its receiver; of the answer nothing but the status is read.
    ///
    /// # Errors
    /// The status, or a short code for what kept the request from arriving.
    pub(super) async fn take(
        &self,
        url: &str,
        secret: &SecretString,
        body: String,
        now: Timestamp,
    ) -> Result<String, String> {
        let Ok(url) = self.check(url) else { return Err("address_refused".to_owned()) };
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE, signature(secret, &body, now))
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(format!("status_{}", answer.status().as_u16())),
            Ok(answer) => Err(format!("status_{}", answer.status().as_u16())),
            Err(error) => Err(told(&error).to_owned()),
        }
    }

    /// Fetches a file that a client names, read as it comes and no further than `most` bytes.
    ///
    /// # Errors
    /// A short code for what is wrong with the URL, or kept the file from coming.
    pub(crate) async fn fetch(&self, url: &str, most: usize) -> Result<Vec<u8>, String> {
        let url = self.check(url).map_err(|_| "address_refused")?;
        let mut answer = self.client.get(url).send().await.map_err(|error| told(&error))?;
        if !answer.status().is_success() {
            return Err(format!("status_{}", answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| told(&error))? {
            if bytes.len() + chunk.len() > most {
                return Err("too_large".to_owned());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// What kept a request from arriving. The error's own text would name the URL, which may hold a secret.
fn told(error: &reqwest::Error) -> &'static str {
    if is_refused(error) {
        "address_refused"
    } else if error.is_timeout() {
        "timed_out"
    } else {
        "unreachable"
    }
}

fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Refused>() {
            return true;
        }
        cause = error.source();
    }
    false
}
