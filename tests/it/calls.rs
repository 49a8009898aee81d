//! Whole calls, one folder under `fixtures/calls/` each: what callers do, and what must come of it.
//!
//! Adding a call test means adding a folder; `fixtures/calls/README.md` says what goes into it.

mod answer;
mod play;
mod scenario;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callprint::types::Reason;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::play::play;
use self::scenario::{CallStep, Scenario};

/// Scenarios at a time: each waits on the models most of the time, of which there are two sessions.
const AT_ONCE: usize = 4;

/// Reasons that a folder cannot show: advice that is off unless asked for (`engine.rs`), and time that passes between
/// a question and its answer (`mishaps.rs`).
const ELSEWHERE: [Reason; 2] = [Reason::SyntheticSuspected, Reason::ChallengeExpired];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_under_fixtures_goes_as_its_folder_says() {
    play_all(folders(), "record").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_goes_the_same_by_stream() {
    // What is about the provider's recordings has no counterpart.
    let is_about_recordings = |folder: &PathBuf| {
        let scenario = Scenario::load(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        scenario.calls.iter().any(CallStep::is_about_recordings)
    };
    let (recorded, either): (Vec<_>, Vec<_>) = folders().into_iter().partition(is_about_recordings);
    assert!(recorded.len() < either.len() / 2, "most calls can be streamed");
    play_all(either, "stream").await;
}

async fn play_all(folders: Vec<PathBuf>, audio: &'static str) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for folder in folders {
        let places = Arc::clone(&places);
        running.spawn(async move {
            let _place = places.acquire().await;
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            (name, play(&folder, audio).await)
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

#[test]
fn every_reason_is_the_verdict_of_a_call() {
    let mut verdicts = BTreeSet::new();
    for folder in folders() {
        let scenario = Scenario::load(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        assert!(scenario.shows.ends_with('.'), "{}: say in a sentence what it shows", folder.display());
        verdicts.extend(scenario.calls.into_iter().flat_map(|call| call.verdicts));
    }
    let is_shown = |reason: &Reason| verdicts.iter().any(|verdict| verdict.ends_with(&format!(" {reason}")));
    let hidden: Vec<Reason> = Reason::ALL.into_iter().filter(|reason| !is_shown(reason)).collect();
    assert_eq!(hidden, ELSEWHERE);
}
