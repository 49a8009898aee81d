use serde_json::json;

use crate::cli::operator;
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::types::Timestamp;

/// Take back what was learned of a voice: the voiceprint is again as it was enrolled.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  callprint callers unlearn +15550100001")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Id, +number, account number or user id
    #[arg(value_name = "CALLER")]
    caller: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let had_learned = with_store(&args.config, async |store| {
        let caller = operator::find(store, &args.caller).await?;
        Ok(store.unlearn(caller.id, Timestamp::now()).await?)
    })?;
    if args.json {
        operator::print_json(&json!({ "had_learned": had_learned }))?;
    } else if had_learned {
        say!("taken back: the voiceprint is as it was enrolled");
    } else {
        say!("nothing was learned of this voice");
    }
    Ok(Exit::Yes)
}
