use std::time::Duration;

use callprint::dialog::{Effect, Purpose};
use callprint::store::{AttemptFilter, Finished, JobKind, StoreError, TakeClaim, TakeResult};
use callprint::types::{Reason, Verdict};

use super::{LOCKOUT, Place, at, attempt, outcome, print, recording, sid, source, voiceprint};

const LEASE: Duration = Duration::from_secs(30);
const VERIFY: Purpose = Purpose::Verify;

fn all() -> AttemptFilter {
    AttemptFilter { caller: None, line: None, since: None, limit: 100 }
}

#[tokio::test]
async fn a_take_is_judged_by_one_and_waited_for_by_the_others() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    let claim = async || place.store.open_take(&call, 1, &source(1), VERIFY, at(0), LEASE).await.unwrap();
    assert_eq!(claim().await, TakeClaim::Mine);
    assert_eq!(claim().await, TakeClaim::Running);
    place.store.finish_take(&call, 1, at(1), &LOCKOUT, |_| outcome("done")).await.unwrap();
    assert_eq!(claim().await, TakeClaim::Done("done".to_owned()));
    assert_eq!(place.store.take(&call, 1).await.unwrap().unwrap().outcome.as_deref(), Some("done"));
}

#[tokio::test]
async fn a_take_whose_judge_died_is_claimed_anew_when_the_lease_is_over() {
    let mut place = Place::new();
    let call = place.call(1, "+15550100001").await;
    place.store.open_take(&call, 1, &source(1), VERIFY, at(0), LEASE).await.unwrap();
    place.reopen().await;
    let status = place.store.take(&call, 1).await.unwrap().unwrap();
    assert_eq!((status.source, status.purpose, status.lease_until), (source(1), VERIFY, at(30)));
    let early = place.store.open_take(&call, 1, &source(1), VERIFY, at(29), LEASE).await.unwrap();
    let late = place.store.open_take(&call, 1, &source(1), VERIFY, at(30), LEASE).await.unwrap();
    assert_eq!((early, late), (TakeClaim::Running, TakeClaim::Mine));
}

#[tokio::test]
async fn a_recording_is_one_take_and_a_turn_has_one_recording() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    let open = async |turn, n| place.store.open_take(&call, turn, &source(n), VERIFY, at(0), LEASE).await.unwrap();
    assert_eq!(open(1, 1).await, TakeClaim::Mine);
    assert_eq!(open(2, 1).await, TakeClaim::Elsewhere, "the recording of another turn");
    assert_eq!(open(1, 2).await, TakeClaim::Elsewhere, "another recording of the turn");
    let unknown = place.store.open_take(&sid(9), 0, &source(3), VERIFY, at(0), LEASE).await;
    assert!(matches!(unknown, Err(StoreError::UnknownCall)));
}

#[tokio::test]
async fn the_second_finish_gets_the_first_outcome_and_counts_nothing() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    let mismatch = || attempt(Verdict::Retry { reason: Reason::VoiceMismatch });
    let first = place.take(&call, mismatch()).await;
    let other = TakeResult { outcome: "other".to_owned(), ..mismatch() };
    let second = place.store.finish_take(&call, 1, at(2), &LOCKOUT, |_| other).await.unwrap();
    assert_eq!(first, Finished::Fresh("judged".to_owned()));
    assert_eq!(second, Finished::Already("judged".to_owned()));
    assert_eq!(place.store.attempts(all()).await.unwrap().len(), 1);
    let unopened = place.store.finish_take(&call, 5, at(2), &LOCKOUT, |_| outcome("?")).await;
    assert!(matches!(unopened, Err(StoreError::UnknownTake)));
}

#[tokio::test]
async fn an_attempt_keeps_its_verdict_and_signals() {
    let place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    let verdicts = [
        Verdict::Retry { reason: Reason::TooNoisy },
        Verdict::Reject { reason: Reason::VoiceMismatch },
        Verdict::Cooldown { until: at(600) },
        Verdict::Accept,
    ];
    let call = place.call(2, "+15550100001").await;
    for verdict in verdicts {
        place.take(&call, attempt(verdict)).await;
        place.turn(&call, vec![]).await.unwrap();
    }
    let attempts = place.store.attempts(all()).await.unwrap();
    let kept: Vec<_> = attempts.iter().rev().map(|attempt| attempt.verdict).collect();
    assert_eq!(kept, verdicts);
    assert!(attempts.iter().all(|attempt| attempt.caller == Some(caller) && attempt.line().0 == "main"));
    assert_eq!(attempts[0].signals.as_ref().unwrap()["llr"], -3.5);
    assert_eq!(attempts[0].number.as_ref().unwrap().as_str(), "+15550100001");
}

