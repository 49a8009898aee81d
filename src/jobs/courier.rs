//! Reaches receivers outside, and no address that only the operator should reach; for the queue and for uploads.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::SecretString;
use thiserror::Error;
use url::{Host, Url};

use super::address::is_allowed;
use super::backoff::Tried;
use super::sender::{self, Refused, failure, prepared};
use crate::types::Timestamp;

/// A receiver notes an event and answers; one that takes longer is tried again later.
const WITHIN: Duration = Duration::from_secs(10);

/// Longest URL of a receiver.
const MOST_URL: usize = 2_000;

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
    pub(super) fn new(allows_loopback: bool) -> reqwest::Result<Self> {
        // A proxy would look names up itself.
        let builder = prepared(WITHIN).no_proxy();
        let client = builder.dns_resolver(Arc::new(Guarded { allows_loopback })).build()?;
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

    /// Posts one event to its receiver.
    pub(super) async fn take(&self, url: &str, secret: &SecretString, body: &str, now: Timestamp) -> Tried {
        match self.check(url) {
            Ok(url) => sender::post(&self.client, url, secret, body, now).await,
            Err(_) => Tried { is_done: false, status: "address_refused".to_owned() },
        }
    }

    /// Fetches a file that a client names, read as it comes and no further than `most` bytes.
    ///
    /// # Errors
    /// A short code for what is wrong with the URL, or kept the file from coming.
    pub(crate) async fn fetch(&self, url: &str, most: usize) -> Result<Vec<u8>, String> {
        let url = self.check(url).map_err(|_| "address_refused")?;
        let mut answer = self.client.get(url).send().await.map_err(|error| failure(&error))?;
        if !answer.status().is_success() {
            return Err(format!("status_{}", answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error))? {
            if bytes.len() + chunk.len() > most {
                return Err("too_large".to_owned());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
