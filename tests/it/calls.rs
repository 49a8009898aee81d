//! Whole calls, one folder under `fixtures/calls/` each: what callers do, and what must come of it.
//!
//! Adding a call test means adding a folder; `fixtures/calls/README.md` says what goes into it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callprint::phone::{Answer, Lag, Repeat, Report, Script, Then, Trouble, Utterance};
use callprint::store::{CallerRef, Subject};
use callprint::types::{E164, Timestamp};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::house::{House, LINE, fixture, spelled};

/// Scenarios at a time: each waits on the models most of the time, of which there are two sessions.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What it shows, in one sentence.
    #[serde(rename = "shows")]
    _shows: String,
    /// Settings, as in the configuration file.
    #[serde(default)]
    config: toml::Table,
    call: Vec<CallStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallStep {
    from: String,
    #[serde(default = "line")]
    to: String,
    /// Seconds that pass before the call.
    #[serde(default)]
    after_s: i64,
    /// Unlocks this number and its caller before the call.
    unlock: Option<String>,
    /// Issues an enrollment code before the call, `{code}` in the answers: for this number's caller, or `anybody`.
    code_for: Option<String>,
    /// What the caller does, question by question.
    answers: Vec<String>,
    #[serde(default)]
    params: BTreeMap<String, String>,
    #[serde(default)]
    lag_requests: u32,
    #[serde(default)]
    trouble: String,
    /// Every webhook comes twice: `afterwards` or `at_once`.
    #[serde(default)]
    repeat: String,
    /// How the call ends.
    #[serde(default = "hung_up")]
    ended: String,
    /// Every verdict of the call, in order.
    verdicts: Vec<String>,
    /// Sentences that are heard in this order, by their key in the prompts file, others between them.
    #[serde(default)]
    hears: Vec<String>,
    /// Sentences that are not heard.
    #[serde(default)]
    never_hears: Vec<String>,
    /// Language of those sentences.
    #[serde(default = "english")]
    locale: String,
    /// What the signed token says, where the call is redirected.
    token: Option<BTreeMap<String, String>>,
    dialed: Option<String>,
    /// Whether the calling number's caller is enrolled afterwards.
    enrolled: Option<bool>,
    /// What the store knows about the call: `attestation`, `forwarded_from`.
    risk: Option<BTreeMap<String, String>>,
}

fn line() -> String {
    LINE.to_owned()
}

fn hung_up() -> String {
    "hung_up".to_owned()
}

fn english() -> String {
    "en-US".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_under_fixtures_goes_as_its_folder_says() {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for folder in folders() {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire().await;
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            (name, play(&folder).await)
        });
    }
    assert!(!running.is_empty(), "no scenarios");
    let mut complaints = Vec::new();
    while let Some(done) = running.join_next().await {
        if let (name, Err(complaint)) = done.unwrap() {
            complaints.push(format!("{name}: {complaint}"));
        }
    }
    assert!(complaints.is_empty(), "{} scenarios fail:\n{}", complaints.len(), complaints.join("\n"));
}

fn folders() -> Vec<PathBuf> {
    let only = std::env::var("CALLS").unwrap_or_default();
    let calls = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/calls");
    let entries = fs::read_dir(calls).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir() && path.to_string_lossy().contains(&only)).collect()
}

async fn play(folder: &Path) -> Result<(), String> {
    let text = fs::read_to_string(folder.join("call.toml")).map_err(|error| error.to_string())?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| error.to_string())?;
    let house = House::with(&scenario.config.to_string()).await;
    for (n, step) in scenario.call.iter().enumerate() {
        let number = n + 1;
        let report = place(&house, step).await?;
        check(&house, step, &report).await.map_err(|complaint| {
            let events: Vec<_> = report.events.iter().map(|event| format!("    {:?}", event.what)).collect();
            format!("call {number}: {complaint}\n{}", events.join("\n"))
        })?;
    }
    house.recordings_deleted().await;
    house.close().await;
    Ok(())
}

async fn place(house: &House, step: &CallStep) -> Result<Report, String> {
    house.clock.advance_s(step.after_s);
    let now = house.clock.now();
    if let Some(number) = &step.unlock {
        unlock(house, number, now).await;
    }
    let code = match step.code_for.as_deref() {
        None => String::new(),
        Some(owner) => {
            let owner = (owner != "anybody").then(|| CallerRef::parse(owner));
            let day = std::time::Duration::from_hours(24);
            house.store.new_enrollment_code(owner.as_ref(), day, now).await.map_err(|error| error.to_string())?.digits
        }
    };
    let mut answers = Vec::new();
    for answer in &step.answers {
        answers.push(self::answer(house, answer, &code).await?);
    }
    house.shelf.set_lag(if step.lag_requests == 0 { Lag::None } else { Lag::Requests(step.lag_requests) });
    house.shelf.set_trouble(match step.trouble.as_str() {
        "" => Trouble::None,
        "never_ready" => Trouble::NeverReady,
        "server_error" => Trouble::ServerError,
        "error_as_audio" => Trouble::ErrorAsAudio,
        "cut_file" => Trouble::CutFile,
        "cut_connection" => Trouble::CutConnection,
        "huge" => Trouble::Huge(9_000_000),
        other => return Err(format!("no trouble is called {other}")),
    });
    let phone = house.phone().repeating(match step.repeat.as_str() {
        "" => Repeat::Never,
        "afterwards" => Repeat::Afterwards,
        "at_once" => Repeat::AtOnce,
        other => return Err(format!("nothing repeats {other}")),
    });
    let mut outgoing = house.outgoing(&step.from);
    outgoing.to.clone_from(&step.to);
    for (name, value) in &step.params {
        outgoing = outgoing.with(name, value);
    }
    Ok(phone.call(&outgoing, Script::in_order(answers)).await)
}

