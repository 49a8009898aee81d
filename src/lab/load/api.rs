//! Many verifications at once by the API: how long each takes, and what of it the engine does not need.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::Url;

use super::enrolled_voices::VOICES;
use super::figures::{percentile, rounded};
use super::gauge::{Gauge, Reading};
use super::server::{Folder, Server};
use super::watch::Watch;
use crate::audio::wav;
use crate::command::{recording, say};
use crate::config;
use crate::store::{CallerRef, NewApiKey, NewTakes, NewVoiceprint, Scope, Store};
use crate::types::{Clip8k, Tenant, Timestamp};

/// The length of each take, in samples: what is shorter is followed by silence.
const TAKE: usize = 4 * Clip8k::RATE_HZ as usize;

/// The requests made one after the other first, to see the cost of each by itself.
const ALONE: usize = 40;

/// A server that does not answer for so long is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// The plan of a measurement.
pub(super) struct Plan {
    pub(super) calls: u32,
    pub(super) rate: f64,
    pub(super) voices: u32,
    /// Users that are enrolled beside those who are verified.
    pub(super) callers: u32,
    pub(super) settings: Vec<(String, String)>,
}

/// One verification.
struct Outcome {
    /// Until the answer was there.
    took_ms: f64,
    /// The engine's share of it, as the server says.
    engine_ms: Option<f64>,
    status: u16,
    decision: String,
}

/// Who is verified, and how to ask for it.
struct Desk {
    client: Client,
    base: Url,
    key: String,
    /// Users and takes of theirs.
    takes: Vec<(String, Vec<u8>)>,
}

/// Starts a server, enrolls, verifies and counts.
pub(super) async fn measure(plan: Plan) -> anyhow::Result<Value> {
    let folder = Folder::new()?;
    let data = folder.data();
    let settings = plan.settings.clone();
    let server = tokio::task::spawn_blocking(move || Server::start(folder, &settings)).await??;
    let desk = Desk::open(&server, &data, &plan).await?;
    let gauge = Gauge::new(server.url(), Some(server.pid()))?;
    let mut alone = Vec::with_capacity(ALONE);
    for n in 0..ALONE {
        alone.push(desk.verify(n).await);
    }
    let before = gauge.read().await;
    let begun = Instant::now();
    let together = crowd(Arc::new(desk), &plan).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let after = gauge.read().await;
    tokio::task::spawn_blocking(move || server.stop(false)).await?;
    Ok(figures(&plan, &alone, &together, seconds, before, after))
}

/// Verifications begun at a steady rate, whether or not those before are answered.
async fn crowd(desk: Arc<Desk>, plan: &Plan) -> anyhow::Result<Vec<Outcome>> {
    let watch = Watch::calling(plan.calls.into())?;
    let start = tokio::time::Instant::now();
    let mut asked = JoinSet::new();
    for n in 0..plan.calls {
        let (desk, at) = (Arc::clone(&desk), start + Duration::from_secs_f64(f64::from(n) / plan.rate));
        asked.spawn(async move {
            tokio::time::sleep_until(at).await;
            desk.verify(n as usize).await
        });
    }
    let mut outcomes = Vec::with_capacity(plan.calls as usize);
    while let Some(outcome) = asked.join_next().await {
        outcomes.push(outcome?);
        watch.advance();
    }
    watch.end();
    Ok(outcomes)
}

impl Desk {
    /// Has voices enrolled over HTTP, and others put beside them.
    async fn open(server: &Server, data: &Path, plan: &Plan) -> anyhow::Result<Self> {
        let mut settings = config::load(None, &config::Environment::new())?;
        data.clone_into(&mut settings.store.data_dir);
        let store = Store::open(&settings.store).context("the server's store")?;
        let key = NewApiKey {
            tenant: Tenant::main(),
            name: "load".to_owned(),
            scopes: Scope::ALL.to_vec(),
            per_minute: u32::MAX,
            per_day: u32::MAX,
            is_demo: false,
            expires_at: None,
        };
        let key = store.new_api_key(key, Timestamp::now()).await?.secret;
        // Set already by another part of this process; the same provider either way.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let mut desk = Self { client, base: server.url().join("/")?, key, takes: Vec::new() };
        let folder = recording::voices()?;
        let watch = Watch::enrolling((plan.voices + plan.callers) as usize)?;
        for voice in VOICES.iter().take(plan.voices as usize) {
            let profile = desk.client.post(desk.base.join("create-profile")?).header("x-api-key", &desk.key);
            profile.json(&json!({ "user_id": voice })).send().await?.error_for_status()?;
            for take in 1..=3 {
                let clip = recording::spoken(&folder, voice, take)?.clip;
                let answer = desk.send("enroll", voice, wav::encode_8k(&clip)).await?;
                if !answer.status().is_success() {
                    bail!("{voice} could not be enrolled: {}", answer.text().await?);
                }
            }
            for take in 4..=6 {
                let clip = recording::spoken(&folder, voice, take)?.clip;
                let mut samples = clip.samples().to_vec();
                samples.resize(samples.len().max(TAKE), 0.0);
                desk.takes.push(((*voice).to_owned(), wav::encode_8k(&Clip8k::new(samples))));
            }
            watch.advance();
        }
        desk.put_beside(&store, plan.callers, &watch).await?;
        watch.end();
        store.close().await;
        Ok(desk)
    }

