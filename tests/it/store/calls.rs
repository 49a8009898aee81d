use callprint::dialog::Effect;
use callprint::store::{Committed, NewCall, StoreError, TurnCommit};
use callprint::types::{E164, Origin};

use super::{LOCKOUT, Place, at, new_call, sid, turn};

#[tokio::test]
async fn a_call_that_comes_in_twice_is_one_call() {
    let place = Place::new();
    let number = Origin::Number(E164::parse("+15550100001").unwrap());
    let first = place.store.begin_call(new_call(1, number.clone())).await.unwrap();
    place.turn(&sid(1), vec![]).await.unwrap();
    let again = NewCall { at: at(5), ..new_call(1, Origin::Withheld) };
    let again = place.store.begin_call(again).await.unwrap();
    assert_eq!((first.turn, again.turn), (0, 1));
    assert_eq!((again.origin, again.started_at), (number, at(0)));
    assert_eq!(again.last_reply.as_deref(), Some("<Response>0</Response>"));
    assert_eq!(again.state.as_deref(), Some("{\"turn\":0}"));
}

#[tokio::test]
async fn the_second_commit_of_a_turn_gets_the_first_reply_and_changes_nothing() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    let create = vec![Effect::CreateCaller { keeps_number: true }];
    let first = place.store.commit_turn(TurnCommit { effects: create, ..turn(&call, 1) }, &LOCKOUT).await;
    assert_eq!(first.unwrap(), Committed::Fresh);
    let other = TurnCommit { reply: "<other/>".to_owned(), effects: vec![Effect::End], ..turn(&call, 1) };
    let second = place.store.commit_turn(other, &LOCKOUT).await.unwrap();
    assert_eq!(second, Committed::Already("<Response>1</Response>".to_owned()));
    let call = place.found(&call).await;
    assert_eq!((call.turn, call.ended_at), (2, None));
    assert_eq!(place.count("callers"), 1);
}

#[tokio::test]
async fn of_two_commits_of_one_turn_at_once_one_counts() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    let commits = (0..20).map(|n| {
        let (store, turn) = (place.store.clone(), TurnCommit { reply: n.to_string(), ..turn(&call, 1) });
        tokio::spawn(async move { store.commit_turn(turn, &LOCKOUT).await.unwrap() })
    });
    let mut fresh = 0;
    for commit in commits.collect::<Vec<_>>() {
        fresh += u32::from(commit.await.unwrap() == Committed::Fresh);
    }
    assert_eq!((fresh, place.count("turns")), (1, 2));
}

#[tokio::test]
async fn a_turn_ahead_of_the_call_is_refused() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    let ahead = place.store.commit_turn(turn(&call, 3), &LOCKOUT).await;
    assert!(matches!(ahead, Err(StoreError::OutOfTurn { turn: 3, expected: 1 })));
    let unknown = place.store.commit_turn(turn(&sid(9), 0), &LOCKOUT).await;
    assert!(matches!(unknown, Err(StoreError::UnknownCall)));
}

#[tokio::test]
async fn an_effect_that_fails_takes_the_whole_turn_back() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    let effects = vec![Effect::CreateCaller { keeps_number: true }, Effect::GiveConsent, Effect::SaveVoiceprint];
    let failed = place.turn(&call, effects).await;
    assert!(matches!(failed, Err(StoreError::NoVoiceprint)), "{failed:?}");
    assert_eq!((place.count("callers"), place.count("consents"), place.count("turns")), (0, 0, 1));
    assert_eq!(place.found(&call).await.turn, 1);
}

#[tokio::test]
async fn a_call_goes_on_where_it_was_after_a_restart() {
    let mut place = Place::new();
    let call = place.call(1, "+15550100001").await;
    place.turn(&call, vec![Effect::CreateCaller { keeps_number: true }]).await.unwrap();
    let before = place.found(&call).await;
    place.reopen().await;
    assert_eq!(place.found(&call).await, before);
    assert_eq!(place.store.turn_reply(&call, 0).await.unwrap().as_deref(), Some("<Response>0</Response>"));
    assert_eq!(place.store.turn_reply(&call, 7).await.unwrap(), None);
}

#[tokio::test]
async fn digits_that_nobody_has_stay_with_the_call() {
    let place = Place::new();
    place.store.begin_call(new_call(1, Origin::Withheld)).await.unwrap();
    let claim = TurnCommit { claim: Some("12345678".to_owned()), ..turn(&sid(1), 0) };
    place.store.commit_turn(claim, &LOCKOUT).await.unwrap();
    place.turn(&sid(1), vec![]).await.unwrap();
    assert_eq!(place.found(&sid(1)).await.claim.as_deref(), Some("12345678"));
}

#[tokio::test]
async fn a_call_ends_once() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    place.store.end_call(&call, at(60)).await.unwrap();
    place.store.end_call(&call, at(90)).await.unwrap();
    assert_eq!(place.found(&call).await.ended_at, Some(at(60)));
    let ends = place.store.audit_events(None, 10).await.unwrap();
    assert_eq!(ends.iter().filter(|event| event.kind == "call_ended").count(), 1);
    assert!(matches!(place.store.end_call(&sid(9), at(0)).await, Err(StoreError::UnknownCall)));
}

#[tokio::test]
async fn a_purge_takes_ended_calls_past_the_retention_and_closes_abandoned_ones() {
    let place = Place::new();
    let ended = place.call(1, "+15550100001").await;
    place.store.end_call(&ended, at(60)).await.unwrap();
    let open = place.call(2, "+15550100002").await;
    let days = |days: i64| at(days * 86_400);

    let purged = place.store.purge(at(3_600)).await.unwrap();
    assert_eq!((purged.calls, purged.abandoned), (0, 0));
    let purged = place.store.purge(days(2)).await.unwrap();
    assert_eq!((purged.calls, purged.abandoned), (0, 1));
    assert_eq!(place.found(&open).await.ended_at, Some(days(2)));
    let purged = place.store.purge(days(31)).await.unwrap();
    assert_eq!(purged.calls, 1);
    assert_eq!((place.count("calls"), place.count("turns")), (1, 1));
}
