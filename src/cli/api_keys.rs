use std::time::Duration;

use serde_json::json;

use super::operator;
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::store::{ApiKey, FreshApiKey, NewApiKey, Scope};
use crate::types::{Tenant, Timestamp};

/// Make, list, rotate and revoke the keys that applications use the API with.
///
/// A key sees the callers of one tenant and nobody else's; those who call by phone belong to the tenant `main`. Its
/// secret is shown once, when it is made, and only a keyed hash of it is kept. The commands work while a server is
/// running, and hold at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callprint api-keys create --name 'web shop' --scope enroll --scope verify
  callprint api-keys create --name nightly --tenant acme --scope admin --expires-in 30d
  callprint api-keys rotate 0f3a94c1d2be --overlap 24h
  callprint api-keys revoke 0f3a94c1d2be")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(Create),
    /// List keys: whose, what for, and until when; never their secrets
    List(Common),
    Rotate(Rotate),
    /// Make a key worthless at once
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Make a key; its secret is printed this once
#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    common: Common,
    /// What it is for, in your words
    #[arg(long)]
    name: String,
    /// What it may do; several times for several
    #[arg(long = "scope", required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    /// Whose callers it sees
    #[arg(long, default_value = "main", value_parser = Tenant::parse)]
    tenant: Tenant,
    /// Requests that it may make in a minute
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: u32,
    /// Requests that it may make in a day (UTC)
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    per_day: u32,
    /// How long it is good for: a number and m, h or d [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = operator::parse_span)]
    expires_in: Option<Duration>,
}

/// Give a key another secret; the one before stays good for a while
#[derive(Debug, clap::Args)]
struct Rotate {
    #[command(flatten)]
    common: Common,
    /// The key's id
    #[arg(value_name = "KEY")]
    id: String,
    /// How long the secret before is still good: a number and m, h or d [default: not at all]
    #[arg(long, value_name = "TIME", value_parser = operator::parse_span)]
    overlap: Option<Duration>,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    #[command(flatten)]
    common: Common,
    /// The key's id
    #[arg(value_name = "KEY")]
    id: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Rotate(args) => rotate(args),
        Command::Revoke(args) => revoke(args),
    }
}

fn create(args: &Create) -> anyhow::Result<Exit> {
    let now = Timestamp::now();
    let expires_at = args.expires_in.map(|span| now.saturating_add(span)).transpose()?;
    let new = NewApiKey {
        tenant: args.tenant.clone(),
        name: args.name.clone(),
        scopes: args.scopes.clone(),
        per_minute: args.per_minute,
        per_day: args.per_day,
        is_demo: false,
        expires_at,
    };
    let fresh = with_store(&args.common.config, async |store| Ok(store.new_api_key(new, now).await?))?;
    show(&fresh, args.common.json)
}

fn list(args: &Common) -> anyhow::Result<Exit> {
    let keys = with_store(&args.config, async |store| Ok(store.api_keys().await?))?;
    if args.json {
        operator::print_json(&keys)?;
        return Ok(Exit::Yes);
    }
    let now = Timestamp::now();
    let rows: Vec<_> = keys.iter().map(|key| row(key, now)).collect();
    operator::print_table(["KEY", "NAME", "TENANT", "SCOPES", "A MINUTE", "A DAY", "MADE (UTC)", "STATE"], &rows);
    Ok(Exit::Yes)
}

fn row(key: &ApiKey, now: Timestamp) -> [String; 8] {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", operator::moment(at)),
        (None, Some(at)) if at <= now => format!("expired {}", operator::moment(at)),
        (None, Some(at)) => format!("until {}", operator::moment(at)),
        (None, None) => "in use".to_owned(),
    };
    [
        key.id.clone(),
        key.name.clone(),
        key.tenant.to_string(),
        key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
        key.per_minute.to_string(),
        key.per_day.to_string(),
        operator::moment(key.made_at),
        state,
    ]
}

fn rotate(args: &Rotate) -> anyhow::Result<Exit> {
    let overlap = args.overlap.unwrap_or_default();
    let rotated =
        async |store: &crate::store::Store| Ok(store.rotate_api_key(&args.id, overlap, Timestamp::now()).await?);
    let fresh = with_store(&args.common.config, rotated)?;
    show(&fresh, args.common.json)
}

fn revoke(args: &Revoke) -> anyhow::Result<Exit> {
    let revoked = async |store: &crate::store::Store| Ok(store.revoke_api_key(&args.id, Timestamp::now()).await?);
    let is_news = with_store(&args.common.config, revoked)?;
    if args.common.json {
        operator::print_json(&json!({ "was_in_use": is_news }))?;
    } else {
        say!("{}", if is_news { "revoked" } else { "it was revoked already" });
    }
    Ok(Exit::Yes)
}

fn show(fresh: &FreshApiKey, json: bool) -> anyhow::Result<Exit> {
    if json {
        let voiceit = voiceit(fresh).map(|(key, token)| json!({ "key": key, "token": token }));
        operator::print_json(&json!({ "key": fresh.key, "secret": fresh.secret, "voiceit": voiceit }))?;
    } else {
        say!("{}", fresh.secret);
        say!("key {} of tenant {}; the secret is not shown again", fresh.key.id, fresh.key.tenant);
        if let Some((key, token)) = voiceit(fresh) {
            say!("for VoiceIt's SDKs, with the base URL …/voiceit: key {key}, token {token}");
        }
    }
    Ok(Exit::Yes)
}

/// The same key and secret as `VoiceIt`'s SDKs show them, if it allows what a key of theirs does.
fn voiceit(fresh: &FreshApiKey) -> Option<(String, String)> {
    let allows = |scope| fresh.key.scopes.contains(&scope);
    let allows_all = [Scope::Enroll, Scope::Verify, Scope::Admin].into_iter().all(allows);
    allows_all.then(|| (format!("key_{}", fresh.key.id), format!("tok_{}", fresh.secret)))
}

fn scope(word: &str) -> Result<Scope, String> {
    Scope::parse(word).ok_or_else(|| "expected enroll, verify, admin or scores".to_owned())
}
