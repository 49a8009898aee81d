use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context;

use super::show::Dossier;
use crate::cli::operator::{self, Mask};
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::command::{Exit, say};

/// Write all that is kept about a caller, or about every caller, as JSON with numbers in clear.
///
/// Voiceprints are told of, not written: they are worth nothing outside this database. To move to another machine,
/// copy the data folder while no server is running.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  callprint callers export +15550100001 --out caller.json")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Id, +number, account number or user id; every caller when left out
    #[arg(value_name = "CALLER")]
    caller: Option<String>,
    /// Write to this file, made with mode 0600, in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let dossiers = with_store(&args.config, async |store| {
        let callers = match &args.caller {
            Some(who) => vec![operator::find(store, who).await?],
            None => store.callers(u32::MAX).await?,
        };
        let mut dossiers = Vec::with_capacity(callers.len());
        for caller in &callers {
            dossiers.push(Dossier::gather(store, caller, u32::MAX, Mask { is_off: true }).await?);
        }
        Ok(dossiers)
    })?;
    let Some(path) = &args.out else {
        operator::print_json(&dossiers)?;
        return Ok(Exit::Yes);
    };
    let text = serde_json::to_string_pretty(&dossiers)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))?;
    say!("{} callers written to {}", dossiers.len(), path.display());
    Ok(Exit::Yes)
}
