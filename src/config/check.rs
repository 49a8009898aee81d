use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

use super::{AfterVerdict, ChallengePolicy, Config, Listening};

/// A value that cannot work, with the key it belongs to and what would.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{key}: {problem}")]
pub struct Invalid {
    /// Dotted path of the key.
    pub key: String,
    /// The fault, and the expected value.
    pub problem: String,
}

/// The shortest HS256 secret RFC 7518 allows: as long as the hash.
const MIN_SECRET_BYTES: usize = 32;

/// Checks what no single type can: ranges, and values that must go together.
pub(super) fn check(config: &Config) -> Result<(), Invalid> {
    exposure(config)?;
    public_url(&config.server.public_url, config.server.listen)?;
    credentials(config)?;
    listening(&config.listening)?;
    ranges(config)?;
    origins(&config.api.origins)?;
    lines(config)
}

fn fail(key: impl Into<String>, problem: impl Into<String>) -> Result<(), Invalid> {
    Err(Invalid { key: key.into(), problem: problem.into() })
}

/// Without a token any request could be the provider's, so only this machine may connect.
fn exposure(config: &Config) -> Result<(), Invalid> {
    if config.twilio.auth_token.is_none() && !config.server.listen.ip().is_loopback() {
        return fail(
            "server.listen",
            format!(
                "{} can be reached from outside, but there is no auth token to check requests with; \
                 set TWILIO_AUTH_TOKEN, or listen on 127.0.0.1",
                config.server.listen
            ),
        );
    }
    Ok(())
}

fn public_url(url: &str, listen: SocketAddr) -> Result<(), Invalid> {
    let key = "server.public_url";
    if url.is_empty() {
        return Ok(());
    }
    let Ok(parsed) = Url::parse(url) else {
        return fail(key, format!("`{url}` is not a URL; expected something like https://voice.example.com"));
    };
    if parsed.query().is_some() || parsed.fragment().is_some() || url.ends_with('/') {
        return fail(key, format!("`{url}` must end without slash, query or fragment"));
    }
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if listen.ip().is_loopback() => Ok(()),
        _ => fail(key, format!("`{url}` must begin with https://: callers' voices travel over it")),
    }
}

fn credentials(config: &Config) -> Result<(), Invalid> {
    let twilio = &config.twilio;
    if !twilio.account_sid.is_empty() && !is_sid(&twilio.account_sid, "AC") {
        return fail("twilio.account_sid", "expected AC and 32 hex digits (TWILIO_ACCOUNT_SID)");
    }
    if twilio.auth_token.is_some() && twilio.account_sid.is_empty() {
        return fail("twilio.account_sid", "an auth token is set but no account; set TWILIO_ACCOUNT_SID");
    }
    if !twilio.api_key_sid.is_empty() && !is_sid(&twilio.api_key_sid, "SK") {
        return fail("twilio.api_key_sid", "expected SK and 32 hex digits");
    }
    if twilio.api_key_sid.is_empty() != twilio.api_key_secret.is_none() {
        return fail("twilio.api_key_secret", "an API key needs both its SID and its secret");
    }
    if !twilio.api_base.is_empty() && Url::parse(&twilio.api_base).is_err() {
        return fail("twilio.api_base", format!("`{}` is not a URL", twilio.api_base));
    }
    long_enough("token.secret", config.token.secret.as_ref())
}

fn long_enough(key: &str, secret: Option<&SecretString>) -> Result<(), Invalid> {
    match secret {
        Some(secret) if secret.expose_secret().len() < MIN_SECRET_BYTES => {
            fail(key, format!("must be at least {MIN_SECRET_BYTES} bytes; try `openssl rand -base64 32`"))
        }
        _ => Ok(()),
    }
}

/// A key that can be guessed lets anyone ask whose voice it is; an unsigned report could come from anyone.
fn listening(listening: &Listening) -> Result<(), Invalid> {
    long_enough("listening.api_key", listening.api_key.as_ref())?;
    long_enough("listening.webhook_secret", listening.webhook_secret.as_ref())?;
    within("listening.limit_s", listening.limit_s, 10..=3_600)?;
    let url = &listening.webhook_url;
    if url.is_empty() {
        return Ok(());
    }
    if !is_safe(url) {
        return fail("listening.webhook_url", format!("`{url}` must be an https:// URL"));
    }
    if listening.webhook_secret.is_none() {
        return fail("listening.webhook_secret", "must be set, so that the receiver can tell our reports from others'");
    }
    Ok(())
}

/// Whether a URL is encrypted, or leads nowhere but to this machine.
fn is_safe(url: &str) -> bool {
    let is_loopback = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    Url::parse(url).is_ok_and(|url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)))
}

