//! What is remembered of callers between calls: fingerprints, what was learned, and what their calls looked like.

use callprint::dialog::Effect;
use callprint::store::{CallHistory, NewCall, NewLearning, TakeResult, TurnCommit};
use callprint::types::{CallerId, E164, Origin, Reason, Verdict};

use super::{LOCKOUT, Place, at, attempt, new_call, sid, turn};

const NUMBER: &str = "+15550100001";

fn mismatch() -> Verdict {
    Verdict::Retry { reason: Reason::VoiceMismatch }
}

async fn hear(place: &Place, n: u32, fingerprint: &[u8]) {
    let call = place.call(n, NUMBER).await;
    place.take(&call, TakeResult { heard: Some(fingerprint.to_vec()), ..attempt(Verdict::Accept) }).await;
}

fn learning(from_version: u32, bytes: &[u8]) -> TakeResult {
    let learned = Some(NewLearning { from_version, bytes: bytes.to_vec() });
    TakeResult { learned, ..attempt(Verdict::Accept) }
}

#[tokio::test]
async fn fingerprints_come_back_the_latest_first_and_only_so_many_are_kept() {
    let place = Place::new();
    let caller = place.enrolled(1, NUMBER).await;
    for n in 0..25_u8 {
        hear(&place, 10 + u32::from(n), &[n]).await;
    }
    let heard = place.store.heard(caller).await.unwrap();
    assert_eq!((heard.len(), heard[0].as_slice(), heard[19].as_slice()), (20, &[24][..], &[5][..]));
    assert!(place.store.heard(CallerId::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn fingerprints_are_sealed_and_follow_a_new_key() {
    let place = Place::new();
    let caller = place.enrolled(1, NUMBER).await;
    hear(&place, 2, b"fingerprint").await;
    let call = place.call(3, NUMBER).await;
    place.take(&call, learning(0, b"learned")).await;
    let sealed: Vec<u8> = place.sql().query_row("SELECT sealed FROM heard", [], |row| row.get(0)).unwrap();
    assert!(!sealed.windows(11).any(|window| window == b"fingerprint"));
    assert_eq!(place.store.rotate_key(at(5)).await.unwrap().resealed, 3);
    assert_eq!(place.store.heard(caller).await.unwrap(), [b"fingerprint"]);
    assert_eq!(place.store.learned(caller).await.unwrap().bytes.unwrap(), b"learned");
}

#[tokio::test]
async fn whoever_opts_out_is_forgotten_altogether() {
    let place = Place::new();
    let caller = place.enrolled(1, NUMBER).await;
    hear(&place, 2, b"fingerprint").await;
    let call = place.call(3, NUMBER).await;
    place.take(&call, learning(0, b"learned")).await;
    place.turn(&call, vec![Effect::OptOut, Effect::End]).await.unwrap();
    assert_eq!((place.count("heard"), place.count("learned")), (0, 0));
    assert!(place.store.heard(caller).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_two_takes_that_teach_at_once_the_first_counts() {
    let place = Place::new();
    let caller = place.enrolled(1, NUMBER).await;
    for (n, from_version, bytes) in [(2, 0, b"a"), (3, 0, b"b"), (4, 1, b"c")] {
        let call = place.call(n, NUMBER).await;
        place.take(&call, learning(from_version, bytes)).await;
    }
    let learned = place.store.learned(caller).await.unwrap();
    assert_eq!((learned.version, learned.bytes.unwrap()), (2, b"c".to_vec()));
}

#[tokio::test]
async fn what_was_learned_can_be_taken_back_and_goes_with_a_new_voiceprint() {
    let place = Place::new();
    let caller = place.enrolled(1, NUMBER).await;
    let call = place.call(2, NUMBER).await;
    place.take(&call, learning(0, b"learned")).await;
    assert!(place.store.unlearn(caller, at(1)).await.unwrap());
    assert!(!place.store.unlearn(caller, at(1)).await.unwrap());
    assert_eq!(place.store.learned(caller).await.unwrap().version, 0);

    place.turn(&call, vec![]).await.unwrap();
    place.take(&call, learning(0, b"again")).await;
    place.turn(&call, vec![]).await.unwrap();
    place.take(&call, super::voiceprint(b"new")).await;
    place.turn(&call, vec![Effect::SaveVoiceprint]).await.unwrap();
    assert_eq!(place.count("learned"), 0);
}

#[tokio::test]
async fn nothing_is_learned_of_a_voice_without_a_voiceprint() {
    let place = Place::new();
    let call = place.call(1, NUMBER).await;
    place.turn(&call, vec![Effect::CreateCaller { keeps_number: true }]).await.unwrap();
    place.take(&call, learning(0, b"learned")).await;
    assert_eq!(place.count("learned"), 0);
}

#[tokio::test]
async fn a_call_is_seen_with_what_else_its_number_and_caller_did_lately() {
    let place = Place::new();
    let caller = place.enrolled(1, NUMBER).await;
    let history = async |n: u32, caller, claim: Option<&str>| {
        let call = place.found(&sid(n)).await;
        place.store.history(&call, caller, claim, at(0)).await.unwrap()
    };
    let second = place.call(2, NUMBER).await;
    let quiet = CallHistory { callers_of_number: 1, numbers_of_caller: 1, recent_failures: 0, is_first_call: false };
    // The voiceprint is as old as the call, so that it counts as made in it.
    assert_eq!(history(2, Some(caller), None).await, quiet);
    place.sql().execute("UPDATE voiceprints SET made_at = made_at - 1", []).unwrap();
    assert_eq!(history(2, Some(caller), None).await, CallHistory { is_first_call: true, ..quiet });

    place.take(&second, attempt(mismatch())).await;
    assert_eq!(history(2, Some(caller), None).await.recent_failures, 0, "a call's own failures are no history");
    let third = place.call(3, NUMBER).await;
    assert_eq!(history(3, Some(caller), None).await.recent_failures, 1);
    place.take(&third, attempt(Verdict::Accept)).await;
    assert!(!history(3, Some(caller), None).await.is_first_call);

    // The same caller from another number, and a claim that nobody has from the first.
    let other = NewCall { caller: Some(caller), ..new_call(4, Origin::Number(E164::parse("+15550100002").unwrap())) };
    place.store.begin_call(other).await.unwrap();
    assert_eq!(history(4, Some(caller), None).await.numbers_of_caller, 2);
    let claimed = place.call(5, NUMBER).await;
    place.sql().execute("UPDATE calls SET caller = NULL WHERE sid = ?", [claimed.as_str()]).unwrap();
    let claim = TurnCommit { claim: Some("12345678".to_owned()), ..turn(&claimed, 1) };
    place.store.commit_turn(claim, &LOCKOUT).await.unwrap();
    place.take(&claimed, attempt(mismatch())).await;
    place.call(6, NUMBER).await;
    let of_claim = history(6, None, Some("12345678")).await;
    assert_eq!((of_claim.callers_of_number, of_claim.recent_failures), (2, 2));

    place.sql().execute("UPDATE attempts SET at = at - 86400001", []).unwrap();
    place
        .sql()
        .execute("UPDATE calls SET started_at = started_at - 86400001 WHERE sid <> ?", [sid(6).as_str()])
        .unwrap();
    let later = history(6, Some(caller), None).await;
    assert_eq!((later.callers_of_number, later.numbers_of_caller, later.recent_failures), (1, 1, 0));
}
