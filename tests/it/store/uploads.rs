//! Attempts that came by upload have ids of their own, and are told from calls.

use callprint::dialog::Consent;
use callprint::store::{AttemptFilter, CallerRef, NewTakes, StoreError, TakeResult, Used, Via};
use callprint::types::{AttemptId, Reason, Tenant, Verdict};

use super::{LOCKOUT, Place, at, attempt};

const REJECTED: Verdict = Verdict::Reject { reason: Reason::VoiceMismatch };

fn all() -> AttemptFilter {
    AttemptFilter { caller: None, line: None, since: None, limit: 100 }
}

#[tokio::test]
async fn an_upload_has_an_attempts_id_and_the_key_it_came_by() {
    let place = Place::new();
    let anna = place.enrolled(1, "+15550101").await;
    let used = Used { key: "k1".to_owned(), what: |_| Vec::new() };
    let judged = place.store.judge_upload(anna, at(1), &LOCKOUT, used, |_| attempt(REJECTED)).await;
    let (id, _) = judged.unwrap();
    let found = place.store.attempts(all()).await.unwrap().remove(0);
    assert_eq!(found.via, Via::Upload { id: id.clone(), key: Some("k1".to_owned()) });
    assert_eq!((found.call(), found.turn(), &found.line().0[..]), (None, 0, "api"));
    let event = place.store.audit_events(Some(anna), 1).await.unwrap().remove(0);
    assert_eq!((event.kind.as_str(), event.call, event.attempt), ("attempt", None, Some(id)));
    let held = place.store.held_against_caller(anna, "campplus", at(2)).await.unwrap();
    assert_eq!(held.recent_failures, 1);
}

#[tokio::test]
async fn an_upload_of_before_attempts_had_ids_shows_up_as_an_upload() {
    let place = Place::new();
    let anna = place.enrolled(1, "+15550101").await;
    let former = callprint::types::CallSid::parse(&format!("CA{}", "7".repeat(32))).unwrap();
    let (db, caller) = (place.sql(), anna.to_string());
    let sql = "INSERT INTO calls (sid, line, origin, called, attestation, caller, started_at, ended_at) \
               VALUES (?, 'api', 'withheld', '', 'absent', ?, 1, 1)";
    db.execute(sql, (former.as_str(), &caller)).unwrap();
    let sql = "INSERT INTO attempts (at, call, turn, caller, decision) VALUES (1, ?, 0, ?, 'accept')";
    db.execute(sql, (former.as_str(), &caller)).unwrap();
    let found = place.store.attempts(all()).await.unwrap().remove(0);
    let id = AttemptId::of_former(&former);
    assert_eq!(id.as_str(), format!("AT{}", "7".repeat(32)));
    assert_eq!(found.via, Via::Upload { id, key: None });
}

#[tokio::test]
async fn an_enrollment_by_uploads_keeps_its_takes_under_an_id_that_is_no_calls() {
    let place = Place::new();
    let user = CallerRef::User(Tenant::main(), "anna".to_owned());
    let (anna, _) = place.store.profile(&Tenant::main(), "anna", true, at(0)).await.unwrap();
    for count in 1..=2 {
        let before = place.store.open_enrollment(anna.id).await.unwrap();
        let new =
            NewTakes { caller: anna.id, before, prints: vec![vec![count]], voiceprint: None, code: None, at: at(1) };
        place.store.keep_enrollment_takes(new).await.unwrap();
    }
    place.store.rotate_key(at(2)).await.unwrap();
    assert_eq!(place.store.open_enrollment(anna.id).await.unwrap().unwrap().takes, [[1], [2]]);
    let id: String = place.sql().query_row("SELECT sid FROM calls", [], |row| row.get(0)).unwrap();
    AttemptId::parse(&id).unwrap();
    place.store.purge(at(2 * 86_400)).await.unwrap();
    assert!(place.store.open_enrollment(anna.id).await.unwrap().is_none(), "one that was left is closed");
    assert!(place.store.find_caller(&user).await.unwrap().is_some());
}

#[tokio::test]
async fn a_caller_who_opts_out_while_their_upload_is_judged_is_not_accepted_and_leaves_no_fingerprint() {
    let place = Place::new();
    let anna = place.enrolled(1, "+15550101").await;
    let used = Used { key: "k1".to_owned(), what: |_| Vec::new() };
    place.store.held_against_caller(anna, "campplus", at(1)).await.unwrap();
    place.store.set_consent(anna, Consent::OptedOut, at(2)).await.unwrap();
    let accept = |_| TakeResult { heard: Some(vec![1]), ..attempt(Verdict::Accept) };
    let judged = place.store.judge_upload(anna, at(3), &LOCKOUT, used, accept).await;
    assert!(matches!(judged, Err(StoreError::NoConsent)), "{judged:?}");
    assert!(place.store.attempts(all()).await.unwrap().is_empty());
    assert!(place.store.heard(anna).await.unwrap().is_empty());
}
