use super::{Common, View, consent};
use crate::cli::operator;
use crate::command::store::with_store;
use crate::command::{Exit, say};

/// List callers, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  callprint callers list --limit 10 --json")]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let callers = with_store(&args.common.config, async |store| Ok(store.callers(args.limit).await?))?;
    let callers: Vec<_> = callers.iter().map(|caller| View::new(caller, args.common.mask())).collect();
    if args.common.json {
        operator::print_json(&callers)?;
    } else if callers.is_empty() {
        say!("no callers yet");
    } else {
        let rows: Vec<_> = callers.into_iter().map(row).collect();
        operator::print_table(["ID", "USER", "NUMBER", "ACCOUNT", "CONSENT", "ENROLLED", "SINCE (UTC)"], &rows);
    }
    Ok(Exit::Yes)
}

fn row(caller: View) -> [String; 7] {
    let none = || "-".to_owned();
    [
        caller.id.to_string(),
        caller.user_id.unwrap_or_else(none),
        caller.number.unwrap_or_else(none),
        caller.account_number,
        consent(caller.consent).to_owned(),
        if caller.is_enrolled { "yes" } else { "no" }.to_owned(),
        operator::moment(caller.created_at),
    ]
}