#[tokio::test]
async fn attempts_are_found_by_caller_line_and_time() {
    let place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    for (n, from) in [(2, "+15550100001"), (3, "+15550100002")] {
        let call = place.call(n, from).await;
        place.take(&call, attempt(Verdict::Reject { reason: Reason::NoSpeech })).await;
    }
    let found = async |filter: AttemptFilter| place.store.attempts(filter).await.unwrap().len();
    let elsewhere = callprint::types::LineName("other".to_owned());
    assert_eq!(found(all()).await, 2);
    assert_eq!(found(AttemptFilter { limit: 1, ..all() }).await, 1);
    assert_eq!(found(AttemptFilter { caller: Some(caller), ..all() }).await, 1);
    assert_eq!(found(AttemptFilter { line: Some(elsewhere), ..all() }).await, 0);
    assert_eq!(found(AttemptFilter { since: Some(at(0)), ..all() }).await, 2);
    assert_eq!(found(AttemptFilter { since: Some(at(1)), ..all() }).await, 0);
}

#[tokio::test]
async fn what_the_dialogue_decides_takes_the_place_of_what_the_take_said() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    place.take(&call, attempt(Verdict::Accept)).await;
    let lost = Verdict::Reject { reason: Reason::Unavailable };
    place.turn(&call, vec![Effect::RecordVerdict(lost)]).await.unwrap();
    let attempts = place.store.attempts(all()).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.verdict).collect::<Vec<_>>(), [lost]);
}

#[tokio::test]
async fn a_take_that_comes_too_late_leaves_only_its_recordings_deletion() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    place.store.open_take(&call, 1, &source(1), VERIFY, at(0), LEASE).await.unwrap();
    place.turn(&call, vec![]).await.unwrap();
    let late =
        TakeResult { delete_recording: Some(recording(1)), voiceprint: voiceprint(b"v").voiceprint, ..print(b"p") };
    let late = TakeResult { attempt: attempt(Verdict::Accept).attempt, ..late };
    let finished = place.store.finish_take(&call, 1, at(9), &LOCKOUT, |_| late).await.unwrap();
    assert_eq!(finished, Finished::Late);
    assert_eq!((place.count("attempts"), place.count("take_prints"), place.count("pending_voiceprints")), (0, 0, 0));
    let waiting = place.store.queue().waiting(JobKind::Recording).await.unwrap();
    assert_eq!((&waiting[0].subject[..], waiting[0].due_at), (recording(1).as_str(), at(9)));
}

#[tokio::test]
async fn enrollment_takes_come_back_in_order_and_go_when_discarded() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    for take in [b"one", b"two"] {
        place.take(&call, print(take)).await;
        place.turn(&call, vec![]).await.unwrap();
    }
    assert_eq!(place.store.enrollment_takes(&call).await.unwrap(), [b"one", b"two"]);
    place.turn(&call, vec![Effect::DiscardTakes]).await.unwrap();
    assert!(place.store.enrollment_takes(&call).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_kept_of_probes_is_not_taken_for_an_enrollment_and_goes_with_the_call() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    place.take(&call, print(b"enrolled")).await;
    place.turn(&call, vec![]).await.unwrap();
    let near = Verdict::Retry { reason: Reason::VoiceMismatch };
    place.take(&call, TakeResult { print: Some(b"probe".to_vec()), ..attempt(near) }).await;
    assert_eq!(place.store.enrollment_takes(&call).await.unwrap(), [b"enrolled"]);
    assert_eq!(place.store.probe_takes(&call).await.unwrap(), [b"probe"]);
    place.store.end_call(&call, at(9)).await.unwrap();
    assert!(place.store.probe_takes(&call).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unfinished_enrollment_goes_with_its_call() {
    let place = Place::new();
    let call = place.call(1, "+15550100001").await;
    place.take(&call, voiceprint(b"never saved")).await;
    place.store.end_call(&call, at(9)).await.unwrap();
    assert_eq!((place.count("take_prints"), place.count("pending_voiceprints")), (0, 0));
}