async fn unlock(house: &House, number: &str, now: Timestamp) {
    if let Some(caller) = house.caller(number).await {
        house.store.unlock(Subject::Caller(caller.id), now).await.unwrap();
    }
    house.store.unlock(Subject::Number(E164::parse(number).unwrap()), now).await.unwrap();
}

/// Reads `nothing`, `hang up`, `press KEYS`, `say TAKE`, `say TAKE, press KEY`, `say TAKE, hang up`.
///
/// In keys, `{code}` is the code issued for the call and `{account of NUMBER}` that caller's account number.
async fn answer(house: &House, text: &str, code: &str) -> Result<Answer, String> {
    match text.split_once(' ') {
        _ if text == "nothing" => Ok(Answer::Nothing),
        _ if text == "hang up" => Ok(Answer::HangUp),
        Some(("press", keys)) => Ok(Answer::Keys(filled(house, keys, code).await?)),
        Some(("say", take)) => {
            let (take, then) = match take.split_once(", ") {
                None => (take, Then::Wait),
                Some((take, "hang up")) => (take, Then::HangUp),
                Some((take, press)) => {
                    let key = press.strip_prefix("press ").and_then(|keys| keys.chars().next());
                    (take, Then::Press(key.ok_or(format!("cannot read `{text}`"))?))
                }
            };
            Ok(Answer::Say(Utterance { name: take.to_owned(), words: None, clip: fixture(take), then }))
        }
        _ => Err(format!("cannot read `{text}`")),
    }
}

async fn filled(house: &House, keys: &str, code: &str) -> Result<String, String> {
    let keys = keys.replace("{code}", code);
    let Some((before, rest)) = keys.split_once("{account of ") else { return Ok(keys) };
    let (number, after) = rest.split_once('}').ok_or("no closing brace")?;
    let caller = house.caller(number).await.ok_or(format!("nobody has {number}"))?;
    Ok(format!("{before}{}{after}", caller.account_number))
}

async fn check(house: &House, step: &CallStep, report: &Report) -> Result<(), String> {
    if !report.is_proper() {
        return Err(format!("improper: {:?}", report.violations));
    }
    same("ended", report.ended.code(), step.ended.as_str())?;
    let attempts = house.attempts().await;
    let own = attempts.iter().filter(|attempt| attempt.call.as_str() == report.call_sid);
    same("verdicts", &own.map(|attempt| spelled(&attempt.verdict)).collect::<Vec<_>>(), &step.verdicts)?;
    hears(step, report)?;
    if let Some(token) = &step.token {
        let claims = report.redirected().and_then(|(_, claims)| claims).ok_or("no token")?;
        for (name, expected) in token {
            same(name, claims.get(name).and_then(|value| value.as_str()).unwrap_or_default(), expected.as_str())?;
        }
    }
    same("dialed", &report.dialed(), &step.dialed.as_deref())?;
    if let Some(is_enrolled) = step.enrolled {
        same("enrolled", &house.caller(&step.from).await.is_some_and(|caller| caller.is_enrolled), &is_enrolled)?;
    }
    if let Some(risk) = &step.risk {
        let call =
            house.store.call(&report.call_sid.clone().try_into().unwrap()).await.unwrap().ok_or("no such call")?;
        let kept = serde_json::json!({ "attestation": call.attestation, "forwarded_from": call.forwarded_from, "origin": call.origin });
        for (name, expected) in risk {
            same(name, kept[name].as_str().unwrap_or_default(), expected.as_str())?;
        }
    }
    Ok(())
}

fn same<A: PartialEq<B> + Debug + ?Sized, B: Debug + ?Sized>(what: &str, is: &A, should: &B) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what}: {is:?}, expected {should:?}")) }
}

/// Sentences are known by their keys, so that a better wording breaks no test.
fn hears(step: &CallStep, report: &Report) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("twiml/prompts/{}.toml", step.locale));
    let prompts: BTreeMap<String, toml::Value> = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let sentence = |key: &String| prompts.get(key).and_then(|value| value.as_str()).ok_or(format!("no prompt `{key}`"));
    let said = report.said().join("\n");
    let mut rest = said.as_str();
    for key in &step.hears {
        rest = after(rest, sentence(key)?).ok_or(format!("`{key}` was not heard in its place"))?;
    }
    match step.never_hears.iter().find(|key| sentence(key).is_ok_and(|sentence| after(&said, sentence).is_some())) {
        Some(key) => Err(format!("`{key}` was heard")),
        None => Ok(()),
    }
}

/// What is said after a sentence, whatever fills its places.
fn after<'t>(text: &'t str, sentence: &str) -> Option<&'t str> {
    let mut pieces = sentence.split('{').map(|piece| piece.split_once('}').map_or(piece, |(_, piece)| piece));
    let first = pieces.next()?;
    text.match_indices(first).find_map(|(at, _)| {
        let rest = &text[at + first.len()..];
        pieces.clone().try_fold(rest, |rest, piece| {
            let line = rest.split('\n').next()?;
            line.find(piece).map(|at| &rest[at + piece.len()..])
        })
    })
}
