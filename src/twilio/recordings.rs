use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::time::Instant;

use crate::config;
use crate::types::{AccountSid, RecordingSid};

/// The provider's own API.
const API_BASE: &str = "https://api.twilio.com";

/// Where `callprint call` puts its stand-in for the provider's API.
pub const LOCAL_API_BASE: &str = "http://127.0.0.1:8025";

/// The account of a server that has none: calls come from the simulated phone only.
pub const LOCAL_ACCOUNT_SID: &str = "AC00000000000000000000000000000000";

/// The API's version is a date in the path; it has not changed since 2010.
const API_VERSION: &str = "2010-04-01";

/// Media redirects once, to signed storage; more than a few is a loop.
const MAX_REDIRECTS: usize = 5;

/// A take is 130 kB at most and comes within 300 ms: a try that takes 3 s hangs, and a new one may not.
const TRY_TIMEOUT: Duration = Duration::from_secs(3);

/// The pause after the first try; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A recording that is late by seconds should be noticed within two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why a recording could not be had, or deleted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RecordingError {
    /// No URL can be built from the configuration.
    #[error("{setting} is malformed")]
    Misconfigured {
        /// The configuration key.
        setting: &'static str,
    },
    /// It did not become available within the time it may take.
    #[error("recording is not available after {waited_ms} ms")]
    NotReady {
        /// How long was waited.
        waited_ms: u64,
    },
    /// The provider does not take our credentials, or does not know the request.
    #[error("the provider refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// It is larger than any take.
    #[error("recording is larger than {max} bytes")]
    TooLarge {
        /// The cap, in bytes.
        max: usize,
    },
    /// The answer is not a WAV file.
    #[error("what the provider sent is not a WAV file")]
    NotAudio,
    /// It redirects in a circle, or to where we do not follow.
    #[error("the provider redirects to where a recording cannot be")]
    Misdirected,
    /// No usable answer.
    #[error("the provider cannot be reached: {cause}")]
    Unreachable {
        /// Connection, time-out, or a status of the provider's own trouble.
        cause: String,
    },
}

impl RecordingError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Misconfigured { .. } => "recording_misconfigured",
            Self::NotReady { .. } => "recording_not_ready",
            Self::Refused { .. } => "recording_refused",
            Self::TooLarge { .. } => "recording_too_large",
            Self::NotAudio => "recording_not_audio",
            Self::Misdirected => "recording_misdirected",
            Self::Unreachable { .. } => "provider_unreachable",
        }
    }

    /// Whether the same request may succeed a moment later.
    const fn is_passing(&self) -> bool {
        matches!(self, Self::NotReady { .. } | Self::Unreachable { .. })
    }

    fn unreachable(cause: impl Into<String>) -> Self {
        Self::Unreachable { cause: cause.into() }
    }
}

/// The provider's recordings: fetched once by id, then deleted.
///
/// The `RecordingUrl` of a webhook is never used: every URL is built from the configuration and an id.
#[derive(Clone, Debug)]
pub struct Recordings {
    client: Client,
    /// Ends in `/Recordings/`.
    folder: Url,
    user: String,
    password: Option<SecretString>,
    max_bytes: usize,
    wait: Duration,
    first_pause: Duration,
}

