mod conversations;
mod figures;
mod listen;
mod lists;
mod print;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use figures::Figures;

use super::Exit;
use super::models::ModelArgs;
use crate::engine::Engine;
use crate::models::Library;

/// Measure error rates over lists of recordings
#[derive(Debug, clap::Args)]
#[command(after_long_help = LISTS)]
pub(super) struct Args {
    /// Tab-separated list of enrollments: model, take1, take2, take3
    #[arg(long, value_name = "TSV")]
    enroll: PathBuf,
    /// Tab-separated list of trials: model, probe, target, and if known `same_phrase`, each 1 or 0
    #[arg(long, value_name = "TSV")]
    trials: PathBuf,
    /// Folder with the recordings that the lists name
    #[arg(long, value_name = "DIR")]
    audio: PathBuf,
    /// Recordings listened to at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    #[command(flatten)]
    conversations: conversations::ListenArgs,
    /// Print one JSON object; rates are fractions
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    models: ModelArgs,
}

const LISTS: &str = "\
Both lists begin with a header row; further columns are left alone.

Every row of the enrollment list is a voiceprint of its own, also where a model's name repeats: a trial is scored against
every voiceprint of its model. A row that repeats an earlier one counts once.

What cannot be used is treated as on a line: a probe too poor to score is rejected, so a false reject where it is the
enrolled speaker. An enrollment take too poor, which a caller would be asked to repeat, is left out of its voiceprint; with
no take left there is no voiceprint, and every trial against it is rejected. All of them are reported.

Trials are ranked by the calibrated log-likelihood ratio, which is what a line decides by.";

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.map_or_else(cores, usize::from);
    let lists = lists::read(&args.enroll, &args.trials, &args.audio)?;
    let engine = Engine::new(Library::load(&args.models.to_config(threads))?);
    if args.conversations.is_asked_for() {
        return conversations::run(&engine, &lists, &args.conversations, threads, args.json);
    }

    let begun = Instant::now();
    let heard = listen::listen(&engine, &lists.recordings, threads)?;
    let voices = figures::enroll(&engine, &lists, &heard);
    let scored = figures::score(&engine, &lists, &heard, &voices)?;
    let wall = begun.elapsed();

    let work: Duration = heard.iter().map(|one| one.work).sum();
    let audio: Duration = heard.iter().map(|one| one.audio).sum();
    let found = Figures {
        all: figures::rates(&scored)?,
        audio_seconds: audio.as_secs_f64(),
        wall_seconds: wall.as_secs_f64(),
        seconds_per_probe: work.as_secs_f64() / heard.len() as f64,
        model: engine.model().to_string(),
        voiceprints: voices.voiceprints.iter().flatten().count(),
        recordings: heard.len(),
        repeated_rows: lists.repeated_rows,
        by_phrase: figures::by_phrase(&scored),
        at_threshold: figures::at_thresholds(&engine, &scored),
        failed_probes: figures::failed_probes(&lists, &heard),
        failed_takes: voices.failed_takes,
        takes_differ: voices.takes_differ,
    };
    if args.json {
        say!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print::table(&found);
    }
    print::complaints(&found);
    Ok(Exit::Yes)
}
