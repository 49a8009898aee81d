use serde_json::json;

use crate::cli::operator;
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::store::{CallerRef, Store, Subject};
use crate::types::Timestamp;

/// Forget the failures counted against a caller and the number they call from.
///
/// A +number is unlocked whether or not a caller has it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  callprint callers unlock +15550100001")]
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
    let had_failures = with_store(&args.config, async |store| unlock(store, &args.caller).await)?;
    if args.json {
        operator::print_json(&json!({ "had_failures": had_failures }))?;
    } else {
        say!("{}", if had_failures { "unlocked" } else { "there was nothing to unlock" });
    }
    Ok(Exit::Yes)
}

async fn unlock(store: &Store, who: &str) -> anyhow::Result<bool> {
    let (caller, number) = if let CallerRef::Number(number) = CallerRef::parse(who) {
        (store.caller_by_number(&number).await?.map(|caller| caller.id), Some(number))
    } else {
        let caller = operator::find(store, who).await?;
        (Some(caller.id), caller.number)
    };
    let mut had_failures = false;
    for subject in caller.map(Subject::Caller).into_iter().chain(number.map(Subject::Number)) {
        had_failures |= store.unlock(subject, Timestamp::now()).await?;
    }
    Ok(had_failures)
}