impl Recordings {
    /// Prepares a client for one account; `max_bytes` caps a recording.
    ///
    /// # Errors
    /// [`RecordingError::Misconfigured`] when no URL can be built from the configuration.
    pub fn new(config: &config::Twilio, max_bytes: usize) -> Result<Self, RecordingError> {
        let misconfigured = |setting| RecordingError::Misconfigured { setting };
        let (account, default_base) = match config.account_sid.as_str() {
            "" => (LOCAL_ACCOUNT_SID, LOCAL_API_BASE),
            account => (account, API_BASE),
        };
        AccountSid::parse(account).map_err(|_| misconfigured("twilio.account_sid"))?;
        let base = if config.api_base.is_empty() { default_base } else { config.api_base.trim_end_matches('/') };
        let folder = Url::parse(&format!("{base}/{API_VERSION}/Accounts/{account}/Recordings/"));
        let folder = folder.ok().filter(Url::has_host).ok_or(misconfigured("twilio.api_base"))?;

        // An API key can be revoked without changing what signs the webhooks, so it goes first.
        let (user, password) = match &config.api_key_secret {
            Some(secret) if !config.api_key_sid.is_empty() => (config.api_key_sid.clone(), Some(secret.clone())),
            _ => (account.to_owned(), config.auth_token.clone()),
        };
        let client = client(is_loopback(&folder)).map_err(|_| misconfigured("the system's root certificates"))?;
        let wait = Duration::from_millis(config.recording_wait_ms);
        Ok(Self { client, folder, user, password, max_bytes, wait, first_pause: FIRST_PAUSE })
    }

    /// Fetches a recording, waiting until the provider has it.
    ///
    /// It often is not there yet when the webhook names it. Retries stop at `twilio.recording_wait_ms`.
    ///
    /// # Errors
    /// [`RecordingError::NotReady`] and [`RecordingError::Unreachable`] when the time is over, the others at once.
    pub async fn fetch(&self, sid: &RecordingSid) -> Result<Vec<u8>, RecordingError> {
        let url = self.url(sid, "wav");
        let started = Instant::now();
        let mut pause = self.first_pause;
        let mut answer = RecordingError::unreachable("time-out");
        loop {
            let left = self.wait.saturating_sub(started.elapsed());
            match tokio::time::timeout(left.min(TRY_TIMEOUT), self.try_fetch(&url)).await {
                Ok(Ok(bytes)) => return Ok(bytes),
                Ok(Err(error)) if !error.is_passing() => return Err(error),
                Ok(Err(error)) => answer = error,
                // A try that was cut short tells less than what the provider said before.
                Err(_) => {}
            }
            let jittered = pause.mul_f64(rand::random_range(0.8..1.2));
            if started.elapsed() + jittered >= self.wait {
                return Err(match answer {
                    RecordingError::NotReady { .. } => {
                        RecordingError::NotReady { waited_ms: started.elapsed().as_millis() as u64 }
                    }
                    other => other,
                });
            }
            tokio::time::sleep(jittered).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Deletes a recording; one that is gone already counts as deleted.
    ///
    /// One try: the queue of deletions is durable and tries again.
    ///
    /// # Errors
    /// [`RecordingError::Refused`] or [`RecordingError::Unreachable`].
    pub async fn delete(&self, sid: &RecordingSid) -> Result<(), RecordingError> {
        let request = self.request(Method::DELETE, self.url(sid, "json")).send();
        let response = tokio::time::timeout(TRY_TIMEOUT, request).await;
        let response = response.map_err(|_| RecordingError::unreachable("time-out"))?;
        match response.map_err(|error| broken(&error))?.status() {
            status if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            status => Err(refusal(status)),
        }
    }

    /// Asks for the list of recordings: whether the API is there and takes our credentials for what we need.
    ///
    /// The `Date` it answers with tells how far the clocks are apart. A stand-in that keeps no list counts as there.
    ///
    /// # Errors
    /// [`RecordingError::Refused`] or [`RecordingError::Unreachable`].
    pub async fn probe(&self) -> Result<Option<String>, RecordingError> {
        let list = self.folder.join("../Recordings.json?PageSize=1");
        let list = list.map_err(|_| RecordingError::Misconfigured { setting: "twilio.api_base" })?;
        let response = tokio::time::timeout(TRY_TIMEOUT, self.request(Method::GET, list).send()).await;
        let response =
            response.map_err(|_| RecordingError::unreachable("time-out"))?.map_err(|error| broken(&error))?;
        match response.status() {
            status if status.is_success() || status == StatusCode::NOT_FOUND => {
                Ok(response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned))
            }
            status => Err(refusal(status)),
        }
    }

    fn url(&self, sid: &RecordingSid, format: &str) -> Url {
        self.folder.join(&format!("{sid}.{format}")).expect("an id is hex digits, so the name is a relative URL")
    }

    /// Only the API's own origin ever sees the credentials.
    fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        let is_ours = url.origin() == self.folder.origin();
        let request = self.client.request(method, url);
        match &self.password {
            Some(password) if is_ours => request.basic_auth(&self.user, Some(password.expose_secret())),
            _ => request,
        }
    }

