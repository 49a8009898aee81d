mod application;
mod stage;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;

use self::application::Application;
use self::stage::Stage;
use super::transcript::Transcript;
use crate::command::stop::stop_signal;
use crate::command::terminal::{Ink, put, put_wrapped};
use crate::command::{Exit, recording};
use crate::phone::{Answer, Outgoing, Phone, Report, Script};
use crate::store::Attempt;
use crate::types::Verdict;

/// The number both voices call from: it is a hint, not an identity.
const NUMBER: &str = "+15550142";
/// Who the account belongs to, and a voice that is not theirs.
const CALLER: &str = "ben";
const IMPOSTOR: &str = "anna";
/// 20 bytes in base64, as every signature is, and not the right one.
const FORGED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// See it work: a real server, simulated calls over real HTTP, a transcript
///
/// The server runs on a free loopback port with a database in a temporary folder; nothing is left behind and nothing
/// leaves this machine. The voices are synthetic (fixtures/audio).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 when everything went as it should, 1 when something did not, 2 when it could not run."
)]
pub(super) struct Args {
    /// Leave the server running at the end, with the page to try it on [default: on a terminal]
    #[arg(long)]
    stay: bool,
    /// End at once, on a terminal too
    #[arg(long, conflicts_with = "stay")]
    leave: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let voices = recording::voices()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let is_watched = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    let stays = args.stay || (is_watched && !args.leave);
    let all_well = runtime.block_on(show(&voices, stays))?;
    Ok(if all_well { Exit::Yes } else { Exit::No })
}

async fn show(voices: &Path, stays: bool) -> anyhow::Result<bool> {
    let start = Instant::now();
    let mut stage = Stage::open(voices).await?;
    put_wrapped(&format!(
        "A real server answers at {}/incoming_call, its database is in {}. The calls are simulated: signed webhooks \
        over \
         HTTP, recordings that lag by {} ms, a media stream over a web socket, synthetic voices. Time on the line is \
         sped up \
         except where it says otherwise.",
        stage.url(),
        stage.folder().display(),
        stage::LAG.as_millis()
    ));
    enrollment(&mut stage).await?;
    let known = known_caller(&mut stage).await?;
    in_real_time(&mut stage).await?;
    impostor(&mut stage).await?;
    replay(&mut stage, &known).await?;
    forgery(&mut stage, &known).await?;
    let deleted = stage.everything_is_deleted().await;
    stage.check(deleted, "every recording was deleted at the provider after it had been heard");
    let application = Application::show(&mut stage).await?;
    let seconds = start.elapsed().as_secs_f32();
    if stage.is_all_well() {
        put("");
        put_wrapped(&format!(
            "Shown in {seconds:.1} s, over real HTTP and with the real models: consent, enrollment, verification by \
            recording \
             and by stream, an impostor, a replay, a forgery, and an application's uploads. Next: `make run` starts \
             a server to call with `callprint call --help`, or from a phone (README)."
        ));
    } else {
        put("\nSomething did not go as it should: look for ✗ above.");
    }
    if stays {
        application.invite(&stage);
        stop_signal()?.await;
    } else {
        put_wrapped(
            "`target/debug/callprint demo --stay` leaves the server running, with a page to try your own voice on \
            and a curl line to copy.",
        );
    }
    stage.close().await
}

async fn enrollment(stage: &mut Stage) -> anyhow::Result<()> {
    stage.heading("1", &format!("A new caller, {NUMBER}, agrees, enrolls with three takes and is verified"));
    let mut answers = vec![Answer::Keys("1".to_owned())];
    answers.extend((1..=4).map(|take| stage.says(CALLER, take)).collect::<anyhow::Result<Vec<_>>>()?);
    let (_, verdicts) = call(stage, answers).await?;
    stage.check(verdicts == ["accept"], "three takes made a voiceprint, and the caller was verified");
    Ok(())
}

async fn known_caller(stage: &mut Stage) -> anyhow::Result<Report> {
    stage.heading("2", "The same caller calls again");
    let answers = vec![Answer::Nothing, stage.says(CALLER, 5)?];
    let (report, verdicts) = call(stage, answers).await?;
    stage.check(verdicts == ["accept"], "verified with one take");
    Ok(report)
}

async fn in_real_time(stage: &mut Stage) -> anyhow::Result<()> {
    stage.heading("3", "And once more, on a line that streams: in real time, 2 % of the frames lost, 40 ms of jitter");
    let (phone, outgoing) = (stage.streaming_phone(), stage.streamed(NUMBER)?);
    let script = Script::in_order([Answer::Nothing, stage.says(CALLER, 6)?]);
    let (report, verdicts) = place(stage, &phone, &outgoing, script).await?;
    stage.check(
        verdicts == ["accept"] && report.has_streamed(),
        "verified in the pause after the sentence, nothing was recorded",
    );
    Ok(())
}

async fn impostor(stage: &mut Stage) -> anyhow::Result<()> {
    stage.heading("4", "Another voice calls from the same number");
    let mut answers = vec![Answer::Nothing];
    answers.extend((1..=3).map(|take| stage.says(IMPOSTOR, take)).collect::<anyhow::Result<Vec<_>>>()?);
    let (_, verdicts) = call(stage, answers).await?;
    stage.check(
        verdicts.last().is_some_and(|last| last == "reject voice_mismatch") && !verdicts.contains(&"accept".to_owned()),
        "refused: the number is a hint, the voice is not the enrolled one",
    );
    Ok(())
}

