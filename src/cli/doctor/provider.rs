//! What only the network knows: whether the provider takes our credentials, and whether a server runs here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Finding;
use crate::config::Config;
use crate::twilio::{RecordingError, Recordings};
use crate::types::Timestamp;

/// A server on this machine answers in milliseconds, if there is one.
const SERVER_TIMEOUT: Duration = Duration::from_secs(2);
/// A signed token lives for a minute: a clock that is off by more hands over nothing of use.
const MAX_SKEW_S: i64 = 30;

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = vec![server(config.server.listen).await];
    if config.twilio.auth_token.is_some() {
        findings.extend(api(config).await);
    }
    findings
}

async fn server(listen: SocketAddr) -> Finding {
    let check = "server";
    let own: IpAddr = if listen.is_ipv6() { [0, 0, 0, 0, 0, 0, 0, 1].into() } else { [127, 0, 0, 1].into() };
    let address = if listen.ip().is_unspecified() { SocketAddr::new(own, listen.port()) } else { listen };
    match tokio::time::timeout(SERVER_TIMEOUT, health(address)).await {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200") => Finding::good(check, format!("answers on {address}")),
        Ok(Ok(_)) => {
            Finding::bad(check, format!("{address} is taken by something else"), "set server.listen to a free port")
        }
        Ok(Err(_)) => Finding::good(check, format!("not running on {address}")),
        Err(_) => Finding::bad(check, format!("{address} takes connections and does not answer"), "restart it"),
    }
}

async fn health(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())
        .await?;
    let mut answer = Vec::new();
    stream.take(1024).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn api(config: &Config) -> Vec<Finding> {
    let check = "provider's API";
    let recordings = match Recordings::new(&config.twilio, config.audio.max_bytes) {
        Ok(recordings) => recordings,
        Err(error) => return vec![Finding::bad(check, error.to_string(), "correct the key it names")],
    };
    match recordings.probe().await {
        Ok(date) => {
            let mut findings = vec![Finding::good(check, "takes our credentials")];
            findings.extend(date.and_then(|date| clock(&date)));
            findings
        }
        Err(error @ RecordingError::Refused { status: 401 | 403 }) => {
            let advice = "the account, token or API key is not the provider's: copy them again; an API key must be of \
                          this account and region";
            vec![Finding::bad(check, error.to_string(), advice)]
        }
        Err(error) => {
            let advice = "allow outgoing HTTPS to the API base, or run with --offline";
            vec![Finding::bad(check, error.to_string(), advice)]
        }
    }
}

/// How far our clock is from the provider's.
fn clock(date: &str) -> Option<Finding> {
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let skew_s = Timestamp::now().duration_since(theirs).as_secs();
    let found = format!("{skew_s} s from the provider's");
    Some(if skew_s.abs() <= MAX_SKEW_S {
        Finding::good("clock", found)
    } else {
        Finding::bad("clock", found, "synchronise it (ntp): tokens and lock-outs depend on it")
    })
}
