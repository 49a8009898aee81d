use serde::Serialize;
use serde_json::Value;

use super::operator::{self, Mask};
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::store::{Attempt, AttemptFilter};
use crate::types::{AttemptId, CallSid, CallerId, LineName, Reason, Timestamp};

/// List verification attempts, newest first: who, when, and how each ended.
///
/// LLR is the likeness to the voiceprint (above 0 speaks for the caller); NEEDED is what the line asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callprint attempts --since 24h
  callprint attempts --caller +15550100001 --json")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Of this caller only: id, +number, account number or user id
    #[arg(long, value_name = "CALLER")]
    caller: Option<String>,
    /// On this line only
    #[arg(long, value_name = "NAME")]
    line: Option<String>,
    /// From then on: a time, a date, or an age such as 30m, 24h, 7d
    #[arg(long, value_name = "TIME", value_parser = operator::parse_since)]
    since: Option<Timestamp>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Show phone numbers in clear
    #[arg(long)]
    show_numbers: bool,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
pub(super) struct View {
    id: i64,
    at: Timestamp,
    call: Option<CallSid>,
    attempt: Option<AttemptId>,
    turn: u32,
    line: LineName,
    caller: Option<CallerId>,
    number: Option<String>,
    decision: &'static str,
    reason: Option<Reason>,
    signals: Option<Value>,
}

impl View {
    pub(super) fn new(attempt: Attempt, mask: Mask) -> Self {
        Self {
            id: attempt.id,
            at: attempt.at,
            call: attempt.call().cloned(),
            attempt: attempt.upload().cloned(),
            turn: attempt.turn(),
            line: attempt.line(),
            caller: attempt.caller,
            number: attempt.number.map(|number| mask.number(&number)),
            decision: attempt.verdict.code(),
            reason: attempt.verdict.reason(),
            signals: attempt.signals,
        }
    }

    fn signal(&self, name: &str) -> String {
        let value = self.signals.as_ref().and_then(|signals| signals.get(name)?.as_f64());
        value.map_or("-".to_owned(), |value| format!("{value:.1}"))
    }

    fn row(&self) -> [String; 9] {
        [
            operator::moment(self.at),
            self.line.to_string(),
            self.caller.map_or("-".to_owned(), |caller| caller.to_string()),
            self.number.clone().unwrap_or("-".to_owned()),
            self.decision.to_owned(),
            self.reason.map_or("-", Reason::code).to_owned(),
            self.signal("llr"),
            self.signal("threshold"),
            self.signal("fused"),
        ]
    }
}

/// Prints attempts as a table.
pub(super) fn print(attempts: &[View]) {
    let rows: Vec<_> = attempts.iter().map(View::row).collect();
    operator::print_table(
        ["TIME (UTC)", "LINE", "CALLER", "NUMBER", "DECISION", "REASON", "VOICE", "NEEDED", "ALL"],
        &rows,
    );
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let attempts = with_store(&args.config, async |store| {
        let caller = match &args.caller {
            Some(who) => Some(operator::find(store, who).await?.id),
            None => None,
        };
        let line = args.line.clone().map(LineName);
        Ok(store.attempts(AttemptFilter { caller, line, since: args.since, limit: args.limit }).await?)
    })?;
    let mask = Mask { is_off: args.show_numbers };
    let attempts: Vec<_> = attempts.into_iter().map(|attempt| View::new(attempt, mask)).collect();
    match (args.json, attempts.is_empty()) {
        (true, _) => operator::print_json(&attempts)?,
        (false, true) => say!("no attempts"),
        (false, false) => print(&attempts),
    }
    Ok(Exit::Yes)
}
