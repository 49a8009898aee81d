use callprint::store::{NewStream, StreamClaim, StreamRefusal, TurnCommit};
use callprint::types::{CallSid, StreamId};

use super::{LOCKOUT, Place, at, outcome, sid, source, turn};

const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODw";

/// A call whose next turn, 1, is to be heard as a stream.
async fn invited(place: &Place, n: u32, token: &str) -> (CallSid, NewStream) {
    let call = sid(n);
    place.store.begin_call(super::new_call(n, callprint::types::Origin::Withheld)).await.unwrap();
    let stream = NewStream {
        id: StreamId::new(),
        token: token.to_owned(),
        plays: vec!["greeting".to_owned()],
        expires_at: at(60),
    };
    let commit = TurnCommit { stream: Some(stream.clone()), ..turn(&call, 0) };
    place.store.commit_turn(commit, &LOCKOUT).await.unwrap();
    (call, stream)
}

async fn refusal(place: &Place, token: &str, call: &CallSid, now: i64) -> StreamRefusal {
    match place.store.open_stream(token, call, at(now)).await.unwrap() {
        StreamClaim::Refused(refusal) => refusal,
        StreamClaim::Mine(stream) => panic!("{stream:?}"),
    }
}

#[tokio::test]
async fn a_token_opens_the_stream_of_its_turn_once() {
    let place = Place::new();
    let (call, stream) = invited(&place, 1, TOKEN).await;
    let StreamClaim::Mine(open) = place.store.open_stream(TOKEN, &call, at(59)).await.unwrap() else { panic!() };
    assert_eq!((open.id, open.call.turn, open.plays), (stream.id, 1, vec!["greeting".to_owned()]));
    assert_eq!(refusal(&place, TOKEN, &call, 59).await, StreamRefusal::Used);
}

#[tokio::test]
async fn a_token_is_worth_nothing_elsewhere_later_or_unknown() {
    let place = Place::new();
    let (call, _) = invited(&place, 1, TOKEN).await;
    let (other, _) = invited(&place, 2, "another").await;
    assert_eq!(refusal(&place, TOKEN, &other, 1).await, StreamRefusal::OtherCall);
    assert_eq!(refusal(&place, "guessed", &call, 1).await, StreamRefusal::Unknown);
    assert_eq!(refusal(&place, "", &call, 1).await, StreamRefusal::Unknown);
    assert_eq!(refusal(&place, TOKEN, &call, 60).await, StreamRefusal::Expired);
    // None of this has used it up.
    assert!(matches!(place.store.open_stream(TOKEN, &call, at(59)).await.unwrap(), StreamClaim::Mine(_)));
}

#[tokio::test]
async fn a_call_that_went_on_or_ended_is_not_streamed_any_more() {
    let place = Place::new();
    let (call, _) = invited(&place, 1, TOKEN).await;
    place.turn(&call, vec![]).await.unwrap();
    assert_eq!(refusal(&place, TOKEN, &call, 1).await, StreamRefusal::Over);
    let (call, _) = invited(&place, 2, "another").await;
    place.store.end_call(&call, at(1)).await.unwrap();
    assert_eq!(refusal(&place, "another", &call, 1).await, StreamRefusal::Over);
}

#[tokio::test]
async fn the_database_never_holds_the_token() {
    let place = Place::new();
    invited(&place, 1, TOKEN).await;
    let kept: Vec<u8> = place.sql().query_row("SELECT mac FROM streams", [], |row| row.get(0)).unwrap();
    assert_eq!(kept.len(), 32);
    assert!(!format!("{:?}", place.store.open_stream(TOKEN, &sid(1), at(1)).await.unwrap()).contains(TOKEN));
}

#[tokio::test]
async fn a_call_whose_stream_failed_is_recorded_from_then_on() {
    let place = Place::new();
    let (call, _) = invited(&place, 1, TOKEN).await;
    assert!(!place.found(&call).await.is_recorded);
    for _ in 0..2 {
        place.store.record_from_now_on(&call).await.unwrap();
        assert!(place.found(&call).await.is_recorded);
    }
}

#[tokio::test]
async fn a_streamed_take_leaves_no_recording_to_delete() {
    let place = Place::new();
    let caller = place.enrolled(1, "+15550101").await;
    let before = place.store.pending_deletions().await.unwrap();
    let call = place.call(7, "+15550101").await;
    let stream = callprint::types::Source::Stream(StreamId::new());
    let lease = std::time::Duration::from_secs(30);
    let purpose = callprint::dialog::Purpose::Verify;
    place.store.open_take(&call, 1, &stream, purpose, at(0), lease).await.unwrap();
    assert_eq!(
        place.store.open_take(&call, 1, &source(9), purpose, at(0), lease).await.unwrap(),
        callprint::store::TakeClaim::Elsewhere,
        "a turn has one take, whatever way it came"
    );
    place.store.finish_take(&call, 1, at(0), &LOCKOUT, |_| outcome("judged")).await.unwrap();
    let erased = place.store.delete_caller(caller, at(1)).await.unwrap();
    assert_eq!(place.store.pending_deletions().await.unwrap(), before + erased.recordings_queued);
    assert_eq!(erased.recordings_queued, 3, "the enrollment's");
}
