use std::time::Duration;

use callprint::dialog::{Effect, Purpose, Standing};
use callprint::store::{Finished, Subject, TurnCommit};
use callprint::types::{E164, Origin, Reason, Verdict};

use super::{LOCKOUT, Place, at, attempt, new_call, outcome, sid, source, turn};

const MISMATCH: Verdict = Verdict::Retry { reason: Reason::VoiceMismatch };
const COOLDOWN: Standing = Standing::Cooldown { until: at_600() };

const fn at_600() -> callprint::types::Timestamp {
    callprint::types::Timestamp::constant(1_800_000_600, 0)
}

async fn fail(place: &Place, n: u32, from: &str, times: u32) {
    let call = place.call(n, from).await;
    for _ in 0..times {
        place.take(&call, attempt(MISMATCH)).await;
        place.turn(&call, vec![]).await.unwrap();
    }
}

#[tokio::test]
async fn three_mismatches_cool_the_caller_down_but_not_yet_the_number() {
    let place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    let number = E164::parse("+15550100001").unwrap();
    fail(&place, 2, "+15550100001", 3).await;
    let standing = place.store.standing(Some(caller), Some(&number), None, at(0)).await.unwrap();
    assert_eq!((standing.caller, standing.number), (COOLDOWN, Standing::Clear));
    let later = place.store.standing(Some(caller), Some(&number), None, at(600)).await.unwrap();
    assert_eq!(later.caller, Standing::Clear);
}

#[tokio::test]
async fn failures_over_several_calls_and_callers_cool_the_number_down() {
    let place = Place::new();
    let number = E164::parse("+15550100009").unwrap();
    for n in 1..=5 {
        fail(&place, n, number.as_str(), 1).await;
    }
    let standing = place.store.standing(None, Some(&number), None, at(0)).await.unwrap();
    assert_eq!(standing.number, COOLDOWN);
}

#[tokio::test]
async fn quality_faults_count_for_nothing() {
    let place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    let call = place.call(2, "+15550100001").await;
    for _ in 0..9 {
        place.take(&call, attempt(Verdict::Retry { reason: Reason::TooNoisy })).await;
        place.turn(&call, vec![]).await.unwrap();
    }
    let standing = place.store.standing(Some(caller), None, None, at(0)).await.unwrap();
    assert_eq!(standing.caller, Standing::Clear);
}

#[tokio::test]
async fn the_standing_is_read_again_when_a_verdict_falls() {
    let place = Place::new();
    place.enrolled(1, "+15550100001").await;
    let second = place.call(3, "+15550100001").await;
    let lease = Duration::from_secs(30);
    place.store.open_take(&second, 1, &source(1), Purpose::Verify, at(0), lease).await.unwrap();
    fail(&place, 2, "+15550100001", 3).await;
    let judge = |standing| outcome(if standing == COOLDOWN { "cooldown" } else { "accept" });
    let finished = place.store.finish_take(&second, 1, at(0), &LOCKOUT, judge).await.unwrap();
    assert_eq!(finished, Finished::Fresh("cooldown".to_owned()));
}

#[tokio::test]
async fn hanging_up_before_the_verdict_does_not_undo_a_mismatch() {
    let place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    for n in 2..=4 {
        let call = place.call(n, "+15550100001").await;
        let lease = Duration::from_secs(30);
        place.store.open_take(&call, 1, &source(n), Purpose::Verify, at(0), lease).await.unwrap();
        place.store.end_call(&call, at(0)).await.unwrap();
        let finished = place.store.finish_take(&call, 1, at(0), &LOCKOUT, |_| attempt(MISMATCH)).await.unwrap();
        assert_eq!(finished, Finished::Late);
    }
    let standing = place.store.standing(Some(caller), None, None, at(0)).await.unwrap();
    assert_eq!(standing.caller, COOLDOWN);
}

#[tokio::test]
async fn account_digits_that_nobody_has_cool_down_like_a_real_account() {
    let place = Place::new();
    place.store.begin_call(new_call(1, Origin::Withheld)).await.unwrap();
    let claim = TurnCommit { claim: Some("12345678".to_owned()), ..turn(&sid(1), 0) };
    place.store.commit_turn(claim, &LOCKOUT).await.unwrap();
    for _ in 0..3 {
        place.take(&sid(1), attempt(MISMATCH)).await;
        place.turn(&sid(1), vec![]).await.unwrap();
    }
    let standing = place.store.standing(None, None, Some("12345678"), at(0)).await.unwrap();
    assert_eq!(standing.claim, COOLDOWN);
}

#[tokio::test]
async fn an_accept_forgives_the_caller_and_not_the_number() {
    let place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    let number = E164::parse("+15550100001").unwrap();
    fail(&place, 2, number.as_str(), 2).await;
    let call = place.call(3, number.as_str()).await;
    place.take(&call, attempt(Verdict::Accept)).await;
    fail(&place, 4, number.as_str(), 2).await;
    let standing = place.store.standing(Some(caller), Some(&number), None, at(0)).await.unwrap();
    assert_eq!((standing.caller, standing.number), (Standing::Clear, Standing::Clear));
    fail(&place, 5, number.as_str(), 1).await;
    let standing = place.store.standing(Some(caller), Some(&number), None, at(0)).await.unwrap();
    assert_eq!((standing.caller, standing.number), (COOLDOWN, COOLDOWN));
}

#[tokio::test]
async fn wrong_codes_cool_the_number_down() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    for _ in 0..5 {
        place.turn(&call, vec![Effect::CountWrongCode]).await.unwrap();
    }
    let number = E164::parse("+15550100001").unwrap();
    assert_eq!(place.store.standing(None, Some(&number), None, at(0)).await.unwrap().number, COOLDOWN);
}

#[tokio::test]
async fn an_operator_unlocks_caller_and_number_and_the_audit_tells() {
    let mut place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    let number = E164::parse("+15550100001").unwrap();
    fail(&place, 2, number.as_str(), 5).await;
    place.reopen().await;
    let standing = place.store.standing(Some(caller), Some(&number), None, at(0)).await.unwrap();
    assert_ne!((standing.caller, standing.number), (Standing::Clear, Standing::Clear));
    assert!(place.store.unlock(Subject::Caller(caller), at(1)).await.unwrap());
    assert!(place.store.unlock(Subject::Number(number.clone()), at(1)).await.unwrap());
    assert!(!place.store.unlock(Subject::Number(number.clone()), at(1)).await.unwrap(), "there was nothing left");
    let standing = place.store.standing(Some(caller), Some(&number), None, at(1)).await.unwrap();
    assert_eq!((standing.caller, standing.number), (Standing::Clear, Standing::Clear));
    let kinds: Vec<_> = place.store.audit_events(Some(caller), 50).await.unwrap().into_iter().map(|e| e.kind).collect();
    assert!(kinds.contains(&"locked_out".to_owned()) && kinds.contains(&"unlocked".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn numbers_are_tallied_under_a_keyed_hash() {
    let place = Place::new();
    fail(&place, 1, "+15550100001", 1).await;
    let subject: String =
        place.sql().query_row("SELECT subject FROM tallies WHERE kind = 'number'", [], |row| row.get(0)).unwrap();
    assert!(!subject.contains("15550100001"), "{subject}");
}
