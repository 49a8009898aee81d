use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use url::Url;

use super::transcript::Transcript;
use crate::audio::resample;
use crate::command::network::NetworkArgs;
use crate::command::provider::{self, ProviderArgs};
use crate::command::terminal::{Ink, Palette, put};
use crate::command::{Exit, recording};
use crate::phone::{
    Account, Answer, DigitVoice, Lag, Outgoing, Phone, Provider, Recordings, Repeat, Report, Script, Utterance,
};
use crate::types::Clip8k;

/// How long we wait for the server to delete its recordings before we do it.
const LINGER: Duration = Duration::from_millis(1500);

/// Place a simulated call to a server and print what was said
///
/// The phone does what Twilio does: it signs webhooks, follows the replies, records what the caller says and serves the
/// recordings, or sends it through a media stream, as the server asks. Each recording or key given here is used when
/// the server asks for one; when none is left, the caller stays silent. Time on the line takes no real time.
///
/// Without an auth token the local one of the data folder is used, as `callprint serve` does; the server then fetches
/// recordings from this machine. Several calls may run at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 when the call was conducted properly, 1 when the server failed, said what Twilio does not take, or \
did not
stream though --stream was given, 2 when the call could not be placed.

Examples:
  callprint call --to http://127.0.0.1:8080 --from +15550100 --digits 1 --say 1.wav --say 2.wav --say 3.wav --say 4.wav
  callprint call --to http://127.0.0.1:8080 --from anonymous --digits '48290017#' --say 5.wav --json
  callprint call --to http://127.0.0.1:8080 --from +15550100 --say 5.wav --stream --real-time --loss 2 --jitter 40")]
pub(super) struct Args {
    /// The server's webhook; without a path, `/incoming_call` is meant
    #[arg(long, value_name = "URL")]
    to: Url,
    /// Who calls: a number such as +15550100, or `anonymous`
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    from: String,
    /// The number that is called
    #[arg(long, value_name = "NUMBER", default_value = "+15550199")]
    called: String,
    /// A recording to speak when asked to; once for each take. `-` for silence, `digits:PREFIX` reads the number asked
    /// for with the recordings PREFIX0.wav to PREFIX9.wav
    #[arg(long, value_name = "WAV", allow_hyphen_values = true)]
    say: Vec<PathBuf>,
    /// What to press when asked to, separated by commas: keys, or `-` for nothing
    #[arg(long, value_name = "KEYS", value_delimiter = ',', allow_hyphen_values = true)]
    digits: Vec<String>,
    /// Hang up in place of the next answer after so many
    #[arg(long, value_name = "ANSWERS")]
    hangup_after: Option<u32>,
    /// Send every webhook twice; the server must answer both alike
    #[arg(long)]
    repeat_webhooks: bool,
    /// What the carrier says about the number, for example TN-Validation-Passed-A
    #[arg(long, value_name = "STATUS")]
    stir_verstat: Option<String>,
    /// The number that forwarded the call
    #[arg(long, value_name = "NUMBER")]
    forwarded_from: Option<String>,
    /// Let time on the line pass in real time
    #[arg(long)]
    real_time: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    streams: StreamArgs,
    /// Milliseconds until a recording can be fetched
    #[arg(long, value_name = "MS", default_value_t = 300, help_heading = "Provider")]
    lag: u64,
    #[command(flatten)]
    provider: ProviderArgs,
}

#[derive(Debug, clap::Args)]
struct StreamArgs {
    /// Require that the server listens through a media stream
    #[arg(long, help_heading = "Streams")]
    stream: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let config = args.provider.settings()?;
    let account = provider::signer(&config)?;
    let outgoing = args.outgoing()?;
    let script = args.script()?;
    let address = args.provider.api_address(&config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(place(args, account, address, &outgoing, script))?;
    if args.json {
        put(&format!("{:#}", report.to_json()));
    } else {
        print_summary(&report);
    }
    let is_missed = args.streams.stream && !report.has_streamed();
    if is_missed {
        eprintln!("error: the server did not stream: its line should have `audio = \"stream\"`");
    }
    Ok(if report.is_proper() && !is_missed { Exit::Yes } else { Exit::No })
}

impl Args {
    fn outgoing(&self) -> anyhow::Result<Outgoing> {
        let mut outgoing = provider::outgoing(&self.to, &self.from, &self.called)?;
        for (name, value) in [("StirVerstat", &self.stir_verstat), ("ForwardedFrom", &self.forwarded_from)] {
            if let Some(value) = value {
                outgoing = outgoing.with(name, value);
            }
        }
        Ok(outgoing)
    }