    async fn try_fetch(&self, url: &Url) -> Result<Vec<u8>, RecordingError> {
        let response = self.follow(url, |target| self.is_allowed(target)).await?;
        match response.status() {
            StatusCode::OK => self.read_audio(response).await,
            StatusCode::NOT_FOUND => Err(RecordingError::NotReady { waited_ms: 0 }),
            status => Err(refusal(status)),
        }
    }

    /// Follows redirects by hand.
    ///
    /// reqwest compares a hop with the one before it only: the second hop on a foreign host gets `Authorization` back.
    async fn follow(&self, start: &Url, is_allowed: impl Fn(&Url) -> bool) -> Result<Response, RecordingError> {
        let mut url = start.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.request(Method::GET, url.clone()).send().await.map_err(|error| broken(&error))?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok());
            let target = target.and_then(|target| url.join(target).ok()).filter(&is_allowed);
            url = target.ok_or(RecordingError::Misdirected)?;
        }
        Err(RecordingError::Misdirected)
    }

    /// Storage may be anybody's, but only over TLS; plain HTTP only where we were told to speak it.
    fn is_allowed(&self, target: &Url) -> bool {
        let has_user = !target.username().is_empty() || target.password().is_some();
        !has_user && (target.scheme() == "https" || target.origin() == self.folder.origin())
    }

    /// Reads at most the cap; an error page with status 200 has been stored as "audio" by others.
    async fn read_audio(&self, mut response: Response) -> Result<Vec<u8>, RecordingError> {
        let too_large = RecordingError::TooLarge { max: self.max_bytes };
        if is_text(response.headers()) {
            return Err(RecordingError::NotAudio);
        }
        if response.content_length().is_some_and(|length| length > self.max_bytes as u64) {
            return Err(too_large);
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
            if bytes.len() + chunk.len() > self.max_bytes {
                return Err(too_large);
            }
            bytes.extend_from_slice(&chunk);
        }
        let is_wav = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE");
        if is_wav { Ok(bytes) } else { Err(RecordingError::NotAudio) }
    }
}

/// One client for all requests, on the process's only TLS provider.
fn client(is_loopback: bool) -> reqwest::Result<Client> {
    // A second call finds it installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(TRY_TIMEOUT)
        .user_agent(concat!("callprint/", env!("CARGO_PKG_VERSION")));
    // A proxy of the environment cannot reach the stand-in on this machine.
    if is_loopback { builder.no_proxy() } else { builder }.build()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Storage often says `application/octet-stream`, or nothing: only what surely is no audio is refused by its type.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("text/") || ["xml", "json", "html"].iter().any(|word| kind.contains(word))
}

/// The provider's own trouble passes, being refused does not.
fn refusal(status: StatusCode) -> RecordingError {
    let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status.is_redirection();
    if passes {
        RecordingError::unreachable(format!("status {}", status.as_u16()))
    } else {
        RecordingError::Refused { status: status.as_u16() }
    }
}

/// The error without the URL, which names the account.
fn broken(error: &reqwest::Error) -> RecordingError {
    RecordingError::unreachable(match error {
        error if error.is_timeout() => "time-out",
        error if error.is_connect() => "no connection",
        _ => "connection broke",
    })
}

#[cfg(test)]
mod tests;
