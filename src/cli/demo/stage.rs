use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use super::super::serve;
use crate::command::terminal::Palette;
use crate::command::{local, recording};
use crate::config::{self, Audio, Environment, Line};
use crate::http::{self, ServeError};
use crate::phone::{Account, Answer, Lag, Network, Outgoing, Phone, Provider, Recordings, Utterance};
use crate::store::{Attempt, AttemptFilter, Store};
use crate::types::{E164, LineName};

/// About what the provider takes until a recording can be fetched.
pub(super) const LAG: Duration = Duration::from_millis(300);
/// How long the server may take to delete its last recording.
const DELETION: Duration = Duration::from_secs(5);
/// Any number: the line that records answers all but one.
const CALLED: &str = "+15550199";
/// The number of the line that streams.
const STREAMED: &str = "+15550198";
/// The network under the streams: one frame in fifty is lost, the others come up to 40 ms late.
const NETWORK: (f32, u32) = (0.02, 40);

/// A server, a provider and a phone, wired together and gone again at the end.
pub(super) struct Stage {
    url: String,
    folder: Folder,
    voices: PathBuf,
    phrase: String,
    recordings: Recordings,
    phone: Phone,
    store: Store,
    palette: Palette,
    all_well: bool,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), ServeError>>,
    _provider: Provider,
}

impl Stage {
    pub(super) async fn open(voices: &Path) -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        let (account, recordings) = (Account::random(), Recordings::new());
        recordings.set_lag(Lag::Time(LAG));
        let any_port = ([127, 0, 0, 1], 0).into();
        let provider = Provider::start(any_port, account.clone(), recordings.clone()).await.context("provider")?;
        let listener = TcpListener::bind(any_port).await.context("server")?;
        let listen = listener.local_addr()?;

        let mut environment = models_of(std::env::vars());
        environment.extend(
            [
                ("CALLPRINT_SERVER_LISTEN", listen.to_string()),
                ("CALLPRINT_STORE_DATA_DIR", folder.0.display().to_string()),
                ("CALLPRINT_TWILIO_API_BASE", provider.base_url()),
                ("CALLPRINT_API_DEMO_KEYS", "true".to_owned()),
                ("TWILIO_ACCOUNT_SID", account.sid.clone()),
                ("TWILIO_AUTH_TOKEN", account.token.expose_secret().to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let mut config = config::load(None, &environment).context("configuration")?;
        local::complete(&mut config, listen)?;
        let streamed = Line {
            name: LineName("streamed".to_owned()),
            numbers: vec![E164::parse(STREAMED)?],
            audio: Audio::Stream,
            ..config.lines[0].clone()
        };
        config.lines.push(streamed);
        let (url, phrase) = (config.server.public_url.clone(), config.lines[0].passphrase.clone());
        let store_config = config.store.clone();
        let service = tokio::task::spawn_blocking(move || serve::open(config)).await??;
        let store = tokio::task::spawn_blocking(move || Store::open(&store_config)).await?.context("store")?;
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(http::serve(listener, service, async {
            // A sender that is dropped means the same.
            let _ = stopped.await;
        }));
        Ok(Self {
            url,
            folder,
            voices: voices.to_owned(),
            phrase,
            phone: Phone::new(account, recordings.clone()).context("HTTP client")?,
            recordings,
            store,
            palette: Palette::of_stdout(),
            all_well: true,
            stop,
            server,
            _provider: provider,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder.0
    }

    pub(super) fn phone(&self) -> &Phone {
        &self.phone
    }

    /// The phone on a bad network: it speaks in real time.
    pub(super) fn streaming_phone(&self) -> Phone {
        let (loss, jitter_ms) = NETWORK;
        self.phone.clone().with_network(Network { jitter_ms, loss, ..Network::default().in_real_time() })
    }

    /// A call of `from` to the line that streams.
    pub(super) fn streamed(&self, from: &str) -> anyhow::Result<Outgoing> {
        Ok(Outgoing { to: STREAMED.to_owned(), ..self.outgoing(from)? })
    }

    pub(super) fn palette(&self) -> Palette {
        self.palette
    }

    pub(super) fn note(&mut self, is_as_it_should_be: bool) {
        self.all_well &= is_as_it_should_be;
    }

    /// Whether everything was as it should be so far.
    pub(super) fn is_all_well(&self) -> bool {
        self.all_well
    }

    /// Recordings fetched so far.
    pub(super) fn fetches(&self) -> u64 {
        self.recordings.fetches()
    }

    pub(super) fn outgoing(&self, from: &str) -> anyhow::Result<Outgoing> {
        let base = Url::parse(&self.url)?;
        let mut outgoing = Outgoing::new(base.join("/incoming_call")?, from, CALLED);
        outgoing.status_callback = Some(base.join("/call/status")?);
        Ok(outgoing)
    }

    /// The passphrase in one of the recorded voices.
    pub(super) fn says(&self, voice: &str, take: u32) -> anyhow::Result<Answer> {
        let said = recording::spoken(&self.voices, voice, take)?;
        Ok(Answer::Say(Utterance { words: Some(self.phrase.clone()), ..said }))
    }

    /// Where that recording is.
    pub(super) fn path(&self, voice: &str, take: u32) -> PathBuf {
        self.voices.join(format!("{voice}_pass_{take}.wav"))
    }

    /// That recording as a file.
    pub(super) fn file(&self, voice: &str, take: u32) -> anyhow::Result<Vec<u8>> {
        let path = self.path(voice, take);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Every attempt so far, oldest first.
    pub(super) async fn attempts(&self) -> anyhow::Result<Vec<Attempt>> {
        let filter = AttemptFilter { caller: None, line: None, since: None, limit: 1000 };
        let mut attempts = self.store.attempts(filter).await?;
        attempts.reverse();
        Ok(attempts)
    }

    /// Whether the provider has no recording left, or soon has none.
    pub(super) async fn everything_is_deleted(&self) -> bool {
        let emptied = async {
            while self.recordings.remaining() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DELETION, emptied).await.is_ok()
    }

    /// Stops the server; says whether everything was as it should be.
    pub(super) async fn close(self) -> anyhow::Result<bool> {
        self.store.close().await;
        // A server that has stopped by itself is found out by waiting for it.
        let _ = self.stop.send(());
        self.server.await?.context("server")?;
        Ok(self.all_well)
    }
}

/// Which models run may be chosen; anything else is the demonstration's own.
fn models_of(variables: impl Iterator<Item = (String, String)>) -> Environment {
    variables.filter(|(name, _)| name.starts_with("CALLPRINT_MODELS_")).collect()
}

/// A temporary folder for one run, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("callprint-demo-{:016x}", rand::random::<u64>()));
        DirBuilder::new().mode(0o700).create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
