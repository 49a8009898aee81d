use serde::Serialize;

use super::operator;
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::store::{KeyInfo, fresh_key};
use crate::types::Timestamp;

/// Show, rotate or make the keys that voiceprints are encrypted with.
///
/// The key lives in `voiceprint.key` in the data folder, made on first start, or in `store.voiceprint_key`
/// (`CALLPRINT_STORE_VOICEPRINT_KEY`). Keep a copy of it apart from copies of the database: without it no voiceprint
/// opens. Keys themselves are never printed, except a new one by `new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callprint keys rotate
  callprint keys list --json

With the key in the configuration, rotation takes three steps:
  1. put a new key (callprint keys new) in front of the old one: NEW,OLD; restart the server
  2. callprint keys rotate
  3. take the old key out; restart the server")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the keys in use and retired, by id
    List(Common),
    /// Encrypt everything with a new key and retire the old one; a running server goes on
    Rotate(Common),
    /// Print a new key for the configuration; changes nothing
    New,
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing {
    kept_in: String,
    keys: Vec<KeyInfo>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::List(common) => list(common),
        Command::Rotate(common) => rotate(common),
        Command::New => {
            say!("{}", *fresh_key()?);
            Ok(Exit::Yes)
        }
    }
}

fn list(args: &Common) -> anyhow::Result<Exit> {
    let (kept_in, keys) = with_store(&args.config, async |store| Ok(store.keys().await?))?;
    if args.json {
        operator::print_json(&Listing { kept_in, keys })?;
        return Ok(Exit::Yes);
    }
    say!("kept in {kept_in}");
    let rows: Vec<_> = keys
        .into_iter()
        .map(|key| [key.id, operator::moment(key.since), key.retired_at.map_or("in use".to_owned(), operator::moment)])
        .collect();
    operator::print_table(["KEY", "SINCE", "RETIRED"], &rows);
    Ok(Exit::Yes)
}

fn rotate(args: &Common) -> anyhow::Result<Exit> {
    let rotation = with_store(&args.config, async |store| Ok(store.rotate_key(Timestamp::now()).await?))?;
    if args.json {
        operator::print_json(&rotation)?;
    } else {
        say!("key {} is in use; {} sealed with it anew", rotation.to, rotation.resealed);
        say!("key {} is retired: copies of the database from before still need it", rotation.from);
    }
    Ok(Exit::Yes)
}
