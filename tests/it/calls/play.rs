use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use callprint::phone::{self, Lag, Phone, Report, Script};
use callprint::store::{CallerRef, Subject};
use callprint::types::{E164, Timestamp};

use super::answer::{Learned, understood};
use super::scenario::{CallStep, Repeat, Scenario, Silence, Trouble};
use super::words::Words;
use crate::house::{House, spelled};

/// Plays a folder's calls on a fresh server and complains about the first thing that is otherwise than it should be.
pub(super) async fn play(folder: &Path, audio: &str) -> Result<(), String> {
    let mut scenario = Scenario::load(folder)?;
    let line = scenario.config.entry("line").or_insert_with(|| toml::Table::new().into()).as_table_mut();
    line.expect("a section").entry("audio").or_insert_with(|| audio.into());
    let (config, _prompts) = settings(&scenario);
    let house = House::with(&config).await;
    let mut learned = Learned::default();
    for (n, step) in scenario.calls.iter().enumerate() {
        let number = n + 1;
        let report = place(&house, step, &mut learned).await?;
        learned.listen(&report);
        let recorded = report.turns.iter().any(|turn| turn.verbs.iter().any(|verb| verb == "Record"));
        if audio == "stream" && recorded {
            return Err(format!("call {number}: a take was recorded: {:#?}", report.turns));
        }
        let words = Words::load(&step.locale, &scenario.prompts);
        check(&house, step, &words, &report).await.map_err(|complaint| {
            let events: Vec<_> = report.events.iter().map(|event| format!("    {:?}", event.what)).collect();
            format!("call {number}: {complaint}\n{}", events.join("\n"))
        })?;
    }
    house.recordings_deleted().await;
    house.close().await;
    Ok(())
}

/// The configuration file's text; the operator's prompts are a file as long as the second value lives.
fn settings(scenario: &Scenario) -> (String, Option<tempfile::NamedTempFile>) {
    if scenario.prompts.is_empty() {
        return (scenario.config.to_string(), None);
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), scenario.prompts.to_string()).unwrap();
    let mut config = scenario.config.clone();
    let line = config.entry("line").or_insert_with(|| toml::Table::new().into()).as_table_mut().unwrap();
    line.insert("prompts".to_owned(), file.path().display().to_string().into());
    (config.to_string(), Some(file))
}

async fn place(house: &House, step: &CallStep, learned: &mut Learned) -> Result<Report, String> {
    house.clock.advance_s(step.after_s);
    let now = house.clock.now();
    if let Some(number) = &step.unlock {
        unlock(house, number, now).await;
    }
    if let Some(owner) = &step.code_for {
        let owner = (owner != "anybody").then(|| CallerRef::parse(owner));
        let code = house.store.new_enrollment_code(owner.as_ref(), Duration::from_hours(24), now).await;
        learned.code = code.map_err(|error| error.to_string())?.digits;
    }
    let mut answers = Vec::new();
    for answer in &step.answers {
        answers.push(understood(house, answer, learned).await?);
    }
    house.recordings.set_lag(if step.lag_requests == 0 { Lag::None } else { Lag::Requests(step.lag_requests) });
    house.recordings.set_trouble(match step.trouble {
        Trouble::None => phone::Trouble::None,
        Trouble::NeverReady => phone::Trouble::NeverReady,
        Trouble::ServerError => phone::Trouble::ServerError,
        Trouble::ErrorAsAudio => phone::Trouble::ErrorAsAudio,
        Trouble::CutFile => phone::Trouble::CutFile,
        Trouble::CutConnection => phone::Trouble::CutConnection,
        Trouble::Huge => phone::Trouble::Huge(9_000_000),
    });
    let mut outgoing = house.outgoing(&step.from);
    outgoing.to.clone_from(&step.to);
    for (name, value) in &step.params {
        outgoing = outgoing.with(name, value);
    }
    Ok(telephone(house, step).call(&outgoing, Script::in_order(answers)).await)
}

fn telephone(house: &House, step: &CallStep) -> Phone {
    let repeat = match step.repeat {
        Repeat::Never => phone::Repeat::Never,
        Repeat::Afterwards => phone::Repeat::Afterwards,
        Repeat::AtOnce => phone::Repeat::AtOnce,
    };
    let silence = match step.silence {
        Silence::Recorded => phone::Silence::Recorded,
        Silence::FallsThrough => phone::Silence::FallsThrough,
    };
    house.phone().repeating(repeat).with_silence(silence)
}

async fn unlock(house: &House, number: &str, now: Timestamp) {
    if let Some(caller) = house.caller(number).await {
        house.store.unlock(Subject::Caller(caller.id), now).await.unwrap();
    }
    house.store.unlock(Subject::Number(E164::parse(number).unwrap()), now).await.unwrap();
}

async fn check(house: &House, step: &CallStep, words: &Words, report: &Report) -> Result<(), String> {
    if !report.is_proper() {
        return Err(format!("improper: {:?}", report.violations));
    }
    same("ended", report.ended.code(), step.ended.as_str())?;
    let attempts = house.attempts().await;
    let own = attempts.iter().filter(|attempt| attempt.call().is_some_and(|call| call.as_str() == report.call_sid));
    same("verdicts", &own.map(|attempt| spelled(&attempt.verdict)).collect::<Vec<_>>(), &step.verdicts)?;
    heard(step, words, report)?;
    gone_on(step, report)?;
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

/// Prompts are known by their keys, so that a better wording breaks no test.
fn heard(step: &CallStep, words: &Words, report: &Report) -> Result<(), String> {
    let said = report.said();
    if let Some(missing) = words.first_missing(&step.hears, &said) {
        return Err(format!("`{missing}` was not heard in its place"));
    }
    match step.never_hears.iter().find(|never| said.iter().any(|said| words.is(never, said))) {
        Some(never) => Err(format!("`{never}` was heard")),
        None => Ok(()),
    }
}

/// Where the call went when it left us.
fn gone_on(step: &CallStep, report: &Report) -> Result<(), String> {
    same("dialed", &report.dialed(), &step.dialed.as_deref())?;
    let (url, claims) = report.redirected().unzip();
    if let Some(expected) = &step.goes_to {
        same("goes_to", &url.and_then(|url| url.split('?').next()), &Some(expected.as_str()))?;
    }
    if let Some(token) = &step.token {
        let claims = claims.flatten().ok_or("no token")?;
        for (name, expected) in token {
            same(name, claims[name].as_str().unwrap_or_default(), expected.as_str())?;
        }
    }
    Ok(())
}

fn same<A: PartialEq<B> + Debug + ?Sized, B: Debug + ?Sized>(what: &str, is: &A, should: &B) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what}: {is:?}, expected {should:?}")) }
}