/// An origin is a scheme, a host and a port: as a browser sends it, or it would never match.
fn origins(origins: &[String]) -> Result<(), Invalid> {
    let is_origin = |text: &String| Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == *text);
    match origins.iter().find(|origin| !is_origin(origin)) {
        Some(other) => fail("api.origins", format!("`{other}` is not an origin such as https://app.example.com")),
        None => Ok(()),
    }
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn ranges(config: &Config) -> Result<(), Invalid> {
    within("server.shutdown_grace_s", config.server.shutdown_grace_s, 0..=600)?;
    within("server.max_requests", config.server.max_requests as u64, 1..=100_000)?;
    within("twilio.recording_wait_ms", config.twilio.recording_wait_ms, 250..=60_000)?;
    within("models.sessions", config.models.sessions as u64, 1..=64)?;
    within("audio.max_bytes", config.audio.max_bytes as u64, 1_000..=1_000_000_000)?;
    if !(1.0..=600.0).contains(&config.audio.max_seconds) {
        return fail("audio.max_seconds", "must be between 1 and 600");
    }
    within("streams.max_open", config.streams.max_open as u64, 1..=100_000)?;
    within("streams.max_lag_ms", config.streams.max_lag_ms, 20..=60_000)?;
    within("streams.start_within_s", config.streams.start_within_s, 10..=600)?;
    within("enrollment.max_bad_takes", config.enrollment.max_bad_takes.into(), 1..=20)?;
    within("enrollment.max_restarts", config.enrollment.max_restarts.into(), 0..=10)?;
    within("verification.max_mismatches", config.verification.max_mismatches.into(), 1..=10)?;
    within("verification.max_bad_takes", config.verification.max_bad_takes.into(), 1..=20)?;
    within("verification.max_take_s", config.verification.max_take_s.into(), 2..=60)?;
    within("verification.end_silence_s", config.verification.end_silence_s.into(), 1..=10)?;
    within("verification.challenge_ttl_s", config.verification.challenge_ttl_s, 20..=600)?;
    if !(0.0..=1_000.0).contains(&config.verification.ask_again_within) {
        return fail("verification.ask_again_within", "must be between 0 and 1000");
    }
    within("lockout.caller_failures", config.lockout.caller_failures.into(), 1..=1_000)?;
    within("lockout.number_failures", config.lockout.number_failures.into(), 1..=10_000)?;
    within("lockout.window_s", config.lockout.window_s, 60..=31_536_000)?;
    within("lockout.cooldown_s", config.lockout.cooldown_s, 1..=31_536_000)?;
    within("lockout.cooldown_max_s", config.lockout.cooldown_max_s, config.lockout.cooldown_s..=31_536_000)?;
    within("token.ttl_s", config.token.ttl_s, 5..=600)?;
    within("api.session_ttl_s", config.api.session_ttl_s, 20..=3_600)?;
    within("api.token_ttl_s", config.api.token_ttl_s, 5..=86_400)?;
    within("api.user_token_ttl_s", config.api.user_token_ttl_s, 20..=86_400)?;
    within("api.upload_s", config.api.upload_s, 1..=600)
}

fn within(key: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), Invalid> {
    if range.contains(&value) {
        return Ok(());
    }
    fail(key, format!("{value} is out of range: expected {} to {}", range.start(), range.end()))
}

fn lines(config: &Config) -> Result<(), Invalid> {
    let mut numbers = BTreeSet::new();
    let mut catch_all = None;
    for line in &config.lines {
        let key = |leaf: &str| format!("lines.{}.{leaf}", line.name);
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if line.name.0.is_empty() || line.name.0.len() > 40 || !line.name.0.bytes().all(is_name) {
            return fail(format!("lines.{}", line.name), "a line's name is lower-case letters, digits and dashes");
        }
        if let Some(number) = line.numbers.iter().find(|number| !numbers.insert(*number)) {
            return fail(key("numbers"), format!("{} is listed twice", number.as_str()));
        }
        if line.numbers.is_empty()
            && let Some(other) = catch_all.replace(&line.name)
        {
            return fail(
                key("numbers"),
                format!("lists no number, and neither does line `{other}`: one of them would never answer"),
            );
        }
        if line.passphrase.trim().is_empty() || line.passphrase.chars().count() > 200 {
            return fail(key("passphrase"), "must be 1 to 200 characters");
        }
        if line.challenge == ChallengePolicy::Always && !line.is_english() {
            let problem = format!("challenges are heard in English only, and this line speaks {}", line.locale);
            return fail(key("challenge"), problem);
        }
        if let Some(code) =
            line.countries.iter().find(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()))
        {
            return fail(key("countries"), format!("`{code}` is not a two-letter country code such as US"));
        }
        after(config, &key("after_accept"), &line.after_accept)?;
        after(config, &key("after_reject"), &line.after_reject)?;
    }
    Ok(())
}

fn after(config: &Config, key: &str, after: &AfterVerdict) -> Result<(), Invalid> {
    let AfterVerdict::Redirect(url) = after else {
        return Ok(());
    };
    if config.token.secret.is_none() {
        return fail(key, "a redirect carries a signed token, so token.secret must be set");
    }
    if is_safe(url) { Ok(()) } else { fail(key, format!("`{url}` must be an https:// URL")) }
}
