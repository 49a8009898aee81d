mod place;
mod provider;
mod setup;
mod voice;

use serde::Serialize;

use crate::command::settings::ConfigArgs;
use crate::command::{Exit, say};
use crate::config::Config;

/// Check everything a call needs, and say what to do about what is wrong
///
/// Prints no secrets. Exit code 1 when a check fails.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Ask neither the provider nor a running server
    #[arg(long)]
    offline: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The result of one check.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, ok: true, found: found.into(), advice: None }
    }

    fn bad(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, ok: false, found: found.into(), advice: Some(advice.into()) }
    }
}

#[derive(Serialize)]
struct Diagnosis {
    ok: bool,
    findings: Vec<Finding>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let findings = match args.config.load(&[]) {
        Ok(config) => examine(&config, args.offline)?,
        Err(error) => {
            let advice = "`callprint serve --print-config` prints every key with what it takes";
            vec![Finding::bad("configuration", format!("{error:#}"), advice)]
        }
    };
    let report = Diagnosis { ok: findings.iter().all(|finding| finding.ok), findings };
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(if report.ok { Exit::Yes } else { Exit::No })
}

fn examine(config: &Config, is_offline: bool) -> anyhow::Result<Vec<Finding>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut findings = setup::check(config);
    if !is_offline {
        findings.extend(runtime.block_on(provider::check(config)));
    }
    findings.extend(voice::check(config));
    findings.extend(runtime.block_on(place::check(config)));
    Ok(findings)
}

fn print(report: &Diagnosis) {
    for finding in &report.findings {
        say!("{} {}: {}", if finding.ok { "✓" } else { "✗" }, finding.check, finding.found);
        if let Some(advice) = &finding.advice {
            say!("    {advice}");
        }
    }
    let wrong = report.findings.iter().filter(|finding| !finding.ok).count();
    match wrong {
        0 => say!("all is well"),
        1 => say!("1 check failed"),
        _ => say!("{wrong} checks failed"),
    }
}