    /// Others who are enrolled: with copies of one voiceprint, which is sealed for each of them.
    async fn put_beside(&self, store: &Store, others: u32, watch: &Watch) -> anyhow::Result<()> {
        let tenant = Tenant::main();
        let first = CallerRef::User(tenant.clone(), VOICES[0].to_owned());
        let first = store.find_caller(&first).await?.context("nobody is enrolled")?;
        let print = store.voiceprint(first.id).await?.context("nobody is enrolled")?;
        for n in 0..others {
            let at = Timestamp::now();
            let (caller, _) = store.profile(&tenant, &format!("other-{n}"), true, at).await?;
            let voiceprint = Some(NewVoiceprint { bytes: print.bytes.clone(), model_id: print.model_id.clone() });
            let new = NewTakes { caller: caller.id, before: None, prints: Vec::new(), voiceprint, code: None, at };
            store.keep_enrollment_takes(new).await?;
            watch.advance();
        }
        Ok(())
    }

    async fn send(&self, path: &str, user: &str, audio: Vec<u8>) -> anyhow::Result<reqwest::Response> {
        let file = Part::bytes(audio).file_name("take.wav").mime_str("audio/wav")?;
        let form = Form::new().text("user_id", user.to_owned()).part("audio", file);
        Ok(self.client.post(self.base.join(path)?).header("x-api-key", &self.key).multipart(form).send().await?)
    }

    /// Has the n-th take verified.
    async fn verify(&self, n: usize) -> Outcome {
        let (user, take) = &self.takes[n % self.takes.len()];
        let begun = Instant::now();
        let answered = async {
            let answer = self.send("v1/voice/verify", user, take.clone()).await?;
            let timing = answer.headers().get("server-timing").and_then(|timing| timing.to_str().ok());
            let engine_ms = timing.and_then(|timing| timing.split_once("dur=")?.1.parse().ok());
            let status = answer.status().as_u16();
            Ok::<_, anyhow::Error>((status, engine_ms, answer.json::<Value>().await?))
        };
        let answered = answered.await;
        let took_ms = begun.elapsed().as_secs_f64() * 1000.0;
        let (status, engine_ms, told) = answered.unwrap_or((0, None, Value::Null));
        let word = told["decision"].as_str().or_else(|| told["error"].as_str());
        Outcome { took_ms, engine_ms, status, decision: word.unwrap_or("no_answer").to_owned() }
    }
}

fn figures(
    plan: &Plan,
    alone: &[Outcome],
    together: &[Outcome],
    seconds: f64,
    before: Reading,
    after: Reading,
) -> Value {
    let sorted = |times: Vec<f64>| {
        let mut times = times;
        times.sort_by(f64::total_cmp);
        times
    };
    let ms = |times: &[f64], share| percentile(times, share).map(rounded);
    let took = |outcomes: &[Outcome]| sorted(outcomes.iter().map(|outcome| outcome.took_ms).collect());
    let beside = sorted(alone.iter().filter_map(|one| Some(one.took_ms - one.engine_ms?)).collect());
    let engine = sorted(alone.iter().filter_map(|one| one.engine_ms).collect());
    let mut decisions = std::collections::BTreeMap::<&str, u32>::new();
    for outcome in together {
        *decisions.entry(&outcome.decision).or_default() += 1;
    }
    let refused = together.iter().filter(|outcome| matches!(outcome.status, 429 | 503)).count();
    let errors = together.iter().filter(|outcome| !matches!(outcome.status, 200 | 429 | 503)).count();
    let (alone, together_ms) = (took(alone), took(together));
    let cpu_ms = after.cpu_ms.zip(before.cpu_ms).map(|(after, before)| (after - before) as f64);
    json!({
        "verifies": together.len(),
        "rate": plan.rate,
        "seconds": rounded(seconds),
        "answered_per_second": rounded((together.len() - refused - errors) as f64 / seconds.max(0.001)),
        "callers": plan.voices + plan.callers,
        "decisions": decisions,
        "errors": errors,
        "refused": refused,
        "ms_p50": ms(&together_ms, 0.5),
        "ms_p90": ms(&together_ms, 0.9),
        "ms_p99": ms(&together_ms, 0.99),
        "ms_max": ms(&together_ms, 1.0),
        "alone_ms_p50": ms(&alone, 0.5),
        "alone_engine_ms_p50": ms(&engine, 0.5),
        "alone_beside_engine_ms_p50": ms(&beside, 0.5),
        "alone_beside_engine_ms_p90": ms(&beside, 0.9),
        "server_cpu_ms_per_verify": cpu_ms.map(|ms| rounded(ms / together.len().max(1) as f64)),
        "server_rss_mib": after.rss_mib.map(rounded),
    })
}

/// The same for people.
pub(super) fn print(figures: &Value) {
    let number = |name: &str| figures[name].as_f64().map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    say!(
        "{} verifications at {} a second in {} s: {}; {} refused, {} errors",
        figures["verifies"],
        figures["rate"],
        number("seconds"),
        figures["decisions"],
        figures["refused"],
        figures["errors"]
    );
    say!(
        "answered after: median {}, p90 {}, p99 {}, most {} ms",
        number("ms_p50"),
        number("ms_p90"),
        number("ms_p99"),
        number("ms_max")
    );
    say!(
        "one by one: median {} ms, of which the engine {}; beside it median {}, p90 {} ms",
        number("alone_ms_p50"),
        number("alone_engine_ms_p50"),
        number("alone_beside_engine_ms_p50"),
        number("alone_beside_engine_ms_p90")
    );
    say!(
        "server: {} ms of CPU time a verification, {} MiB resident, {} callers",
        number("server_cpu_ms_per_verify"),
        number("server_rss_mib"),
        figures["callers"]
    );
}
