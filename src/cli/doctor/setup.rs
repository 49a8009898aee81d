//! Checks of the configuration: the URL, the credentials, the words.

use secrecy::{ExposeSecret, SecretString};

use super::Finding;
use crate::config::{Config, Twilio};
use crate::twilio::Verifier;
use crate::twiml::Prompts;

/// The provider's auth tokens and secrets: 32 characters.
const SECRET_LENGTH: usize = 32;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let names: Vec<_> = config.lines.iter().map(|line| line.name.to_string()).collect();
    let mut findings = vec![Finding::good("configuration", format!("lines: {}", names.join(", ")))];
    findings.push(public_url(config));
    findings.push(signature(config));
    findings.extend(credentials(&config.twilio));
    findings.extend(prompts(config));
    findings
}

fn public_url(config: &Config) -> Finding {
    let check = "public URL";
    let url = &config.server.public_url;
    if url.is_empty() {
        if config.twilio.auth_token.is_none() {
            return Finding::good(check, format!("none: this machine only, http://{}", config.server.listen));
        }
        let advice = "set server.public_url to what the provider calls, for example https://voice.example.com, \
        without a \
                      path of ours and without a trailing slash";
        return Finding::bad(check, "not set, though an auth token is", advice);
    }
    if url.starts_with("https://") || config.twilio.auth_token.is_none() {
        Finding::good(check, format!("type {url}/incoming_call at the provider, method POST"))
    } else {
        Finding::bad(check, format!("{url} is not https"), "put a proxy or a tunnel with a certificate in front")
    }
}

/// Shows what a signature is checked against: nearly every signature problem is a URL that differs from this.
fn signature(config: &Config) -> Finding {
    let check = "signatures";
    let base = match config.server.public_url.as_str() {
        "" => format!("http://{}", config.server.listen),
        url => url.to_owned(),
    };
    // Any token will do: none of it shows in the URLs.
    match Verifier::new(vec![SecretString::from("doctor")], &base) {
        Ok(verifier) => Finding::good(
            check,
            format!("a call is taken if signed over {}", verifier.candidates("/incoming_call").join(" or ")),
        ),
        Err(error) => Finding::bad(check, error.to_string(), "correct server.public_url"),
    }
}

fn credentials(twilio: &Twilio) -> Vec<Finding> {
    let check = "credentials";
    let Some(token) = &twilio.auth_token else {
        let found = "no auth token: only calls simulated on this machine are taken";
        return vec![Finding::good(check, found)];
    };
    let mut findings = vec![length(check, "auth token", token, "TWILIO_AUTH_TOKEN")];
    if let Some(previous) = &twilio.auth_token_previous {
        findings.push(length(check, "previous auth token", previous, "twilio.auth_token_previous"));
    }
    if let Some(secret) = &twilio.api_key_secret {
        findings.push(length(check, "API key's secret", secret, "twilio.api_key_secret"));
    }
    findings
}

fn length(check: &'static str, what: &str, secret: &SecretString, key: &str) -> Finding {
    match secret.expose_secret().len() {
        SECRET_LENGTH => Finding::good(check, format!("{what}: {SECRET_LENGTH} characters, as it should be")),
        length => {
            let found = format!("{what}: {length} characters, expected {SECRET_LENGTH}");
            Finding::bad(check, found, format!("copy {key} again, without quotes and spaces"))
        }
    }
}

fn prompts(config: &Config) -> Vec<Finding> {
    let check = "prompts";
    let of = |line| match Prompts::for_line(line) {
        Ok(_) => Finding::good(check, format!("line {}: {}", line.name, line.locale)),
        Err(error) => Finding::bad(check, error.to_string(), format!("see lines.{}.prompts and locale", line.name)),
    };
    config.lines.iter().map(of).collect()
}