    fn script(&self) -> anyhow::Result<Script> {
        let keys = self.digits.iter().map(|keys| match keys.as_str() {
            "-" | "w" | "" => Answer::Nothing,
            keys => Answer::Keys(keys.to_owned()),
        });
        let takes: Vec<Answer> = self.say.iter().map(|path| take(path)).collect::<anyhow::Result<_>>()?;
        let script = Script::by_kind(keys, takes);
        Ok(match self.hangup_after {
            Some(answers) => script.hanging_up_after(answers),
            None => script,
        })
    }
}

async fn place(
    args: &Args,
    account: Account,
    address: SocketAddr,
    outgoing: &Outgoing,
    script: Script,
) -> anyhow::Result<Report> {
    let folder = std::env::temp_dir().join(format!("callprint-phone-{}", address.port()));
    let recordings = Recordings::shared(&folder).context("recordings of the simulated provider")?;
    recordings.set_lag(Lag::Time(Duration::from_millis(args.lag)));
    let provider = Provider::take_over(address, account.clone(), recordings.clone());

    let mut phone =
        Phone::new(account, recordings.clone()).context("HTTP client")?.with_network(args.streams.network.network());
    if args.repeat_webhooks {
        phone = phone.repeating(Repeat::Afterwards);
    }
    if args.real_time {
        phone = phone.paced();
    }
    let mut transcript = Transcript::new(Palette::of_stdout());
    let report = phone
        .call_heard(outgoing, script, &mut |event| {
            if !args.json {
                for line in transcript.add(event) {
                    put(&line);
                }
            }
        })
        .await;

    let gone = async {
        while recordings.remaining() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // A server that keeps recordings, or cannot reach us, is no reason to wait for longer.
    let _ = tokio::time::timeout(LINGER, gone).await;
    if recordings.remaining() > 0 && recordings.fetches() == 0 {
        eprintln!("note: no recording was fetched here; the server's twilio.api_base should be http://{address}");
    }
    recordings.clear();
    drop(provider);
    Ok(report)
}

/// A recording as the line carries it; `-` says nothing.
fn take(path: &Path) -> anyhow::Result<Answer> {
    if path == Path::new("-") {
        return Ok(Answer::Nothing);
    }
    if let Some(prefix) = path.to_str().and_then(|path| path.strip_prefix("digits:")) {
        let mut digits = Vec::new();
        for digit in 0..10 {
            digits.push(clip(Path::new(&format!("{prefix}{digit}.wav")))?);
        }
        let digits = digits.try_into().map_err(|_| anyhow::anyhow!("a number has ten digits"))?;
        let name = Path::new(prefix).file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Answer::ReadBack(DigitVoice::new(name.trim_end_matches('_'), digits)));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let clip = clip(path)?;
    Ok(Answer::Say(Utterance { name, words: None, clip, then: crate::phone::Then::Wait }))
}

fn clip(path: &Path) -> anyhow::Result<Clip8k> {
    let clip = recording::read(path)?.with_context(|| path.display().to_string())?;
    Ok(resample::to_8k(&clip))
}

fn print_summary(report: &Report) {
    let palette = Palette::of_stdout();
    let (ink, verdict) = if report.is_proper() {
        (Ink::Good, "conducted properly".to_owned())
    } else {
        (Ink::Bad, format!("not conducted properly: {} faults", report.violations.len()))
    };
    put(&format!(
        "{}; {} turns, slowest answer {:.0} ms ({})",
        palette.paint(ink, &verdict),
        report.turns.len(),
        report.latency_ms_max(),
        report.call_sid
    ));
}
