//! Whom a simulated provider stands in for, as options of the commands that place calls.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::bail;
use url::Url;

use super::local;
use super::settings::ConfigArgs;
use crate::config::Config;
use crate::phone::{Account, Outgoing};
use crate::twilio::LOCAL_API_BASE;

/// The options of every command that calls a running server.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Provider")]
pub(crate) struct ProviderArgs {
    /// Where recordings are served: the server's `twilio.api_base` [default: 127.0.0.1:8025]
    #[arg(long, value_name = "ADDRESS:PORT")]
    provider_listen: Option<SocketAddr>,
    /// Signs the webhooks [env: `TWILIO_AUTH_TOKEN`; default: the local token of the data folder]
    #[arg(long, value_name = "TOKEN")]
    auth_token: Option<String>,
    /// The account that goes with the auth token [env: `TWILIO_ACCOUNT_SID`]
    #[arg(long, value_name = "AC…")]
    account: Option<String>,
    /// The server's data folder [default: the configured one]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl ProviderArgs {
    /// The server's configuration, as far as it matters here, with our options on top.
    pub(crate) fn settings(&self) -> anyhow::Result<Config> {
        let data_dir = self.data_dir.as_ref().map(|dir| dir.display().to_string());
        let options = [
            ("CALLPRINT_STORE_DATA_DIR", data_dir),
            ("TWILIO_AUTH_TOKEN", self.auth_token.clone()),
            ("TWILIO_ACCOUNT_SID", self.account.clone()),
        ];
        let options: Vec<_> = options.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.config.load(&options)
    }

    /// Where the server will look for recordings: on this machine, at the port of its API base.
    pub(crate) fn api_address(&self, config: &Config) -> anyhow::Result<SocketAddr> {
        if let Some(address) = self.provider_listen {
            return Ok(address);
        }
        let configured = Url::parse(&config.twilio.api_base).ok();
        let on_this_machine = configured.and_then(|url| url.socket_addrs(|| None).ok()?.into_iter().next());
        match on_this_machine.filter(|address| address.ip().is_loopback()) {
            Some(address) => Ok(address),
            None => Ok(LOCAL_API_BASE.trim_start_matches("http://").parse()?),
        }
    }
}

/// Who signs: the configured account, or the local one.
pub(crate) fn signer(config: &Config) -> anyhow::Result<Account> {
    if let Some(token) = &config.twilio.auth_token {
        return Ok(Account { sid: config.twilio.account_sid.clone(), token: token.clone() });
    }
    match local::existing_token(&config.store.data_dir)? {
        Some(token) => Ok(Account::local(token)),
        None => bail!(
            "there is no auth token, and no local one in {}: start `callprint serve` first, or name its folder with \
            --data-dir",
            config.store.data_dir.display()
        ),
    }
}

/// A call to the server at `to`; without a path, to where the provider sends incoming calls.
pub(crate) fn outgoing(to: &Url, from: &str, called: &str) -> anyhow::Result<Outgoing> {
    if !matches!(to.scheme(), "http" | "https") || to.host().is_none() {
        bail!("--to must be an http:// or https:// URL");
    }
    let mut url = to.clone();
    if url.path() == "/" {
        url.set_path("/incoming_call");
    }
    let mut outgoing = Outgoing::new(url.clone(), from, called);
    if url.path().ends_with("/incoming_call") {
        outgoing.status_callback = Some(url.join("call/status")?);
    }
    Ok(outgoing)
}
