//! `callprint eval`: error rates over lists of recordings, by file, by stream or as conversations.

mod by_speaker;
pub(crate) mod challenge;
mod conversations;
mod figures;
mod line;
mod look;
mod print;
mod report;
mod settings;
mod site;
mod stream;
mod turn;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::bail;
use figures::{Figures, Scored};
use look::LookArgs;
use rustix::time::{ClockId, clock_gettime};
use settings::StreamArgs;
use stream::StreamedTake;

use crate::command::models::ModelArgs;
use crate::command::{Exit, say};
use crate::engine::Engine;
use crate::lab::listen::{self, HeardTake};
use crate::lab::lists::{ListArgs, Lists, SetArg};
use crate::lab::speakers::Roll;
use crate::lab::voices::{self, VoiceFault, Voices};

/// Measure error rates over lists of recordings
#[derive(Debug, clap::Args)]
#[command(after_long_help = LISTS)]
pub(crate) struct Args {
    #[command(flatten)]
    lists: ListArgs,
    /// Recordings listened to at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    #[command(flatten)]
    conversations: conversations::ListenArgs,
    /// Print one JSON object; rates are fractions
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    models: ModelArgs,
}

const LISTS: &str = "\
Both lists begin with a header row; further columns are left alone.

Every row of the enrollment list is a voiceprint of its own, also where a model's name repeats: a trial is scored \
against
every voiceprint of its model. A row that repeats an earlier one counts once.

What cannot be used is treated as on a line: a probe too poor to score is rejected, so a false reject where it is the
enrolled speaker. An enrollment take too poor, which a caller would be asked to repeat, is left out of its \
voiceprint; with
no take left there is no voiceprint, and every trial against it is rejected. All of them are reported.

Trials are ranked by the calibrated log-likelihood ratio, which is what a line decides by.

With --stream every recording is sent as 20-ms frames of µ-law, followed by noise like its own, and heard as a live \
call is:
in each pause it is examined, a voice clearly the claimed one may end its turn sooner, and what was heard until the \
turn's end
is scored. A turn belongs to a trial, as on a line: the claimed voiceprint's takes tell how long the phrase is, whoever
speaks. Where the list says same_phrase 0 nothing is expected, as for a challenge; takes are heard that way too. A \
turn is cut off
when it ends while the speech detector, given the whole recording, still finds speech. The wait is line time from \
the last speech
to the turn's end; computing the verdict comes on top. Several --pause-ms are evaluated one by one; the figures on \
top are the first's.

Several sets are evaluated one by one with --set, and shown on one page with --report. Who speaks is read off the \
lists: models and
probes that a target trial joins are one speaker's; models that no target joins count as different people.

--endpoint takes pause_ms, silence_ms, complete_silence_ms, complete_share, incomplete_silence_ms, incomplete_share,
recognised_silence_ms, recognised_share, recognised_ms, scant_silence_ms, scant_ms, no_speech_ms and max_turn_ms.";

/// The result of hearing the lists, by file or by stream.
struct Outcome {
    heard: Vec<HeardTake>,
    voices: Voices,
    scored: Vec<Scored>,
    failed_probes: Vec<VoiceFault>,
    streamed: Option<StreamedTake>,
}

/// The result of one set.
struct Evaluated {
    lists: Lists,
    scored: Vec<Scored>,
    figures: Figures,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.map_or_else(cores, usize::from);
    let sets = args.lists.sets()?;
    let read = sets.iter().map(SetArg::read).collect::<anyhow::Result<Vec<_>>>()?;
    let engine = args.models.engine(threads)?;
    let mut roll = Roll::default();
    let sets: Vec<(&SetArg, Lists)> = sets.iter().zip(read).collect();
    if args.conversations.is_asked_for() {
        let [(_, lists)] = &sets[..] else { bail!("--listen takes one set of lists") };
        return conversations::run(&engine, lists, &args.conversations, threads, args.json);
    }
    if args.look.site {
        let mut rows = Vec::new();
        for (set, lists) in &sets {
            let heard = listen::listen(&engine, &lists.recordings, threads)?;
            rows.extend(site::measure(&engine, &set.name, lists, &heard, &roll.enter(lists))?);
        }
        if args.json {
            say!("{}", serde_json::to_string_pretty(&rows)?);
        } else {
            site::print(&rows);
        }
        return Ok(Exit::Yes);
    }

    let is_one = sets.len() == 1;
    let mut all = Vec::new();
    for (set, lists) in sets {
        let found = evaluate(args, &engine, &set.name, lists, threads, &mut roll)?;
        if !args.json {
            print::table(&found.figures);
        } else if is_one {
            say!("{}", serde_json::to_string_pretty(&found.figures)?);
        }
        print::complaints(&found.figures);
        all.push(found);
    }
    if args.json && !is_one {
        let by_name: BTreeMap<&str, &Figures> =
            all.iter().map(|found| (found.figures.set.as_str(), &found.figures)).collect();
        say!("{}", serde_json::to_string_pretty(&by_name)?);
    }
    if let Some(path) = &args.look.report {
        report::write(&args.look.page(&engine, &all), path)?;
        eprintln!("written to {}", path.display());
    }
    Ok(Exit::Yes)
}

fn evaluate(
    args: &Args,
    engine: &Engine,
    name: &str,
    lists: Lists,
    threads: usize,
    roll: &mut Roll,
) -> anyhow::Result<Evaluated> {
    let (begun, cpu_begun) = (Instant::now(), cpu_seconds());
    let Outcome { heard, voices, scored, failed_probes, streamed } = if args.stream.stream {
        stream::evaluate(engine, &lists, &args.stream, threads)?
    } else {
        by_file(engine, &lists, threads)?
    };
    let (wall, cpu) = (begun.elapsed(), cpu_seconds() - cpu_begun);

    let work: Duration = heard.iter().map(|one| one.work).sum();
    let audio: Duration = heard.iter().map(|one| one.audio).sum();
    let (intervals, by_speaker) = args.look.by_speaker(engine, &lists, &scored, roll);
    let figures = Figures {
        set: name.to_owned(),
        all: figures::rates(&scored)?,
        audio_seconds: audio.as_secs_f64(),
        wall_seconds: wall.as_secs_f64(),
        seconds_per_probe: work.as_secs_f64() / heard.len() as f64,
        cpu_seconds: cpu,
        model: engine.model().to_string(),
        voiceprints: voices.voiceprints.iter().flatten().count(),
        recordings: heard.len(),
        repeated_rows: lists.repeated_rows,
        min_cllr: figures::min_cllr(&scored),
        intervals,
        by_speaker,
        by_phrase: figures::by_phrase(&scored),
        at_threshold: figures::at_thresholds(engine, &scored),
        fused: figures::fused(&scored),
        failed_probes,
        failed_takes: voices.failed_takes,
        takes_differ: voices.takes_differ,
        streamed,
    };
    Ok(Evaluated { lists, scored, figures })
}

/// Hears each recording whole and once.
fn by_file(engine: &Engine, lists: &Lists, threads: usize) -> anyhow::Result<Outcome> {
    let heard = listen::listen(engine, &lists.recordings, threads)?;
    let voices = voices::enroll(engine, lists, |take| &heard[take]);
    let scored = figures::score(engine, lists, &voices, |trial| heard[lists.trials[trial].probe].take.as_ref().ok())?;
    let failed_probes = figures::failed_probes(lists, &heard);
    Ok(Outcome { heard, voices, scored, failed_probes, streamed: None })
}

/// Processor time that this process has used so far.
fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
