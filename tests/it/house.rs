//! A whole server for one test: its own folder, its own port, its own provider, the real models.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use callprint::app::App;
use callprint::config::{self, Config};
use callprint::engine::Engine;
use callprint::http::{self, ServeError};
use callprint::models::Library;
use callprint::phone::{Account, Answer, Outgoing, Phone, Provider, Recordings, Report, Script, Then, Utterance};
use callprint::store::{Attempt, AttemptFilter, JobKind, NewApiKey, Scope, Store, Waiting};
use callprint::types::{Tenant, Timestamp};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::wait::eventually;

/// The number every call is to.
pub(crate) const LINE: &str = "+15550199";

/// Loaded once a process: the tests share the models, as calls do.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let models = settings("").models;
    Engine::new(Library::load(&models).expect("models and ONNX Runtime: run `make setup`"))
});

/// The folders of servers on which a voice has enrolled, by the call it did so in.
static KNOWN: tokio::sync::Mutex<BTreeMap<String, Arc<TempDir>>> = tokio::sync::Mutex::const_new(BTreeMap::new());

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// A server that runs, and the provider it talks to.
pub(crate) struct House {
    pub(crate) base: String,
    pub(crate) account: Account,
    pub(crate) recordings: Recordings,
    pub(crate) store: Store,
    pub(crate) app: App,
    pub(crate) clock: Hands,
    config: Config,
    server: JoinHandle<Result<(), ServeError>>,
    threads: Threads,
    stop: CancellationToken,
    provider: Arc<Provider>,
    folder: Arc<TempDir>,
}

/// The server's own threads, so that it can die without its tasks noticing.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The server's clock: real time, plus what a test adds.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<Mutex<i64>>);

impl Hands {
    /// Turns the clock forward.
    pub(crate) fn advance_s(&self, seconds: i64) {
        *self.0.lock().unwrap() += seconds;
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() + jiff::SignedDuration::from_secs(*self.0.lock().unwrap())
    }
}

impl House {
    /// A server with the default configuration.
    pub(crate) async fn open() -> Self {
        Self::with("").await
    }

    /// A server with these settings, written as in the configuration file.
    pub(crate) async fn with(own: &str) -> Self {
        Self::begun(own, tempfile::tempdir().unwrap()).await
    }

    /// A server with these settings that has known a voice of the fixtures by this number: it enrolled in a call to
    /// `line`.
    ///
    /// The call takes place once a process, on a server with `lines` for its settings; each house begins with a copy
    /// of that server's data folder.
    pub(crate) async fn knowing(own: &str, voice: &str, from: &str, lines: &str, line: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut known = KNOWN.lock().await;
        let call = [voice, from, lines, line].join("\n");
        if !known.contains_key(&call) {
            let first = Self::with(lines).await;
            let outgoing = Outgoing { to: line.to_owned(), ..first.outgoing(from) };
            let report = first.phone().call(&outgoing, enrollment(voice)).await;
            assert!(report.is_proper() && first.verdicts().await == ["accept"], "{:#?}", report.to_json());
            first.recordings_deleted().await;
            let (kept, store) = (Arc::clone(&first.folder), first.store.clone());
            first.close().await;
            store.close().await;
            known.insert(call.clone(), kept);
        }
        copy_folder(&known[&call].path().join("data"), &folder.path().join("data"));
        drop(known);
        Self::begun(own, folder).await
    }

    async fn begun(own: &str, folder: TempDir) -> Self {
        let (account, recordings) = (Account::random(), Recordings::new());
        let provider = Provider::start(SocketAddr::from(LOOPBACK), account.clone(), recordings.clone()).await.unwrap();
        let mut config = settings(own);
        config.store.data_dir = folder.path().join("data");
        config.twilio.account_sid.clone_from(&account.sid);
        config.twilio.auth_token = Some(account.token.clone());
        config.twilio.api_base = provider.base_url();
        // This build is slow and the other tests run beside it: no stream is turned away for that.
        config.streams.max_lag_ms = 60_000;
        Self::serve(config, account, recordings, Arc::new(provider), Arc::new(folder), Hands::default()).await
    }

