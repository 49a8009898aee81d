//! The durable queue: nothing is lost, nothing is held by two, and nothing is done by who lost it.

use std::collections::HashMap;
use std::sync::Arc;

use callprint::store::{Job, JobKind, Listening, Store, StoreError, Work};
use callprint::types::{RecordingSid, Tenant};

use super::{Place, at, config, recording};

mod migrations {
    refinery::embed_migrations!("src/store/migrations");
}

/// Claims recordings until `lease`.
async fn claim(store: &Store, now: i64, lease: i64) -> Vec<Job> {
    store.queue().claim(JobKind::Recording, at(now), at(lease), 10).await.unwrap()
}

fn names(jobs: &[Job]) -> Vec<(RecordingSid, u32)> {
    let name = |job: &Job| match &job.work {
        Work::Recording(recording) => (recording.clone(), job.tries),
        other => panic!("not a recording: {other:?}"),
    };
    jobs.iter().map(name).collect()
}

/// A webhook of the tenant `main`, and so many deliveries for it.
async fn told(place: &Place, count: usize) -> String {
    let (webhook, _) =
        place.store.new_webhook(&Tenant::main(), "https://example.com/".into(), vec![], at(0)).await.unwrap();
    for _ in 0..count {
        place.store.test_webhook(&webhook.id, at(1)).await.unwrap();
    }
    webhook.id
}

async fn claim_deliveries(store: &Store, now: i64, lease: i64) -> Vec<Job> {
    store.queue().claim(JobKind::Delivery, at(now), at(lease), 10).await.unwrap()
}

#[tokio::test]
async fn recordings_wait_for_deletion_through_restarts_until_it_is_done() {
    let mut place = Place::new();
    for (n, due) in [(1, 20), (2, 10), (3, 99)] {
        place.store.queue_deletion(&recording(n), at(due)).await.unwrap();
    }
    place.store.queue_deletion(&recording(1), at(0)).await.unwrap();
    place.reopen().await;
    let queue = place.store.queue();
    assert_eq!(names(&claim(&place.store, 9, 30).await), []);
    let claimed = claim(&place.store, 20, 30).await;
    assert_eq!(names(&claimed), [(recording(2), 0), (recording(1), 0)]);
    queue.done(&claimed[0], "", at(21)).await.unwrap();
    queue.failed(&claimed[1], "", at(60)).await.unwrap();
    assert_eq!(names(&claim(&place.store, 59, 70).await), []);
    assert_eq!(names(&claim(&place.store, 60, 70).await), [(recording(1), 1)]);
    assert_eq!(place.store.pending_deletions().await.unwrap(), 2);
}

#[tokio::test]
async fn the_audit_proves_that_a_recording_was_deleted_once() {
    let place = Place::new();
    place.store.queue_deletion(&recording(1), at(0)).await.unwrap();
    let job = claim(&place.store, 0, 30).await.remove(0);
    place.store.queue().done(&job, "", at(5)).await.unwrap();
    place.store.queue().done(&job, "", at(6)).await.unwrap();
    let events = place.store.audit_events(None, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].kind.as_str(), &events[0].detail["recording"]),
        ("recording_deleted", &recording(1).as_str().into())
    );
}

