//! Posts signed JSON to receivers outside; for webhooks and reports.

use std::error::Error;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, IntoUrl, redirect};
use secrecy::SecretString;
use thiserror::Error;

use super::backoff::Tried;
use super::sign::{SIGNATURE, signature};
use crate::types::Timestamp;

/// A name of an address that must not be asked.
#[derive(Debug, Error)]
#[error("the name leads to an address that must not be asked")]
pub(super) struct Refused;

/// A client for receivers, which answer within this time.
pub(super) fn prepared(within: Duration) -> ClientBuilder {
    // A second call finds it installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        // A redirect would take a signed event to another receiver, past every guard.
        .redirect(redirect::Policy::none())
        .timeout(within)
        .user_agent(concat!("callprint/", env!("CARGO_PKG_VERSION")))
}

/// Posts a signed body; of the answer nothing but the status is read.
pub(super) async fn post(
    client: &Client,
    url: impl IntoUrl + Send,
    secret: &SecretString,
    body: &str,
    now: Timestamp,
) -> Tried {
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(SIGNATURE, signature(secret, body, now))
        .body(body.to_owned());
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            Tried { is_done: status.is_success(), status: format!("status_{}", status.as_u16()) }
        }
        Err(error) => Tried { is_done: false, status: failure(&error).to_owned() },
    }
}

/// Why a request did not arrive, as a code. The error's own text would name the URL, which may hold a secret.
pub(super) fn failure(error: &reqwest::Error) -> &'static str {
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
