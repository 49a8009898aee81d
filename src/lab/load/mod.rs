//! Many callers at once, in real time: how many are lost, how long they wait, what the server needs for it.

mod api;
mod crowd;
mod enrolled_voices;
mod figures;
mod gauge;
mod server;
mod watch;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, anyhow};
use url::Url;

use self::crowd::Crowd;
use self::enrolled_voices::EnrolledVoices;
use self::figures::Figures;
use self::gauge::Gauge;
use self::server::Server;
use crate::command::Exit;
use crate::command::network::NetworkArgs;
use crate::command::provider::{self, ProviderArgs};
use crate::command::stop::stop_signal;
use crate::command::terminal::put;
use crate::phone::{Account, Lag, Network, Phone, Provider, Recordings};

/// About what the provider takes until a recording can be fetched.
const LAG: Duration = Duration::from_millis(300);
/// Any free port.
const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Longest take of a server of our own whose callers are silent before they speak: silence counts.
const UNHURRIED_S: &str = "20";

/// Place many calls at once and measure what they wait for
///
/// Starts a server of its own, in a process and a temporary folder of its own, enrolls a few recorded voices, and lets
/// many callers be verified as them: each calls without a number, types an account number and says the passphrase.
/// Speech takes its real time, one frame every 20 ms; what the line says takes none. With --to the calls go to a server
/// that runs already, where the voices stay enrolled.
///
/// A call is lost unless it ends as it should and the caller is told of being verified. Where the server has a take
/// recorded although it should stream, the recording takes no time on the line; such calls are counted as `recorded`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 when no call was lost, 1 when some were, 2 when it could not run.

Examples:
  callprint load --calls 200 --rate 20
  callprint load --api --calls 600 --rate 10
  callprint load --calls 500 --rate 50 --rounds 3 --speech-share 0.4 --json
  callprint load --to http://127.0.0.1:8080 --calls 50 --pid $(pidof callprint)")]
pub(crate) struct Args {
    /// Callers
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    calls: u32,
    /// Calls begun in a second
    #[arg(long, value_name = "R", default_value_t = 10.0, value_parser = rate)]
    rate: f64,
    /// How often each caller calls, one call after the other
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    #[command(flatten)]
    way: WayArgs,
    /// Let speech make up this share of each stream, 0.05 to 1: callers are silent before they speak, 4 s at most
    #[arg(long, value_name = "SHARE", value_parser = share)]
    speech_share: Option<f64>,
    /// Voices to enroll, at most 10
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10))]
    voices: u32,
    /// What the line says to a caller whom it has verified; a part of it is enough
    #[arg(long, value_name = "WORDS", default_value = "You are verified")]
    accept_words: String,
    /// The number that is called
    #[arg(long, value_name = "NUMBER", default_value = "+15550199")]
    called: String,
    /// Verify by the API instead: --calls uploads of 4 s at --rate a second, with a key of its own
    #[arg(long, conflicts_with_all = ["stream", "record", "to", "speech_share", "rounds"])]
    api: bool,
    /// With --api: users who are enrolled beside those who are verified
    #[arg(long, value_name = "N", default_value_t = 0, requires = "api")]
    callers: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A setting of the server that is started, as in its environment: `CALLPRINT_SERVER_MAX_REQUESTS=2000`
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting, conflicts_with = "to", help_heading = "Server")]
    set: Vec<(String, String)>,
    /// Call a server that runs already; without a path, `/incoming_call` is meant
    #[arg(long, value_name = "URL", help_heading = "Server")]
    to: Option<Url>,
    /// Its process, to measure what it needs; only with --to
    #[arg(long, value_name = "PID", requires = "to", help_heading = "Server")]
    pid: Option<u32>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    provider: ProviderArgs,
}

/// How a server of our own listens; of one that runs already, how it is expected to.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(multiple = false)]
struct WayArgs {
    /// Let the server listen through media streams [default: yes]
    #[arg(long)]
    stream: bool,
    /// Let the server have takes recorded
    #[arg(long)]
    record: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    server::allow_many_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if args.api {
        return load_api(args, &runtime);
    }
    let figures = runtime.block_on(measure(args))?;
    if args.json {
        put(&format!("{:#}", figures.to_json()));
    } else {
        figures.print();
    }
    let (streamed, recorded) = figures.ways();
    if args.way.stream && recorded > 0 || args.way.record && streamed > 0 {
        eprintln!("note: {streamed} calls had a take streamed, {recorded} one recorded");
    }
    Ok(if figures.lost() == 0 { Exit::Yes } else { Exit::No })
}

