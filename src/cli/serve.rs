use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;

use super::logging;
use crate::app::App;
use crate::command::settings::ConfigArgs;
use crate::command::stop::stop_signal;
use crate::command::{Exit, local, say};
use crate::config::{self, Config};
use crate::engine::Engine;
use crate::http;
use crate::models::Library;
use crate::store::Store;

/// Answer calls until told to stop
///
/// Prints one line with the URL to configure at the provider once it is ready. SIGTERM and SIGINT let open requests
/// finish. Logs go to standard error.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Address and port to listen on, in place of the configured one; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Print every setting with its default and what it does, and exit
    #[arg(long)]
    print_config: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.print_config {
        say!("{}", config::DEFAULTS.trim_end());
        return Ok(Exit::Yes);
    }
    let listen = args.listen.map(|listen| ("CALLPRINT_SERVER_LISTEN", listen.to_string()));
    let config = args.config.load(listen.as_slice())?;
    logging::init(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config))?;
    Ok(Exit::Yes)
}

async fn serve(mut config: Config) -> anyhow::Result<()> {
    let stopped = stop_signal()?;
    let listener = TcpListener::bind(config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let listen = listener.local_addr()?;
    let local_token = local::complete(&mut config, listen)?;
    let public_url = config.server.public_url.clone();
    let service = tokio::task::spawn_blocking(move || open(config)).await??;

    if let Some(path) = local_token {
        say!("no auth token is configured: taking requests signed with {} from this machine only", path.display());
        say!("place a call with: callprint call --to {public_url} --from +15550100 --say take.wav");
    }
    say!("ready: {public_url}/incoming_call (POST) is the URL to configure; listening on {listen}");
    tracing::info!(%listen, "ready");
    http::serve(listener, service, stopped).await?;
    Ok(())
}

/// Opens the store and loads the models, both at once: the models take most of the time until the first call.
pub(super) fn open(config: Config) -> anyhow::Result<App> {
    let (store, library) = std::thread::scope(|scope| {
        let store = scope.spawn(|| Store::open(&config.store));
        let library = Library::load(&config.models);
        (store.join(), library)
    });
    let store = store.map_err(|_| anyhow::anyhow!("opening the store panicked"))?.context("store")?;
    let engine = Engine::new(library.context("models")?).hearing_machines(config.verification.synthetic);
    let engine = engine.calibrated(config.models.calibration.as_deref());
    let engine = engine.map_err(|error| anyhow::anyhow!("{}: {error}", error.code()))?;
    tracing::info!(model = %engine.model(), calibration = engine.calibrated_by(), "models are ready");
    Ok(App::start(config, store, engine)?)
}