    /// The same house after its server was stopped and started again, on another port.
    pub(crate) async fn restarted(self) -> Self {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
        Self::serve(self.config, self.account, self.recordings, self.provider, self.folder, self.clock).await
    }

    /// Another server on the same database and the same provider.
    pub(crate) async fn twin(&self) -> Self {
        let (recordings, hands) = (self.recordings.clone(), self.clock.clone());
        let (provider, folder) = (Arc::clone(&self.provider), Arc::clone(&self.folder));
        Self::serve(self.config.clone(), self.account.clone(), recordings, provider, folder, hands).await
    }

    /// The same house after its server died without a word, as after a power cut.
    pub(crate) async fn killed(self) -> Self {
        drop(self.threads);
        Self::serve(self.config, self.account, self.recordings, self.provider, self.folder, self.clock).await
    }

    async fn serve(
        mut config: Config,
        account: Account,
        recordings: Recordings,
        provider: Arc<Provider>,
        folder: Arc<TempDir>,
        clock: Hands,
    ) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(LOOPBACK)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        config.server.public_url.clone_from(&base);
        let store = Store::open(&config.store).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let hands = clock.clone();
        let context = runtime.enter();
        let app = App::start_at(config.clone(), store.clone(), ENGINE.clone(), Arc::new(move || hands.now())).unwrap();
        let stop = CancellationToken::new();
        drop(context);
        let server = runtime.spawn(http::serve(listener, app.clone(), stop.clone().cancelled_owned()));
        let threads = Threads(Some(runtime));
        Self { base, account, recordings, store, app, clock, config, server, threads, stop, provider, folder }
    }

    /// Tells the server to stop, as SIGTERM does, once it is busy with a take.
    pub(crate) async fn stop_when_busy(&self) {
        eventually(60, "no take is fetched", || async { (self.recordings.fetches() > 0).then_some(()) }).await;
        self.stop.cancel();
    }

    /// Stops the server and waits until nothing runs any more.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
    }

    /// A phone on the house's account.
    pub(crate) fn phone(&self) -> Phone {
        Phone::new(self.account.clone(), self.recordings.clone()).unwrap()
    }

    /// A call from this number.
    pub(crate) fn outgoing(&self, from: &str) -> Outgoing {
        let url = |path| Url::parse(&format!("{}{path}", self.base)).unwrap();
        Outgoing { status_callback: Some(url("/call/status")), ..Outgoing::new(url("/incoming_call"), from, LINE) }
    }

    /// Places a call and checks that the provider would have taken every answer.
    pub(crate) async fn call(&self, from: &str, script: Script) -> Report {
        let report = self.phone().call(&self.outgoing(from), script).await;
        assert!(report.is_proper(), "{:#?}", report.to_json());
        report
    }

    /// Has a voice enrolled from this number.
    pub(crate) async fn enroll(&self, from: &str, voice: &str) {
        let report = self.call(from, enrollment(voice)).await;
        let caller = self.caller(from).await;
        assert!(caller.is_some_and(|caller| caller.is_enrolled), "{:#?}", report.to_json());
    }

    /// The caller of this number.
    pub(crate) async fn caller(&self, number: &str) -> Option<callprint::store::Caller> {
        self.store.caller_by_number(&callprint::types::E164::parse(number).unwrap()).await.unwrap()
    }

    /// Puts a recording of `fixtures/audio` where the provider serves it; gives its id.
    pub(crate) fn recording(&self, name: &str) -> String {
        let sid = format!("RE{:032x}", rand::random::<u128>());
        self.recordings.add(&sid, callprint::audio::wav::encode_8k(&fixture(name))).unwrap();
        sid
    }

    /// The secret of a new API key, without limits that a test would meet.
    pub(crate) async fn api_key(&self, tenant: &str, scopes: &[Scope]) -> String {
        self.limited_key(tenant, scopes, 10_000, 100_000).await
    }

    /// The same with limits.
    pub(crate) async fn limited_key(&self, tenant: &str, scopes: &[Scope], per_minute: u32, per_day: u32) -> String {
        let key = NewApiKey {
            tenant: Tenant::parse(tenant).unwrap(),
            name: "test".to_owned(),
            scopes: scopes.to_vec(),
            per_minute,
            per_day,
            is_demo: false,
            expires_at: None,
        };
        self.store.new_api_key(key, self.clock.now()).await.unwrap().secret
    }

    /// Waits until so many deletions have been tried in vain and put off.
    pub(crate) async fn deletions_failed(&self, count: u64) {
        eventually(30, "deletions did not fail", || async {
            let waiting = self.store.queue().waiting(JobKind::Recording).await.unwrap();
            let is_put_off = |job: &Waiting| job.tries > 0 && !job.is_claimed;
            (waiting.len() as u64 >= count && waiting.iter().all(is_put_off)).then_some(())
        })
        .await;
    }

    /// Every attempt so far, oldest first.
    pub(crate) async fn attempts(&self) -> Vec<Attempt> {
        let filter = AttemptFilter { caller: None, line: None, since: None, limit: 1000 };
        let mut attempts = self.store.attempts(filter).await.unwrap();
        attempts.reverse();
        attempts
    }

    /// The verdicts so far with their reasons, oldest first: `accept`, `retry too_short`, …
    pub(crate) async fn verdicts(&self) -> Vec<String> {
        self.attempts().await.iter().map(|attempt| spelled(&attempt.verdict)).collect()
    }

    /// Waits until the provider has been told to delete every recording.
    pub(crate) async fn recordings_deleted(&self) {
        let deleted = || async { (self.recordings.remaining() == 0).then_some(()) };
        eventually(30, "recordings are still there", deleted).await;
    }
}

