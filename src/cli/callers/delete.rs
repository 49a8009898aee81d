use std::io::{IsTerminal, Write, stdin, stdout};

use anyhow::bail;
use serde_json::json;

use super::Common;
use crate::cli::operator::{self, Mask};
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::store::{Caller, Erased};
use crate::types::Timestamp;

/// Delete a caller with voiceprint, consents, calls, takes and attempts, for good.
///
/// What remains: audit events with the caller's random id, which leads nowhere any more, and call ids; failures counted
/// against the number, under a keyed hash. Recordings still at the provider are queued for deletion, which a running
/// server does. Copies you made of the database keep what they hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  callprint callers delete +15550100001 --yes")]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Id, +number, account number or user id
    #[arg(value_name = "CALLER")]
    caller: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let erased = with_store(&args.common.config, async |store| {
        let caller = operator::find(store, &args.caller).await?;
        if !args.yes && !is_confirmed(&caller, args.common.mask())? {
            return Ok(None);
        }
        let erased = store.delete_caller(caller.id, Timestamp::now()).await?;
        Ok(Some((caller.id, erased)))
    })?;
    let Some((id, erased)) = erased else {
        say!("nothing was deleted");
        return Ok(Exit::No);
    };
    if args.common.json {
        operator::print_json(&json!({ "deleted": id, "erased": erased }))?;
    } else {
        print(&erased);
    }
    Ok(Exit::Yes)
}

fn is_confirmed(caller: &Caller, mask: Mask) -> anyhow::Result<bool> {
    if !stdin().is_terminal() {
        bail!("deleting is for good: add --yes");
    }
    let number = caller.number.as_ref().map(|number| mask.number(number));
    print!("Delete caller {} ({}) for good? [y/N] ", caller.id, number.as_deref().unwrap_or("no number"));
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn print(erased: &Erased) {
    let voiceprint = if erased.had_voiceprint { "the voiceprint" } else { "no voiceprint" };
    say!("deleted: {voiceprint}, {} calls, {} consent records", erased.calls, erased.consents);
    if erased.numbers_blanked > 0 {
        say!("the number was blanked in {} other calls", erased.numbers_blanked);
    }
    if erased.recordings_queued > 0 {
        say!("{} recordings are queued for deletion at the provider", erased.recordings_queued);
    }
    say!("the audit keeps that it was done, under the caller's id");
}
