//! `kill -9` at any point: what was announced is there, and nothing is there by half.
//!
//! The test runs itself as a child that writes as fast as it can and announces each thing once the store has answered.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use callprint::dialog::{Effect, Purpose};
use callprint::store::{
    Finished, JobKind, NewAttempt, NewCall, NewVoiceprint, Store, StoreError, TakeResult, TurnCommit,
};
use callprint::types::{CallSid, CallerId, E164, Origin, Reason, RecordingSid, Source, Verdict};

use crate::store::{LOCKOUT, at, config, new_call, outcome, turn};

/// Set for the child: the folder to write into.
const FOLDER: &str = "CALLPRINT_CRASH_FOLDER";

/// How many announcements to read before each kill; they end up in the first steps, in the middle, and past a rotation.
const KILLED_AFTER: [usize; 6] = [0, 40, 70, 90, 150, 300];

/// Kills after so few announcements that every writer is still at its first call.
const EARLY_KILLS: usize = 24;

/// Writers in the child, so that a kill finds several things under way.
const WRITERS: u32 = 4;

#[tokio::test]
async fn what_was_announced_before_a_kill_is_there_whole_and_nothing_else_by_half() {
    let dir = tempfile::tempdir().unwrap();
    let mut announced = Vec::new();
    for lines in (1..EARLY_KILLS).chain(KILLED_AFTER) {
        let said = run_and_kill(dir.path(), lines);
        let store = Store::open(&config(dir.path())).unwrap();
        store.check().await.unwrap();
        all_is_kept(&store, &said).await;
        nothing_is_half_done(&store, dir.path()).await;
        store.close().await;
        announced.extend(said);
    }
    all_is_kept(&Store::open(&config(dir.path())).unwrap(), &announced).await;
    let kinds = ["turn", "take", "voiceprint", "deletion", "code", "key"];
    for kind in kinds {
        assert!(announced.iter().any(|line| line.starts_with(kind)), "the child never announced a {kind}");
    }
}

/// Starts the child, reads so many announcements, kills it, and returns all it managed to say.
fn run_and_kill(dir: &Path, lines: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::writes_until_it_is_killed", "--exact", "--nocapture"])
        .env(FOLDER, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut announced = Vec::new();
    let mut is_killed = false;
    loop {
        if announced.len() >= lines && !is_killed {
            child.kill().unwrap();
            is_killed = true;
        }
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // The last line may have been cut by the kill; the test harness says a few things of its own.
        let Some(line) = line.strip_suffix('\n') else { break };
        announced.extend(line.strip_prefix("kept ").map(str::to_owned));
    }
    assert!(!child.wait().unwrap().success() && is_killed, "the child ended by itself");
    announced
}

async fn all_is_kept(store: &Store, announced: &[String]) {
    let due = store.queue().waiting(JobKind::Recording).await.unwrap();
    let due: HashSet<_> = due.into_iter().map(|job| job.subject).collect();
    for line in announced {
        let is_kept = match line.strip_prefix("deletion ") {
            Some(recording) => due.contains(recording),
            None => is_kept(store, line).await,
        };
        assert!(is_kept, "announced and lost: {line}");
    }
}

async fn is_kept(store: &Store, line: &str) -> bool {
    let words: Vec<_> = line.split(' ').collect();
    let sid = |text| CallSid::parse(text).unwrap();
    match words[..] {
        ["turn", call, n] => store.turn_reply(&sid(call), n.parse().unwrap()).await.unwrap().is_some(),
        ["take", call, n] => {
            let take = store.take(&sid(call), n.parse().unwrap()).await.unwrap();
            take.is_some_and(|take| take.outcome.is_some())
        }
        ["voiceprint", caller] => {
            let id = CallerId(caller.parse().unwrap());
            store.voiceprint(id).await.unwrap().is_some_and(|voiceprint| voiceprint.bytes == caller.as_bytes())
        }
        ["code", digits] => {
            let checked = store.check_code(digits, None, at(0)).await.unwrap();
            checked.check == callprint::dialog::CodeCheck::Unbound
        }
        ["key", id] => store.keys().await.unwrap().1.iter().any(|key| key.id == id),
        _ => panic!("not an announcement: {line}"),
    }
}

async fn nothing_is_half_done(store: &Store, dir: &Path) {
    let db = rusqlite::Connection::open(config(dir).data_dir.join("callprint.db")).unwrap();
    let none = [
        (
            "verdicts of a turn that was never taken",
            "attempts JOIN calls ON sid = call WHERE reason = 'too_quiet' AND attempts.turn >= calls.turn",
        ),
        (
            "callers made by a turn that was never taken",
            "callers WHERE id NOT IN (SELECT caller FROM calls WHERE caller IS NOT NULL)",
        ),
        (
            "enrollments by a turn that was never taken",
            "audit_events JOIN calls ON sid = call WHERE kind = 'enrolled' AND turn <= 3",
        ),
        ("turns without their call's state", "calls WHERE turn <> (SELECT count(*) FROM turns WHERE call = sid)"),
        (
            "judged takes without a verdict or a print",
            "takes WHERE outcome = 'judged' AND NOT EXISTS \
          (SELECT 1 FROM attempts WHERE attempts.call = takes.call AND attempts.turn = takes.turn)",
        ),
        (
            "judged takes whose recording stays",
            "takes WHERE outcome IS NOT NULL AND recording NOT IN \
          (SELECT subject FROM jobs)",
        ),
        (
            "attempts without a take",
            "attempts WHERE NOT EXISTS (SELECT 1 FROM takes WHERE outcome IS NOT NULL \
          AND attempts.call = takes.call AND attempts.turn = takes.turn)",
        ),
        ("voiceprints nobody consented to", "voiceprints WHERE caller NOT IN (SELECT caller FROM consents)"),
        (
            "voiceprints the audit does not know",
            "voiceprints WHERE caller NOT IN \
          (SELECT caller FROM audit_events WHERE kind = 'enrolled')",
        ),
        (
            "enrollments without a voiceprint",
            "audit_events WHERE kind = 'enrolled' AND caller NOT IN \
          (SELECT caller FROM voiceprints)",
        ),
        (
            "saved enrollments with takes left",
            "take_prints WHERE call IN \
          (SELECT call FROM audit_events WHERE kind = 'enrolled')",
        ),
    ];
    for (what, rows) in none {
        let found: i64 = db.query_row(&format!("SELECT count(*) FROM {rows}"), [], |row| row.get(0)).unwrap();
        assert_eq!(found, 0, "{what}");
    }
    for caller in store.callers(100_000).await.unwrap() {
        let voiceprint = store.voiceprint(caller.id).await.unwrap();
        assert_eq!(voiceprint.is_some(), caller.is_enrolled);
    }
    let mut calls = db.prepare("SELECT DISTINCT call FROM take_prints").unwrap();
    let calls = calls.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for call in calls {
        let call = CallSid::parse(&call.unwrap()).unwrap();
        assert!(store.enrollment_takes(&call).await.unwrap().iter().all(|take| take == b"a take"));
    }
    let keys = std::fs::read_to_string(config(dir).data_dir.join("voiceprint.key")).unwrap();
    assert!(keys.lines().filter(|line| !line.starts_with('#')).count() <= 2, "a key and at most a successor");
}

/// The child: does nothing unless the test above runs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_until_it_is_killed() {
    let Ok(dir) = std::env::var(FOLDER) else { return };
    let store = Store::open(&config(Path::new(&dir))).unwrap();
    let writers = (0..WRITERS).map(|_| tokio::spawn(write_on(store.clone())));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap().unwrap();
    }
}