/// Copies a folder of files, with what they allow to whom.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    std::fs::set_permissions(to, from.metadata().unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A verdict and its reason.
pub(crate) fn spelled(verdict: &callprint::types::Verdict) -> String {
    match verdict.reason() {
        Some(reason) => format!("{} {reason}", verdict.code()),
        None => verdict.code().to_owned(),
    }
}

/// The default configuration with these settings, written as in the configuration file.
pub(crate) fn settings(own: &str) -> Config {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), own).unwrap();
    config::load(Some(file.path()), &BTreeMap::new()).unwrap()
}

/// A recording of `fixtures/audio`, to be spoken.
pub(crate) fn spoken(name: &str) -> Answer {
    Answer::Say(Utterance { name: name.to_owned(), words: None, clip: fixture(name), then: Then::Wait })
}

/// A recording of `fixtures/audio`, at the phone's rate.
pub(crate) fn fixture(name: &str) -> callprint::types::Clip8k {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/audio/{name}.wav"));
    let limits = settings("").audio;
    let clip = callprint::audio::wav::decode(&std::fs::read(&path).unwrap(), &limits).unwrap();
    callprint::audio::resample::to_8k(&clip)
}

/// Agrees, says the passphrase three times to enroll, and a fourth time to be verified.
pub(crate) fn enrollment(voice: &str) -> Script {
    Script::by_kind([pressed("1")], (1..=4).map(|take| spoken(&format!("{voice}_pass_{take}"))))
}

/// Presses nothing and says this when asked for the passphrase.
pub(crate) fn saying(takes: &[&str]) -> Script {
    Script::by_kind([], takes.iter().map(|take| spoken(take)))
}

/// Presses these keys.
pub(crate) fn pressed(keys: &str) -> Answer {
    Answer::Keys(keys.to_owned())
}