#[tokio::test]
async fn a_job_whose_worker_died_is_claimed_anew_when_the_lease_is_over() {
    let mut place = Place::new();
    place.store.queue_deletion(&recording(1), at(0)).await.unwrap();
    let lost = claim(&place.store, 0, 30).await.remove(0);
    place.reopen().await;
    assert_eq!(claim(&place.store, 29, 59).await, []);
    let job = claim(&place.store, 30, 60).await.remove(0);
    assert_eq!(job.tries, 1);

    // A worker that was merely slow has nothing to say any more.
    let queue = place.store.queue();
    queue.failed(&lost, "", at(31)).await.unwrap();
    assert_eq!(claim(&place.store, 31, 61).await, []);
    queue.done(&lost, "", at(31)).await.unwrap();
    queue.give_up(&lost, "", at(31)).await.unwrap();
    assert_eq!(place.store.pending_deletions().await.unwrap(), 1);
    queue.done(&job, "", at(32)).await.unwrap();
    assert_eq!(place.store.pending_deletions().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_hold_one_job_at_once() {
    const JOBS: u32 = 120;
    let place = Place::new();
    for n in 0..JOBS {
        place.store.queue_deletion(&recording(n), at(0)).await.unwrap();
    }
    let other = Store::open(&place.config).unwrap();
    let claimers = (0..16).map(|n| {
        let store = if n % 2 == 0 { place.store.clone() } else { other.clone() };
        tokio::spawn(async move {
            let mut held = Vec::new();
            loop {
                match store.queue().claim(JobKind::Recording, at(0), at(30), 3).await {
                    Ok(jobs) if jobs.is_empty() => return held,
                    Ok(jobs) => held.extend(names(&jobs)),
                    Err(StoreError::Busy) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    });
    let mut claims = HashMap::new();
    for claimer in claimers.collect::<Vec<_>>() {
        for (recording, _) in claimer.await.unwrap() {
            *claims.entry(recording.to_string()).or_insert(0) += 1;
        }
    }
    assert_eq!(claims.len(), JOBS as usize);
    assert!(claims.values().all(|count| *count == 1), "{claims:?}");
}

#[tokio::test]
async fn a_webhook_has_two_deliveries_at_once_and_holds_up_no_other() {
    let place = Place::new();
    told(&place, 5).await;
    let first = claim_deliveries(&place.store, 1, 30).await;
    assert_eq!(first.len(), 2);
    let other = told(&place, 1).await;
    let next = claim_deliveries(&place.store, 2, 30).await;
    let of_other = |job: &Job| matches!(&job.work, Work::Delivery { webhook, .. } if *webhook == other);
    assert!(next.len() == 1 && next.iter().all(of_other), "{next:?}");
    place.store.queue().done(&first[0], "status_200", at(3)).await.unwrap();
    assert_eq!(claim_deliveries(&place.store, 3, 30).await.len(), 1);
    assert_eq!(claim_deliveries(&place.store, 31, 60).await.len(), 3, "two of one and one of the other");
}

#[tokio::test]
async fn the_log_of_deliveries_shows_every_try() {
    let place = Place::new();
    let webhook = told(&place, 1).await;
    let log = async || place.store.deliveries(&webhook, None, 9).await.unwrap().remove(0);
    let shown = |log: callprint::store::Delivery| (log.tries, log.last_status, log.due_at, log.delivered_at);
    assert_eq!(shown(log().await), (0, None, Some(at(1)), None));
    let queue = place.store.queue();
    let job = claim_deliveries(&place.store, 1, 30).await.remove(0);
    assert_eq!(shown(log().await), (1, None, Some(at(30)), None));
    queue.failed(&job, "status_500", at(40)).await.unwrap();
    assert_eq!(shown(log().await), (1, Some("status_500".into()), Some(at(40)), None));
    let job = claim_deliveries(&place.store, 40, 70).await.remove(0);
    queue.done(&job, "status_200", at(41)).await.unwrap();
    assert_eq!(shown(log().await), (2, Some("status_200".into()), None, Some(at(41))));
    place.store.test_webhook(&webhook, at(50)).await.unwrap();
    let job = claim_deliveries(&place.store, 50, 80).await.remove(0);
    queue.give_up(&job, "timed_out", at(51)).await.unwrap();
    assert_eq!(shown(log().await), (1, Some("timed_out".into()), None, None));
    assert_eq!(place.count("jobs"), 0, "nothing of the body stays");
    place.store.test_webhook(&webhook, at(60)).await.unwrap();
    place.store.delete_webhook(&Tenant::main(), &webhook, at(61)).await.unwrap();
    assert_eq!((place.count("jobs"), place.count("deliveries")), (0, 0));
}

#[tokio::test]
async fn an_empty_look_writes_nothing() {
    let place = Place::new();
    place.store.queue_deletion(&recording(1), at(9)).await.unwrap();
    let db = place.sql();
    let version = || db.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    let queue = place.store.queue();
    assert_eq!(queue.due(at(8)).await.unwrap(), []);
    for kind in JobKind::ALL {
        assert_eq!(queue.claim(kind, at(8), at(30), 10).await.unwrap(), []);
    }
    assert_eq!(version(), before);
    assert_eq!(queue.due(at(9)).await.unwrap(), [JobKind::Recording]);
    let mut plan = db.prepare("EXPLAIN QUERY PLAN SELECT 1 FROM jobs WHERE kind = 'report' AND due_at <= 1").unwrap();
    let plan: String = plan.query_row([], |row| row.get(3)).unwrap();
    assert!(plan.starts_with("SEARCH jobs USING COVERING INDEX jobs_due"), "{plan}");
}

#[tokio::test]
async fn a_database_of_the_version_before_comes_over_with_all_that_waits() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    std::fs::create_dir(&config.data_dir).unwrap();
    let mut old = rusqlite::Connection::open(config.data_dir.join("callprint.db")).unwrap();
    migrations::migrations::runner().set_target(refinery::Target::Version(8)).run(&mut old).unwrap();
    let ms = |seconds| at(seconds).as_millisecond();
    let caller = callprint::types::CallerId::new().to_string();
    let listening = |n: u32| format!("LI{n:032x}");
    old.execute("INSERT INTO callers (id, account_number, created_at) VALUES (?, '12345678', 0)", [&caller]).unwrap();
    for (n, due) in [(1_u32, Some(ms(7))), (2, None)] {
        let mac = n.to_be_bytes().to_vec();
        old.execute(
            "INSERT INTO listenings (id, mac, caller, line, strictness, track, made_at, expires_at, status, reason, \
             finished_at, due_at, tries) VALUES (?, ?, ?, 'main', '1%', 'inbound', 0, 0, 'failed', 'stopped', ?, ?, 3)",
            (listening(n), mac, &caller, ms(5), due),
        )
        .unwrap();
    }
    old.execute(
        "INSERT INTO recording_deletions (recording, due_at, tries) VALUES (?, ?, 2)",
        (recording(1).as_str(), ms(3)),
    )
    .unwrap();
    old.execute_batch("INSERT INTO webhooks VALUES ('wh_1', 'main', 'https://example.com', '*', x'00', 0)").unwrap();
    for (body, due, tries, status, delivered) in
        [(Some("{}"), Some(ms(4)), 1, Some("status_500"), None), (None, None, 2, Some("status_200"), Some(ms(2)))]
    {
        old.execute(
            "INSERT INTO webhook_deliveries (webhook, event, kind, body, made_at, due_at, tries, last_status, \
             delivered_at) VALUES ('wh_1', 'evt_1', 'test', ?, ?, ?, ?, ?, ?)",
            (body, ms(1), due, tries, status, delivered),
        )
        .unwrap();
    }
    drop(old);

    let store = Store::open(&config).unwrap();
    store.check().await.unwrap();
    let queue = store.queue();
    let jobs = queue.claim(JobKind::Recording, at(3), at(30), 9).await.unwrap();
    assert_eq!(names(&jobs), [(recording(1), 2)]);
    let log = store.deliveries("wh_1", None, 9).await.unwrap();
    let shown: Vec<_> = log.iter().map(|one| (one.id, one.tries, one.due_at, one.delivered_at)).collect();
    assert_eq!(shown, [(2, 2, None, Some(at(2))), (1, 1, Some(at(4)), None)]);
    let jobs = queue.claim(JobKind::Delivery, at(4), at(30), 9).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].tries, jobs[0].made_at), (1, 1, at(1)));
    assert_eq!(jobs[0].work, Work::Delivery { webhook: "wh_1".into(), body: "{}".into() });

    // A report's body is written when the server starts; until then it waits.
    assert_eq!(queue.claim(JobKind::Report, at(99), at(199), 9).await.unwrap(), []);
    store.write_report_bodies(Arc::new(|ended: &Listening| format!("{} ended", ended.id))).await.unwrap();
    let jobs = queue.claim(JobKind::Report, at(99), at(199), 9).await.unwrap();
    let id = callprint::types::ListeningId::parse(&listening(1)).unwrap();
    assert_eq!((jobs.len(), jobs[0].tries, jobs[0].made_at), (1, 3, at(5)));
    assert_eq!(jobs[0].work, Work::Report { body: format!("{id} ended"), listening: id });
}
