use serde::Serialize;

use super::{Common, View, consent};
use crate::cli::{attempts, operator};
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::dialog::Standing;
use crate::store::{AttemptFilter, AuditEvent, Caller, ConsentRecord, Store};
use crate::types::Timestamp;

/// Attempts and audit events shown: what fits a screen.
const RECENT: u32 = 10;

/// Show a caller: consent, voiceprint, standing, last attempts, audit.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  callprint callers show +15550100001 --json")]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Id, +number, account number or user id
    #[arg(value_name = "CALLER")]
    caller: String,
}

/// All that is printed about one caller.
#[derive(Serialize)]
pub(super) struct Dossier {
    caller: View,
    voiceprint: Option<Voiceprint>,
    standing: Standing,
    number_standing: Standing,
    consents: Vec<ConsentRecord>,
    attempts: Vec<attempts::View>,
    audit: Vec<AuditEvent>,
}

/// About a voiceprint; never the voiceprint.
#[derive(Serialize)]
struct Voiceprint {
    model: String,
    made_at: Timestamp,
    /// Times something was learned of the voice since; 0 where learning is off.
    learned_version: u32,
}

impl Dossier {
    /// Gathers at most `limit` attempts and audit events of a caller.
    pub(super) async fn gather(
        store: &Store,
        caller: &Caller,
        limit: u32,
        mask: operator::Mask,
    ) -> anyhow::Result<Self> {
        let filter = AttemptFilter { caller: Some(caller.id), line: None, since: None, limit };
        let now = Timestamp::now();
        let standings = store.standing(Some(caller.id), caller.number.as_ref(), None, now).await?;
        let voiceprint = store.voiceprint(caller.id).await?;
        let learned = store.learned(caller.id).await?;
        let attempts = store.attempts(filter).await?;
        Ok(Self {
            caller: View::new(caller, mask),
            voiceprint: voiceprint.map(|found| Voiceprint {
                model: found.model_id,
                made_at: found.made_at,
                learned_version: learned.version,
            }),
            standing: standings.caller,
            number_standing: standings.number,
            consents: store.consents(caller.id).await?,
            attempts: attempts.into_iter().map(|attempt| attempts::View::new(attempt, mask)).collect(),
            audit: store.audit_events(Some(caller.id), limit).await?,
        })
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let dossier = with_store(&args.common.config, async |store| {
        let caller = operator::find(store, &args.caller).await?;
        Dossier::gather(store, &caller, RECENT, args.common.mask()).await
    })?;
    if args.common.json {
        operator::print_json(&dossier)?;
    } else {
        print(dossier);
    }
    Ok(Exit::Yes)
}

fn print(dossier: Dossier) {
    let Dossier { caller, voiceprint, .. } = dossier;
    let none = || "-".to_owned();
    let made = |made: Voiceprint| format!("by {} on {}", made.model, operator::moment(made.made_at));
    operator::print_fields(&[
        ("id", caller.id.to_string()),
        ("user id", caller.user_id.unwrap_or_else(none)),
        ("number", caller.number.unwrap_or_else(none)),
        ("account number", caller.account_number),
        ("since", operator::moment(caller.created_at)),
        ("consent", consent(caller.consent).to_owned()),
        ("voiceprint", voiceprint.map_or_else(none, made)),
        ("caller may try", operator::standing(dossier.standing)),
        ("number may try", operator::standing(dossier.number_standing)),
    ]);
    if !dossier.attempts.is_empty() {
        say!();
        attempts::print(&dossier.attempts);
    }
    if !dossier.audit.is_empty() {
        say!();
        let row = |event: &AuditEvent| [operator::moment(event.at), event.kind.clone(), event.detail.to_string()];
        operator::print_table(["TIME (UTC)", "EVENT", "DETAIL"], &dossier.audit.iter().map(row).collect::<Vec<_>>());
    }
}
