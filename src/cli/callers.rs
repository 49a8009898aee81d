mod code;
mod delete;
mod export;
mod list;
mod show;
mod unlearn;
mod unlock;

use serde::Serialize;

use super::operator::Mask;
use crate::command::Exit;
use crate::command::settings::ConfigArgs;
use crate::dialog::Consent;
use crate::store::Caller;
use crate::types::{CallerId, Timestamp};

/// List, show, unlock, delete and export callers, and make enrollment codes.
///
/// CALLER is an id, a +number, an account number (eight digits) or your own user id (`user:…` if it looks like one of
/// the others). The commands work while a server is running. Numbers are masked unless --show-numbers is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callprint callers list
  callprint callers show +15550100001 --show-numbers
  callprint callers code --for user:alice --ttl 24h
  callprint callers unlock +15550100001
  callprint callers delete +15550100001")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Code(code::Args),
    Unlock(unlock::Args),
    Unlearn(unlearn::Args),
    Delete(delete::Args),
    Export(export::Args),
}

/// The options that the commands share.
#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    config: ConfigArgs,
    /// Show phone and account numbers in clear
    #[arg(long)]
    show_numbers: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Common {
    fn mask(&self) -> Mask {
        Mask { is_off: self.show_numbers }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::List(args) => list::run(args),
        Command::Show(args) => show::run(args),
        Command::Code(args) => code::run(args),
        Command::Unlock(args) => unlock::run(args),
        Command::Unlearn(args) => unlearn::run(args),
        Command::Delete(args) => delete::run(args),
        Command::Export(args) => export::run(args),
    }
}

/// A caller as printed.
#[derive(Serialize)]
struct View {
    id: CallerId,
    user_id: Option<String>,
    number: Option<String>,
    account_number: String,
    consent: Consent,
    is_enrolled: bool,
    created_at: Timestamp,
}

impl View {
    fn new(caller: &Caller, mask: Mask) -> Self {
        Self {
            id: caller.id,
            user_id: caller.user_id.clone(),
            number: caller.number.as_ref().map(|number| mask.number(number)),
            account_number: mask.account(&caller.account_number),
            consent: caller.consent,
            is_enrolled: caller.is_enrolled,
            created_at: caller.created_at,
        }
    }
}

fn consent(consent: Consent) -> &'static str {
    match consent {
        Consent::None => "not asked",
        Consent::Given => "given",
        Consent::OptedOut => "opted out",
    }
}
