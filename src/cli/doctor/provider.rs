//! Checks over the network: whether the provider takes our credentials, and whether a server runs here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Finding;
use crate::config::Config;
use crate::twilio::signature::sign;
use crate::twilio::{Form, RecordingError, Recordings};
use crate::types::Timestamp;

/// A server on this machine answers in milliseconds, if there is one.
const SERVER_TIMEOUT: Duration = Duration::from_secs(2);
/// A signed token lives for a minute: a clock that is off by more hands over nothing of use.
const MAX_SKEW_S: i64 = 30;

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = vec![server(config.server.listen).await];
    let is_running = findings[0].found.starts_with("answers");
    if let Some(token) = config.twilio.auth_token.as_ref().filter(|_| is_running && streams(config)) {
        findings.push(stream(&config.server.public_url, token).await);
    }
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

/// Whether any line hears its takes by stream.
fn streams(config: &Config) -> bool {
    config.lines.iter().any(|line| config.is_streamed(line))
}

/// Opens a web socket as the provider would: proxies that pass requests on do not always pass these.
async fn stream(public_url: &str, token: &SecretString) -> Finding {
    let check = "streams";
    let (url, socket) = (format!("{public_url}/media"), format!("{}/media", public_url.replacen("http", "ws", 1)));
    let signature = sign(&socket, &Form::default(), token);
    let status = match upgrade(&url, &signature).await {
        Ok(status) => status,
        Err(error) => return Finding::bad(check, format!("{url}: {error}"), "see that the public URL leads here"),
    };
    let found = format!("{socket} answered {status}");
    match status {
        101 => Finding::good(check, format!("{socket} opens")),
        403 => Finding::bad(check, found, "server.public_url is not the URL that leads here, or the token another one"),
        503 => Finding::bad(check, found, "every place is taken: raise streams.max_open if the machine allows"),
        _ => {
            let advice = "the proxy must pass on web sockets (`Upgrade` and `Connection` headers, HTTP/1.1); until \
            then \
                          takes are recorded";
            Finding::bad(check, found, advice)
        }
    }
}

async fn upgrade(url: &str, signature: &str) -> reqwest::Result<u16> {
    // Another part of the program may have chosen the provider already; then that one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().http1_only().timeout(SERVER_TIMEOUT).build()?;
    let request = client
        .get(url)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "Y2FsbHByaW50IGRvY3Rvcg==")
        .header("x-twilio-signature", signature);
    Ok(request.send().await?.status().as_u16())
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
