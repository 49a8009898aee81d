//! A spoofing bench: what is let in of those who are not the caller, or are not there.

mod attempt;
mod kind;
mod plan;
mod report;
mod sound;
mod synthesizer;

use std::path::PathBuf;

use anyhow::ensure;

use super::{listen, lists, strictness};
use crate::command::models::ModelArgs;
use crate::command::{Exit, say};
use crate::engine::Engine;
use crate::types::Strictness;
use attempt::{AttackedCaller, Rules};
use report::AttackReport;

/// Attack the engine with recordings, loudspeakers, disguises and machines, and count what gets in
#[derive(Debug, clap::Args)]
#[command(after_long_help = MORE)]
pub(crate) struct Args {
    /// Tab-separated list of enrollments: model, take1, take2, take3
    #[arg(long, value_name = "TSV")]
    enroll: PathBuf,
    /// Tab-separated list of trials: model, probe, target, and if known `same_phrase`, each 1 or 0
    #[arg(long, value_name = "TSV")]
    trials: PathBuf,
    /// Folder with the recordings that the lists name
    #[arg(long, value_name = "DIR")]
    audio: PathBuf,
    /// Attempts of each kind, at most; drawn evenly from all that the lists allow
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    each: u32,
    /// Another number draws other rooms, handsets and disguises; the same one repeats a run
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The false-accept rate that the voice is held to: 1%, 0.1% or 0.01%
    #[arg(long, value_name = "FAR", default_value = "0.1%", value_parser = strictness)]
    strictness: Strictness,
    /// Have installed speech synthesizers say the phrase, too: espeak-ng, flite, festival
    #[arg(long)]
    tts: bool,
    /// What the synthesizers say
    #[arg(long, value_name = "TEXT", default_value = "never forget tomorrow is a new day", requires = "tts")]
    phrase: String,
    /// Listen for synthetic speech as well (70 ms more each)
    #[arg(long)]
    synthetic: bool,
    /// Attempts made at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Print one JSON object; rates are fractions
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    models: ModelArgs,
}

const MORE: &str = "\
The lists are those of `callprint eval`. Every row of the enrollment list is enrolled as on a line, and attacked in \
each way:

  people        the owner with a fresh take (the base line: these should get in), and with other words; impostors \
with the
                right words and with others
  copies        an enrollment take, sent in digitally: as it is, over another line, through Opus, louder, cut at its \
ends, 2 %
                slower or faster, with the pitch or without
  loudspeakers  an enrollment take played into another telephone: a small loudspeaker, a room (reverberation 0.2 to \
0.6 s),
                noise 15 to 35 dB below, a player up to 1 % off
  past calls    the same with a take that was accepted in an earlier call
  challenges    a recording of the owner that was never heard before, played where six random digits are asked for
  disguises     impostors with the right words whose pitch or speed was changed
  machines      with --tts, synthetic voices saying the phrase over a telephone line

`voice alone` is what would get in if nothing but the voice were judged, `heard before` what the replay check stops \
whatever the
voice (of fresh takes it should stop none, of copies all), and `accepted` the verdict. The interval is Wilson's:
with so many attempts the true rate lies within, 95 times in 100. An attack that cannot be run is named, with the \
reason.

Every sound is made from --seed and the recordings: the same command gives the same figures.

Example:
  callprint attack --enroll enroll.tsv --trials trials.tsv --audio recordings/ --tts";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.map_or_else(cores, usize::from);
    let lists = lists::read(&args.enroll, &args.trials, &args.audio)?;
    let engine = args.models.engine(threads)?.hearing_machines(args.synthetic);
    let report = bench(&engine, &lists, args, threads)?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(Exit::Yes)
}

/// Enrolls, plans, attacks and counts.
fn bench(engine: &Engine, lists: &lists::Lists, args: &Args, threads: usize) -> anyhow::Result<AttackReport> {
    let callers =
        listen::each(&lists.enrollments, threads, "callers", |row| AttackedCaller::enroll(engine, lists, row))?;
    let enrolled = callers.iter().flatten().count();
    ensure!(enrolled > 0, "no row of the enrollment list makes a voiceprint");
    let machines = if args.tts { synthesizer::speak(&args.phrase)? } else { synthesizer::Spoken::default() };
    let plan = plan::plan(lists, &callers, &machines, args.each as usize);
    let rules = Rules { strictness: args.strictness };
    let outcomes = listen::each(&plan.attempts, threads, "attempts", |attempt| {
        let Some(caller) = &callers[attempt.enrollment] else { return Ok(None) };
        sound::attack(engine, caller, lists, &machines, attempt, args.seed, rules)
    })?;
    let mut left_out = plan.left_out;
    left_out.extend(machines.missing);
    if !args.tts {
        left_out.push(("machines".to_owned(), "give --tts to have speech synthesizers try".to_owned()));
    }
    let made = plan.attempts.iter().map(|attempt| attempt.kind).zip(outcomes);
    Ok(AttackReport::new(made, enrolled, callers.len() - enrolled, (args.strictness, args.seed), left_out))
}
