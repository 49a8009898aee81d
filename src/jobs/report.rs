//! Reports of listenings to the address in the configuration: a shorthand for a webhook, with a body of its own.

use std::time::Duration;

use reqwest::Client;
use secrecy::SecretString;
use serde::Serialize;

use super::Jobs;
use super::backoff::{Next, Tried};
use super::sender::{self, prepared};
use crate::config;
use crate::judging::meters;
use crate::store::Job;
use crate::types::{ListeningId, Timestamp};
use crate::wire::ListeningView;

/// A receiver notes a report and answers; one that takes longer is tried again later.
const WITHIN: Duration = Duration::from_secs(5);

/// Posts reports to the address in the configuration. Cheap to clone.
#[derive(Clone)]
pub(super) struct Reporter {
    client: Client,
    url: String,
    secret: SecretString,
}

/// The body of a report.
#[derive(Serialize)]
struct Body<'a> {
    event: &'static str,
    #[serde(flatten)]
    listening: &'a ListeningView,
}

/// The body of the report of a listening that has ended.
pub(super) fn body(listening: &ListeningView) -> String {
    let event = if listening.decision.is_some() { "listening.verdict" } else { "listening.failed" };
    serde_json::to_string(&Body { event, listening }).expect("a view has names for keys, and no value that can fail")
}

impl Reporter {
    /// Prepares a client; none where the configuration names no address.
    ///
    /// # Errors
    /// When the system's root certificates cannot be read.
    pub(super) fn new(config: &config::Listening) -> reqwest::Result<Option<Self>> {
        let (false, Some(secret)) = (config.webhook_url.is_empty(), config.webhook_secret.clone()) else {
            return Ok(None);
        };
        let builder = prepared(WITHIN);
        // Without TLS it is this machine, which a proxy of the environment cannot reach.
        let builder = if config.webhook_url.starts_with("http:") { builder.no_proxy() } else { builder };
        Ok(Some(Self { client: builder.build()?, url: config.webhook_url.clone(), secret }))
    }

    async fn post(&self, body: &str, now: Timestamp) -> Tried {
        sender::post(&self.client, &self.url, &self.secret, body, now).await
    }
}

/// Tries to post a report; nothing where the configuration names no address.
pub(super) async fn report(jobs: &Jobs, body: &str) -> Option<Tried> {
    Some(jobs.0.reporter.as_ref()?.post(body, jobs.0.cx.now()).await)
}

/// Counts a try, and logs one that failed.
pub(super) fn note(listening: &ListeningId, job: &Job, tried: &Tried, next: Next) {
    metrics::counter!(meters::REPORTS, "result" => next.result()).increment(1);
    if !tried.is_done {
        let (code, is_old) = (&tried.status, next == Next::GivenUp);
        tracing::warn!(%listening, code, tries = job.tries + 1, is_old, "a report could not be delivered");
    }
}
