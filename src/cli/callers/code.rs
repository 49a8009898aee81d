use serde_json::json;

use crate::cli::operator;
use crate::command::settings::ConfigArgs;
use crate::command::store::with_store;
use crate::command::{Exit, say};
use crate::store::CallerRef;
use crate::types::{CodeTtl, Timestamp};

/// Make an enrollment code of eight digits, to be typed in during a call.
///
/// A code works once. Made for a caller, it lets only them enroll, also anew in place of their voiceprint; a +number or
/// user id that nobody has yet becomes a caller. Made for nobody, it lets one new caller enroll. It is shown this once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  callprint callers code --for +15550100001 --ttl 24h")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Whose code it is: id, +number, account number or user id
    #[arg(long = "for", value_name = "CALLER")]
    owner: Option<String>,
    /// How long it is good for: a number and m, h or d
    #[arg(long, value_name = "TIME", default_value_t = CodeTtl::USUAL, value_parser = ttl)]
    ttl: CodeTtl,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Reads how long a code is good for, within the bounds that the API has too.
fn ttl(text: &str) -> Result<CodeTtl, String> {
    let span = operator::parse_span(text)?;
    CodeTtl::from_secs(span.as_secs()).map_err(|_| "expected 1m to 30d".to_owned())
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let code = with_store(&args.config, async |store| {
        let owner = args.owner.as_deref().map(CallerRef::parse);
        Ok(store.new_enrollment_code(owner.as_ref(), args.ttl.duration(), Timestamp::now()).await?)
    })?;
    if args.json {
        operator::print_json(&json!({ "code": code.digits, "expires_at": code.expires_at, "caller": code.caller }))?;
    } else {
        let (first, second) = code.digits.split_at(4);
        say!("{first} {second}");
        let owner = code.caller.map_or("whoever types it".to_owned(), |caller| format!("caller {caller}"));
        say!("for {owner}, once, until {} UTC", operator::moment(code.expires_at));
    }
    Ok(Exit::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_good_for_a_minute_to_a_month_and_is_for_72_hours_when_it_is_not_said() {
        for (text, is_fine) in
            [("1m", true), ("90m", true), ("30d", true), ("31d", false), ("721h", false), ("0h", false)]
        {
            assert_eq!(ttl(text).is_ok(), is_fine, "{text}");
        }
        assert_eq!(ttl(&CodeTtl::USUAL.to_string()), Ok(CodeTtl::USUAL));
    }
}