/// The webhook of the take that was accepted, byte for byte: same form, same signature.
async fn replay(stage: &mut Stage, known: &Report) -> anyhow::Result<()> {
    stage.heading("5", "Somebody replays the webhook of the accepted take");
    let turn = known.turns.iter().find(|turn| turn.url.contains("/call/turn") && !turn.url.contains("silent"));
    let turn = turn.context("the second call has no turn with a take")?;
    let (attempts, fetches) = (stage.attempts().await?.len(), stage.fetches());
    let (status, first) = stage.phone().send_again(&turn.exchange).await;
    let (_, second) = stage.phone().send_again(&turn.exchange).await;
    let (attempts_after, fetches_after) = (stage.attempts().await?.len(), stage.fetches());
    put(&format!(
        "        status {}, the stored reply again; attempts before {attempts}, after {attempts_after}; {} more \
        recordings fetched",
        status.unwrap_or_default(),
        fetches_after - fetches
    ));
    let nothing_changed = attempts == attempts_after && fetches == fetches_after;
    stage.check(nothing_changed && first.is_some() && first == second, "nothing was scored twice, nothing changed");
    Ok(())
}

/// The same webhook with a signature that is not the account's.
async fn forgery(stage: &mut Stage, known: &Report) -> anyhow::Result<()> {
    stage.heading("6", "Somebody who does not know the auth token forges a webhook");
    let first = known.turns.first().context("the second call has no turns")?;
    let attempts = stage.attempts().await?.len();
    let (status, body) = stage.phone().send_again(&first.exchange.signed_with(FORGED)).await;
    put(&format!("        status {}", status.unwrap_or_default()));
    let attempts_after = stage.attempts().await?.len();
    stage
        .check(status == Some(403) && body.is_none() && attempts == attempts_after, "refused before anything was read");
    Ok(())
}

/// Places a call, prints it with what was scored, and gives the verdicts in order.
async fn call(stage: &mut Stage, answers: Vec<Answer>) -> anyhow::Result<(Report, Vec<String>)> {
    let (phone, outgoing) = (stage.phone().clone(), stage.outgoing(NUMBER)?);
    place(stage, &phone, &outgoing, Script::in_order(answers)).await
}

async fn place(
    stage: &mut Stage,
    phone: &Phone,
    outgoing: &Outgoing,
    script: Script,
) -> anyhow::Result<(Report, Vec<String>)> {
    let report = phone.call(outgoing, script).await;
    let attempts: Vec<Attempt> = stage
        .attempts()
        .await?
        .into_iter()
        .filter(|attempt| attempt.call().is_some_and(|call| call.as_str() == report.call_sid))
        .collect();
    let notes: BTreeMap<usize, String> = attempts.iter().filter_map(|attempt| note(attempt, &report)).collect();
    let mut transcript = Transcript::with_notes(stage.palette(), notes);
    for line in report.events.iter().flat_map(|event| transcript.add(event)) {
        put(&line);
    }
    if !report.is_proper() {
        stage.check(false, "the call was conducted properly");
    }
    Ok((report, attempts.iter().map(|attempt| code(&attempt.verdict)).collect()))
}

/// The note about an attempt, and the webhook it follows: the last one of its turn.
fn note(attempt: &Attempt, report: &Report) -> Option<(usize, String)> {
    let of_turn = |url: &str| {
        let url = url::Url::parse(url).ok()?;
        let (_, turn) = url.query_pairs().find(|(name, _)| name == "n")?;
        turn.parse().ok().filter(|turn: &u32| *turn == attempt.turn())
    };
    let asked: Vec<_> = report.turns.iter().enumerate().filter(|(_, turn)| of_turn(&turn.url).is_some()).collect();
    let (last, _) = asked.last()?;
    let ms: f64 = asked.iter().map(|(_, turn)| turn.latency_ms).sum();
    Some((*last, format!("{}; known after {ms:.0} ms", finding(attempt))))
}

/// A verdict with what it rests on.
fn finding(attempt: &Attempt) -> String {
    let code = code(&attempt.verdict);
    let Some(signals) = &attempt.signals else { return code };
    let number = |pointer: &str| signals.pointer(pointer).and_then(serde_json::Value::as_f64);
    let speech = number("/quality/net_speech_ms").map(|ms| format!("{:.1} s of speech", ms / 1000.0));
    let score = number("/llr").zip(number("/threshold"));
    let score = score.map(|(llr, threshold)| format!("LLR {llr:+.1}, needed {threshold:+.1}"));
    let parts: Vec<String> = [score, speech].into_iter().flatten().collect();
    format!("{code}: {}", parts.join(", "))
}

fn code(verdict: &Verdict) -> String {
    match verdict.reason() {
        Some(reason) => format!("{} {reason}", verdict.code()),
        None => verdict.code().to_owned(),
    }
}

impl Stage {
    fn heading(&self, number: &str, text: &str) {
        put(&format!("\n{}", self.palette().paint(Ink::Bold, &format!("{number}  {text}"))));
    }

    /// Says whether something is as it should be, and remembers if it is not.
    fn check(&mut self, is_so: bool, what: &str) {
        let (ink, mark) = if is_so { (Ink::Good, "✓") } else { (Ink::Bad, "✗") };
        put(&format!("        {}", self.palette().paint(ink, &format!("{mark} {what}"))));
        self.note(is_so);
    }
}
