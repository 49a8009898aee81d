//! The store from inside: full disks, pragmas, panics and promises.

use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use rusqlite::{Connection, OpenFlags};

use super::*;
use crate::config;
use crate::dialog::Effect;
use crate::types::{Attestation, CallSid, E164, LineName, Origin};

const LOCKOUT: config::Lockout = config::Lockout {
    caller_failures: 3,
    number_failures: 5,
    window_s: 60,
    cooldown_s: 60,
    cooldown_max_s: 60,
    lock_after: 0,
};

fn opened() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let config = config::Store { data_dir: dir.path().to_owned(), voiceprint_key: None, retention_days: 1 };
    let store = Store::open(&config).unwrap();
    (dir, store)
}

/// The database's size in pages; an empty one grows with each migration.
async fn pages(store: &Store) -> i64 {
    let count = |db: &mut rusqlite::Connection| Ok(db.pragma_query_value(None, "page_count", |row| row.get(0))?);
    store.0.writer.run(count).await.unwrap()
}

/// Sets a pragma of the writer's connection, as a disk or file system would limit it.
async fn limit(store: &Store, pragma: &'static str, value: i64) {
    store.0.writer.run(move |db| Ok(db.pragma_update(None, pragma, value)?)).await.unwrap();
}

fn sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

/// A call that comes in and is greeted at length, by a new caller.
async fn greet(store: &Store, n: u32) -> Result<(), StoreError> {
    let call = NewCall {
        sid: sid(n),
        line: LineName("main".to_owned()),
        origin: Origin::Number(E164::parse(&format!("+1555{n:07}")).unwrap()),
        to: "+15550100000".to_owned(),
        attestation: Attestation::Absent,
        forwarded_from: None,
        caller: None,
        at: Timestamp::UNIX_EPOCH,
    };
    store.begin_call(call).await?;
    let turn = TurnCommit {
        call: sid(n),
        turn: 0,
        state: "{}".to_owned(),
        reply: "<Response/>".repeat(400),
        effects: vec![Effect::CreateCaller { keeps_number: true }],
        caller: None,
        claim: None,
        stream: None,
        at: Timestamp::UNIX_EPOCH,
    };
    store.commit_turn(turn, &LOCKOUT).await.map(drop)
}

#[tokio::test]
async fn a_full_disk_is_an_error_with_a_code_and_loses_nothing() {
    let (_dir, store) = opened();
    greet(&store, 0).await.unwrap();
    limit(&store, "max_page_count", pages(&store).await + 20).await;
    let mut kept = 1;
    let full = loop {
        match greet(&store, kept).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full.code(), "store_full");
    assert!(kept > 1, "there was room for {kept} calls");
    for n in 0..kept {
        assert_eq!(store.call(&sid(n)).await.unwrap().unwrap().turn, 1, "call {n} is whole");
    }
    assert_eq!(store.callers(1_000).await.unwrap().len(), kept as usize, "the failed turn left no caller");
    store.check().await.unwrap();

    limit(&store, "max_page_count", 1_000_000).await;
    greet(&store, kept).await.unwrap();
    assert_eq!(store.call(&sid(kept)).await.unwrap().unwrap().turn, 1, "with room again, the same turn goes through");
}

#[tokio::test]
async fn a_disk_that_turns_read_only_is_an_error_with_a_code_and_is_still_read() {
    let (_dir, store) = opened();
    greet(&store, 0).await.unwrap();
    limit(&store, "query_only", 1).await;
    let failed = [greet(&store, 1).await, store.ping().await, store.purge(Timestamp::now()).await.map(drop)];
    for error in failed {
        assert_eq!(error.unwrap_err().code(), "store_read_only");
    }
    assert!(store.call(&sid(0)).await.unwrap().is_some());
    limit(&store, "query_only", 0).await;
    greet(&store, 1).await.unwrap();
}

#[tokio::test]
async fn another_process_that_holds_the_lock_too_long_is_an_error_with_a_code() {
    let (dir, store) = opened();
    limit(&store, "busy_timeout", 0).await;
    let other =
        Connection::open_with_flags(dir.path().join("callprint.db"), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.ping().await.unwrap_err().code(), "store_busy");
    other.execute_batch("ROLLBACK").unwrap();
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_step_that_panics_is_rolled_back_and_the_next_one_works() {
    let (_dir, store) = opened();
    let panicked: Result<(), _> = store
        .write(Lasting::Process, |tx, _| {
            tx.execute("INSERT INTO pulse (id, at) VALUES (1, 1)", [])?;
            panic!("a bug");
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::Closed)));
    let pulses = |tx: &Transaction<'_>| Ok(tx.query_row("SELECT count(*) FROM pulse", [], |row| row.get::<_, i64>(0))?);
    assert_eq!(store.read(move |tx, _| pulses(tx)).await.unwrap(), 0);
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_promise_is_on_the_disk_before_the_answer_and_other_steps_are_with_the_system() {
    let (_dir, store) = opened();
    for (lasting, level) in [(Lasting::Process, 1), (Lasting::PowerCut, 2), (Lasting::Process, 1)] {
        let found = store
            .write(lasting, |tx, _| Ok(tx.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))?))
            .await;
        assert_eq!(found.unwrap(), level, "{lasting:?}");
    }
}

#[tokio::test]
async fn every_connection_is_set_up_for_safety() {
    let (_dir, store) = opened();
    let ask = |tx: &Transaction<'_>, pragma: &str| tx.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let settings = [("foreign_keys", 1), ("trusted_schema", 0), ("secure_delete", 1), ("busy_timeout", 5_000)];
    for (pragma, expected) in settings {
        let writer = store.write(Lasting::Process, move |tx, _| Ok(ask(tx, pragma)?)).await.unwrap();
        let reader = store.read(move |tx, _| Ok(ask(tx, pragma)?)).await.unwrap();
        assert_eq!((writer, reader), (expected, expected), "{pragma}");
    }
    let mode =
        store.read(|tx, _| Ok(tx.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))?)).await;
    assert_eq!(mode.unwrap(), "wal");
}

#[tokio::test]
async fn a_step_whose_asker_went_away_is_still_done() {
    let (_dir, store) = opened();
    greet(&store, 0).await.unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let busy = store.0.writer.run(move |_| held.recv().map_err(|_| StoreError::Closed));
    let call = sid(0);
    let end = store.end_call(&call, Timestamp::UNIX_EPOCH);
    // Polled once, both have queued their jobs; then they are dropped, as when a client hangs up.
    let once = |step: Pin<&mut dyn Future<Output = _>>| step.poll(&mut Context::from_waker(Waker::noop())).is_pending();
    assert!(once(pin!(busy)) && once(pin!(end)));
    release.send(()).unwrap();
    store.ping().await.unwrap();
    assert!(store.call(&sid(0)).await.unwrap().unwrap().ended_at.is_some());
}