async fn write_on(store: Store) -> Result<(), StoreError> {
    loop {
        let call = CallSid::parse(&format!("CA{:032x}", rand::random::<u128>())).unwrap();
        enroll(&store, &call).await?;
        let code = store.new_enrollment_code(None, Duration::from_hours(1), at(0)).await?;
        println!("kept code {}", code.digits);
        let rotation = store.rotate_key(at(0)).await?;
        println!("kept key {}", rotation.to);
    }
}

async fn enroll(store: &Store, call: &CallSid) -> Result<(), StoreError> {
    let number = E164::parse(&format!("+1{:010}", rand::random::<u32>())).unwrap();
    store.begin_call(NewCall { sid: call.clone(), ..new_call(0, Origin::Number(number)) }).await?;
    let consent = vec![Effect::CreateCaller { keeps_number: true }, Effect::GiveConsent];
    commit(store, call, 0, consent).await?;
    let caller = store.call(call).await?.unwrap().caller.unwrap().to_string();
    for n in 1..=3 {
        let voiceprint = NewVoiceprint { bytes: caller.clone().into_bytes(), model_id: "campplus".to_owned() };
        let result = TakeResult {
            print: Some(b"a take".to_vec()),
            voiceprint: Some(voiceprint).filter(|_| n == 3),
            ..outcome("good")
        };
        judge(store, call, n, result).await?;
        let quiet = Verdict::Retry { reason: Reason::TooQuiet };
        let effect = if n == 3 { Effect::SaveVoiceprint } else { Effect::RecordVerdict(quiet) };
        commit(store, call, n, vec![effect]).await?;
    }
    println!("kept voiceprint {caller}");
    let verdict = Verdict::Retry { reason: Reason::VoiceMismatch };
    judge(store, call, 4, TakeResult { attempt: Some(NewAttempt { verdict, signals: None }), ..outcome("judged") })
        .await?;
    commit(store, call, 4, vec![Effect::End]).await
}

async fn judge(store: &Store, call: &CallSid, n: u32, result: TakeResult) -> Result<(), StoreError> {
    let recording = RecordingSid::parse(&format!("RE{:032x}", rand::random::<u128>())).unwrap();
    let source = Source::Recording(recording.clone());
    let purpose = if result.print.is_some() { Purpose::Enroll { take: n } } else { Purpose::Verify };
    store.open_take(call, n, &source, purpose, at(0), Duration::from_secs(30)).await?;
    let result = TakeResult { delete_recording: Some(recording.clone()), ..result };
    let finished = store.finish_take(call, n, at(0), &LOCKOUT, |_| result).await?;
    assert!(matches!(finished, Finished::Fresh(_)));
    println!("kept take {call} {n}");
    println!("kept deletion {recording}");
    Ok(())
}

async fn commit(store: &Store, call: &CallSid, n: u32, effects: Vec<Effect>) -> Result<(), StoreError> {
    store.commit_turn(TurnCommit { effects, ..turn(call, n) }, &LOCKOUT).await?;
    println!("kept turn {call} {n}");
    Ok(())
}