/// Verifies by the API; what could not be answered is an error, what was refused for want of room is not.
fn load_api(args: &Args, runtime: &tokio::runtime::Runtime) -> anyhow::Result<Exit> {
    let plan = api::Plan {
        calls: args.calls,
        rate: args.rate,
        voices: args.voices,
        callers: args.callers,
        settings: args.set.clone(),
    };
    let figures = runtime.block_on(api::measure(plan))?;
    if args.json {
        put(&format!("{figures:#}"));
    } else {
        api::print(&figures);
    }
    let is_fine = figures["errors"] == 0 && figures["decisions"]["accept"].as_u64().is_some();
    Ok(if is_fine { Exit::Yes } else { Exit::No })
}

/// Who is called, and what stands beside it.
struct Scene {
    to: Url,
    account: Account,
    pid: Option<u32>,
    recordings: Recordings,
    _provider: Provider,
    server: Option<Server>,
}

async fn measure(args: &Args) -> anyhow::Result<Figures> {
    let stopped = stop_signal()?;
    let mut scene = if let Some(to) = &args.to { call_there(args, to)? } else { start_here(args).await? };
    let outcome = tokio::select! {
        figures = conduct(args, &scene) => figures,
        () = stopped => Err(anyhow!("interrupted")),
    };
    let lost = outcome.as_ref().map_or(1, Figures::lost);
    if let Some(server) = scene.server.take() {
        tokio::task::spawn_blocking(move || server.stop(lost > 0)).await?;
    }
    scene.recordings.clear();
    outcome
}

/// A server of our own, and the provider it fetches recordings from.
async fn start_here(args: &Args) -> anyhow::Result<Scene> {
    let folder = server::Folder::new()?;
    let (account, recordings) = (server::account(&folder)?, Recordings::new());
    recordings.set_lag(Lag::Time(LAG));
    let provider =
        Provider::start(SocketAddr::from(ANY_PORT), account.clone(), recordings.clone()).await.context("provider")?;
    let audio = if args.way.record { "record" } else { "stream" };
    let mut settings = vec![
        ("CALLPRINT_LINE_AUDIO".to_owned(), audio.to_owned()),
        ("CALLPRINT_TWILIO_API_BASE".to_owned(), provider.base_url()),
    ];
    if args.speech_share.is_some() {
        settings.push(("CALLPRINT_VERIFICATION_MAX_TAKE_S".to_owned(), UNHURRIED_S.to_owned()));
    }
    settings.extend(args.set.iter().cloned());
    let server = tokio::task::spawn_blocking(move || Server::start(folder, &settings)).await??;
    let (to, pid) = (server.url().clone(), Some(server.pid()));
    Ok(Scene { to, account, pid, recordings, _provider: provider, server: Some(server) })
}

/// A server that runs already, called as `callprint call` does.
fn call_there(args: &Args, to: &Url) -> anyhow::Result<Scene> {
    let config = args.provider.settings()?;
    let account = provider::signer(&config)?;
    let address = args.provider.api_address(&config)?;
    let folder = std::env::temp_dir().join(format!("callprint-phone-{}", address.port()));
    let recordings = Recordings::shared(&folder).context("recordings of the simulated provider")?;
    recordings.set_lag(Lag::Time(LAG));
    let provider = Provider::take_over(address, account.clone(), recordings.clone());
    Ok(Scene { to: to.clone(), account, pid: args.pid, recordings, _provider: provider, server: None })
}

/// Enrolls, calls, and counts.
async fn conduct(args: &Args, scene: &Scene) -> anyhow::Result<Figures> {
    let outgoing = provider::outgoing(&scene.to, "anonymous", &args.called)?;
    let phone = Phone::new(scene.account.clone(), scene.recordings.clone()).context("HTTP client")?;
    let voices = EnrolledVoices::enroll(&phone, &outgoing, args.voices as usize).await?;
    let gauge = Gauge::new(&scene.to, scene.pid)?;
    let network = Network { ..args.network.network() }.in_real_time();
    let crowd = Crowd {
        phone,
        outgoing,
        network,
        speech_share: args.speech_share,
        calls: args.calls,
        rate: args.rate,
        rounds: args.rounds,
        accept_words: args.accept_words.clone(),
    };
    crowd.call(&voices, gauge).await
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.01 to 10000 is wanted".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.05..=1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0.05 to 1 is wanted".to_owned()),
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "NAME=VALUE is wanted".to_owned())
}
