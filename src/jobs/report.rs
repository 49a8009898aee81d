use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, redirect};
use secrecy::SecretString;
use serde::Serialize;

use super::sign::{SIGNATURE, signature};
use crate::config;
use crate::types::Timestamp;
use crate::wire::ListeningView;

/// A receiver notes a report and answers; whoever takes longer is tried again later.
const WITHIN: Duration = Duration::from_secs(5);

/// Tells the client how listenings ended. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reporter {
    client: Client,
    url: String,
    secret: SecretString,
}

/// What the client is told.
#[derive(Serialize)]
struct Body<'a> {
    event: &'static str,
    #[serde(flatten)]
    listening: &'a ListeningView,
}

impl Reporter {
    /// Prepares a client; none where nobody wants to be told.
    ///
    /// # Errors
    /// When the system's root certificates cannot be read.
    pub(crate) fn new(config: &config::Listening) -> reqwest::Result<Option<Self>> {
        let (false, Some(secret)) = (config.webhook_url.is_empty(), config.webhook_secret.clone()) else {
            return Ok(None);
        };
        // A second call finds it installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            // A redirect would take a signed report to whomever the receiver names.
            .redirect(redirect::Policy::none())
            .timeout(WITHIN)
            .user_agent(concat!("callprint/", env!("CARGO_PKG_VERSION")));
        // Without TLS it is this machine, which a proxy of the environment cannot reach.
        let builder = if config.webhook_url.starts_with("http:") { builder.no_proxy() } else { builder };
        Ok(Some(Self { client: builder.build()?, url: config.webhook_url.clone(), secret }))
    }

    /// Tells of one listening.
    ///
    /// # Errors
    /// A short code: `status_…`, or what kept the request from arriving.
    pub(super) async fn tell(&self, listening: &ListeningView, now: Timestamp) -> Result<(), String> {
        let event = if listening.decision.is_some() { "listening.verdict" } else { "listening.failed" };
        let body = serde_json::to_string(&Body { event, listening }).map_err(|error| error.to_string())?;
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE, signature(&self.secret, &body, now))
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("status_{}", answer.status().as_u16())),
            Err(error) if error.is_timeout() => Err("timed_out".to_owned()),
            // Its text would name the receiver's URL, which may hold a secret.
            Err(_) => Err("unreachable".to_owned()),
        }
    }
}
