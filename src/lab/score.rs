//! `callprint score`: one recording compared with three of an enrolled speaker.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use serde::Serialize;

use super::strictness;
use crate::command::models::ModelArgs;
use crate::command::{Exit, recording, say};
use crate::engine::{self, AskedFor, Assessment, Bar, Claim, Engine, Lacking, Take};
use crate::phrase::Challenge;
use crate::scoring::Agreement;
use crate::types::{Reason, Strictness};
use crate::vad::{Quality, QualityLimits};

/// Takes that make a voiceprint, as on a line; the calibration was measured with as many.
const TAKES: usize = 3;

/// Compare one recording with three of an enrolled speaker
#[derive(Debug, clap::Args)]
#[command(after_long_help = MORE)]
pub(crate) struct Args {
    /// A recording of the enrolled speaker; give it three times
    #[arg(long = "enroll", value_name = "WAV", required = true)]
    enroll: Vec<PathBuf>,
    /// The recording to verify
    #[arg(value_name = "PROBE")]
    probe: PathBuf,
    /// The false-accept rate to aim at: 1%, 0.1% or 0.01%
    #[arg(long, value_name = "FAR", default_value = "0.1%", value_parser = strictness)]
    strictness: Strictness,
    /// What the probe should say instead of the enrolled sentence: `472913`, or `47 river apple`
    #[arg(long, value_name = "WORDS")]
    challenge: Option<Challenge>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    models: ModelArgs,
}

const MORE: &str = "\
Example:
  callprint score --enroll a.wav --enroll b.wav --enroll c.wav probe.wav

Exit codes:
  0  the probe is accepted
  1  it is not: another voice, or too poor a recording
  2  there is no verdict: a file that is no recording, takes that do not make a voiceprint, no models";

/// The report printed with `--json`.
#[derive(Debug, Serialize)]
struct ScoreReport<'a> {
    #[serde(flatten)]
    assessment: Assessment,
    strictness: Strictness,
    model: &'a str,
    take_agreement: Agreement,
    takes: Vec<Enrolled<'a>>,
    /// The change that would have changed the outcome.
    lacking: Vec<Lacking>,
}

/// One enrollment take.
#[derive(Debug, Serialize)]
struct Enrolled<'a> {
    file: &'a Path,
    quality: Quality,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.enroll.len() != TAKES {
        bail!("--enroll is given {} times; a voiceprint is made of {TAKES} takes", args.enroll.len());
    }
    let engine = args.models.engine(1)?;
    let takes = args.enroll.iter().map(|path| enrollment_take(&engine, path)).collect::<anyhow::Result<Vec<_>>>()?;
    let enrolled = enroll(&engine, &takes)?;
    let take_agreement = enrolled.voiceprint().agreement();
    let asked = args.challenge.clone().map_or(AskedFor::Passphrase, AskedFor::Challenge);
    let claim = Claim { asked, ..Claim::of(enrolled) };
    let probe = examine(&engine, &args.probe, &QualityLimits::VERIFY)?;
    let bar = Bar { strictness: args.strictness, last_mismatch: true, last_bad_take: true, ..Bar::default() };
    let assessment = engine.verify(&claim, &probe, &bar)?;
    let report = ScoreReport {
        lacking: assessment.signals.findings.map_or_else(Vec::new, |findings| findings.lacking()),
        assessment,
        strictness: args.strictness,
        model: engine.model().as_str(),
        take_agreement,
        takes: args.enroll.iter().zip(&takes).map(|(file, take)| Enrolled { file, quality: take.quality }).collect(),
    };
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report, &args.probe, &engine);
    }
    Ok(if report.assessment.verdict.is_accept() { Exit::Yes } else { Exit::No })
}

/// As a line does: no two takes are one recording, and they agree in voice and words.
fn enroll(engine: &Engine, takes: &[Take]) -> anyhow::Result<engine::Enrolled> {
    let takes: Vec<_> = takes.iter().filter_map(Take::enrolled).collect();
    for (at, take) in takes.iter().enumerate() {
        if engine.is_repeated(take, &takes[..at]) {
            bail!("take {} is an earlier one, played again ({})", at + 1, Reason::ReplaySuspected);
        }
    }
    engine.enroll(takes).map_err(|reason| no_voiceprint(engine, reason))
}

fn enrollment_take(engine: &Engine, path: &Path) -> anyhow::Result<Take> {
    let take = examine(engine, path, &QualityLimits::ENROLL)?;
    match take.fault() {
        Some(reason) => bail!("{}: too poor a recording to enroll with: {reason}", path.display()),
        None => Ok(take),
    }
}

fn examine(engine: &Engine, path: &Path, limits: &QualityLimits) -> anyhow::Result<Take> {
    let clip =
        recording::read(path)?.map_err(|error| anyhow!("{}: {error} ({code})", path.display(), code = error.code()))?;
    Ok(engine.examine(&clip, limits)?)
}

fn no_voiceprint(engine: &Engine, reason: Reason) -> anyhow::Error {
    let floor = engine.least_agreement().0;
    match reason {
        Reason::TakesDiffer => anyhow!(
            "the takes do not agree ({reason}): two of them are less alike than {floor:.2}, or do not say the same"
        ),
        reason => anyhow!("the takes do not make a voiceprint: {reason}"),
    }
}

fn print(report: &ScoreReport, probe: &Path, engine: &Engine) {
    say!("         speech      level       peak   clipped       SNR");
    for (number, take) in (1..).zip(&report.takes) {
        quality(&format!("take {number}"), &take.quality, take.file);
    }
    let (signals, verdict) = (&report.assessment.signals, report.assessment.verdict);
    quality("probe", &signals.quality, probe);
    let (agreement, floor) = (report.take_agreement, engine.least_agreement().0);
    say!(
        "\ntakes    alike by {:.2} on average, {:.2} at least (needed: {floor:.2})",
        agreement.mean.0,
        agreement.min.0
    );
    if let (Some(cosine), Some(llr)) = (signals.cosine, signals.llr) {
        let (threshold, far) = (signals.threshold.0, report.strictness);
        say!("probe    cosine {:.2}, LLR {:.1}; accepted from {threshold:.1} (aims at FAR {far})", cosine.0, llr.0);
    }
    for (signal, finding) in signals.findings.iter().flat_map(|findings| findings.measured().collect::<Vec<_>>()) {
        let (name, margin) = (signal.as_str(), finding.margin());
        let word = if margin < 0.0 { "short by" } else { "above by" };
        say!(
            "{name:<9}LLR {:>5.1}, accepted from {:.1}: {word} {:.1}",
            finding.llr.0,
            finding.threshold.0,
            margin.abs()
        );
    }
    match verdict.reason() {
        None => say!("verdict  {}", verdict.code()),
        Some(reason) => say!("verdict  {} ({reason})", verdict.code()),
    }
}

fn quality(name: &str, quality: &Quality, file: &Path) {
    let speech = f64::from(quality.net_speech_ms) / 1000.0;
    say!(
        "{name:<7} {speech:>5.1} s {:>5.1} dBFS {:>5.1} dBFS {:>7.1} % {:>6.1} dB   {}",
        quality.level_dbfs,
        quality.peak_dbfs,
        quality.clipped_fraction * 100.0,
        quality.snr_db,
        file.display()
    );
}
