use callprint::dialog::{Consent, Effect};
use callprint::store::{CallerRef, StoreError, TurnCommit};
use callprint::types::{CallerId, E164, Origin, Tenant, Verdict};

use super::{LOCKOUT, Place, at, attempt, new_call, print, sid, turn, voiceprint};

#[test]
fn an_operator_names_a_caller_by_id_number_account_or_user_id() {
    let id = CallerId::new();
    assert_eq!(CallerRef::parse(&id.to_string()), CallerRef::Id(id));
    assert_eq!(CallerRef::parse("+15550100001"), CallerRef::Number(E164::parse("+15550100001").unwrap()));
    assert_eq!(CallerRef::parse("12345678"), CallerRef::Account("12345678".to_owned()));
    assert_eq!(CallerRef::parse("alice"), CallerRef::User(Tenant::main(), "alice".to_owned()));
    assert_eq!(CallerRef::parse("user:12345678"), CallerRef::User(Tenant::main(), "12345678".to_owned()));
}

#[tokio::test]
async fn an_enrolled_caller_is_found_by_every_name_and_has_their_voiceprint() {
    let mut place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    place.reopen().await;
    let caller = place.store.caller(id).await.unwrap().unwrap();
    assert_eq!((caller.consent, caller.is_enrolled), (Consent::Given, true));
    assert!(caller.account_number.len() == 8 && caller.account_number.bytes().all(|b| b.is_ascii_digit()));
    let number = E164::parse("+15550100001").unwrap();
    assert_eq!(place.store.caller_by_number(&number).await.unwrap().as_ref(), Some(&caller));
    assert_eq!(place.store.caller_by_account(&caller.account_number).await.unwrap().as_ref(), Some(&caller));
    assert_eq!(place.store.callers(10).await.unwrap(), [caller]);
    let voiceprint = place.store.voiceprint(id).await.unwrap().unwrap();
    assert_eq!((voiceprint.bytes.as_slice(), voiceprint.model_id.as_str()), (b"+15550100001".as_slice(), "campplus"));
    assert_eq!(
        (place.count("take_prints"), place.count("pending_voiceprints")),
        (0, 0),
        "nothing is left of the takes"
    );
}

#[tokio::test]
async fn a_withheld_number_makes_a_caller_without_one() {
    let place = Place::new();
    place.store.begin_call(new_call(1, Origin::Withheld)).await.unwrap();
    place.turn(&sid(1), vec![Effect::CreateCaller { keeps_number: true }]).await.unwrap();
    let call = place.call(2, "+15550100001").await;
    place.turn(&call, vec![Effect::CreateCaller { keeps_number: false }]).await.unwrap();
    let callers = place.store.callers(10).await.unwrap();
    assert_eq!((callers.len(), callers.iter().filter(|caller| caller.number.is_some()).count()), (2, 0));
}

#[tokio::test]
async fn two_calls_from_a_new_number_at_once_are_about_one_caller() {
    let place = Place::new();
    let (one, two) = (place.call(1, "+15550100001").await, place.call(2, "+15550100001").await);
    for call in [&one, &two] {
        place.turn(call, vec![Effect::CreateCaller { keeps_number: true }, Effect::GiveConsent]).await.unwrap();
    }
    assert_eq!(place.found(&one).await.caller, place.found(&two).await.caller);
    for call in [&one, &two] {
        place.take(call, voiceprint(call.as_str().as_bytes())).await;
    }
    place.turn(&one, vec![Effect::SaveVoiceprint]).await.unwrap();
    let second = place.turn(&two, vec![Effect::SaveVoiceprint]).await;
    assert!(matches!(second, Err(StoreError::AlreadyEnrolled)), "{second:?}");
    let id = place.found(&one).await.caller.unwrap();
    assert_eq!(place.store.voiceprint(id).await.unwrap().unwrap().bytes, one.as_str().as_bytes());
}

#[tokio::test]
async fn a_voiceprint_is_replaced_only_after_an_accept_in_the_same_call() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let other = place.call(2, "+15550100001").await;
    place.take(&other, attempt(Verdict::Accept)).await;
    let call = place.call(3, "+15550100001").await;
    place.take(&call, voiceprint(b"new")).await;
    let refused = place.turn(&call, vec![Effect::SaveVoiceprint]).await;
    assert!(matches!(refused, Err(StoreError::AlreadyEnrolled)), "another call's accept: {refused:?}");

    place.turn(&other, vec![]).await.unwrap();
    place.take(&other, voiceprint(b"newer")).await;
    place.turn(&other, vec![Effect::SaveVoiceprint]).await.unwrap();
    assert_eq!(place.store.voiceprint(id).await.unwrap().unwrap().bytes, b"newer");
}

#[tokio::test]
async fn a_typed_account_binds_the_call_to_its_caller() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    place.store.begin_call(new_call(2, Origin::Withheld)).await.unwrap();
    let unbound = TurnCommit { caller: Some(id), ..turn(&sid(2), 0) };
    place.store.commit_turn(unbound, &LOCKOUT).await.unwrap();
    assert_eq!(place.found(&sid(2)).await.caller, None, "only the effect binds");
    let bind = TurnCommit { caller: Some(id), effects: vec![Effect::BindCaller], ..turn(&sid(2), 1) };
    place.store.commit_turn(bind, &LOCKOUT).await.unwrap();
    assert_eq!(place.found(&sid(2)).await.caller, Some(id));
    let nobody = TurnCommit { caller: Some(CallerId::new()), effects: vec![Effect::BindCaller], ..turn(&sid(2), 2) };
    assert!(matches!(place.store.commit_turn(nobody, &LOCKOUT).await, Err(StoreError::UnknownCaller)));
}

#[tokio::test]
async fn opting_out_deletes_the_voiceprint_and_blocks_a_new_one_until_consent_is_given_again() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let call = place.call(2, "+15550100001").await;
    place.take(&call, voiceprint(b"again")).await;
    place.turn(&call, vec![Effect::OptOut]).await.unwrap();
    let caller = place.store.caller(id).await.unwrap().unwrap();
    assert_eq!((caller.consent, caller.is_enrolled), (Consent::OptedOut, false));
    assert!(place.store.voiceprint(id).await.unwrap().is_none());

    place.take(&call, voiceprint(b"again")).await;
    let blocked = place.turn(&call, vec![Effect::SaveVoiceprint]).await;
    assert!(matches!(blocked, Err(StoreError::NoConsent)), "{blocked:?}");
    place.turn(&call, vec![Effect::GiveConsent, Effect::SaveVoiceprint]).await.unwrap();
    assert!(place.store.caller(id).await.unwrap().unwrap().is_enrolled);
    let consents: Vec<_> = place.store.consents(id).await.unwrap().into_iter().map(|record| record.consent).collect();
    assert_eq!(consents, [Consent::Given, Consent::OptedOut, Consent::Given]);
}

#[tokio::test]
async fn deleting_a_caller_leaves_nothing_of_them_but_a_proof() {
    let mut place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let call = place.call(2, "+15550100001").await;
    place.take(&call, attempt(Verdict::Accept)).await;
    place.take(&place.call(3, "+15550100002").await, print(b"somebody else's")).await;
    let account = place.store.caller(id).await.unwrap().unwrap().account_number;
    // Calls of others in which the caller's numbers turn up: shown, forwarded, typed.
    place.call(4, "+15550100003").await;
    let db = place.sql();
    db.execute("UPDATE calls SET forwarded_from = '+15550100001' WHERE sid = ?", [sid(4).as_str()]).unwrap();
    for (n, claim) in [(5, account.as_str()), (6, "15550100001")] {
        place.store.begin_call(new_call(n, Origin::Withheld)).await.unwrap();
        let typed = TurnCommit { claim: Some(claim.to_owned()), ..turn(&sid(n), 0) };
        place.store.commit_turn(typed, &LOCKOUT).await.unwrap();
    }
    let unbound = Origin::Number(E164::parse("+15550100001").unwrap());
    place.store.begin_call(new_call(7, unbound)).await.unwrap();
    drop(db);

    let erased = place.store.delete_caller(id, at(100)).await.unwrap();
    assert!(erased.had_voiceprint);
    // The enrolling call began before the caller was known, yet it is theirs as well.
    assert_eq!((erased.calls, erased.consents, erased.numbers_blanked), (2, 1, 1));
    for table in ["callers", "voiceprints", "consents", "attempts"] {
        assert_eq!(place.count(table), 0, "{table}");
    }
    assert_eq!((place.count("calls"), place.count("take_prints")), (5, 1), "the calls of others are kept");
    let proof = place.store.audit_events(Some(id), 1).await.unwrap().remove(0);
    assert_eq!((proof.kind.as_str(), proof.at), ("caller_deleted", at(100)));
    assert_eq!(proof.detail["had_voiceprint"], true);
    assert!(matches!(place.store.delete_caller(id, at(101)).await, Err(StoreError::UnknownCaller)));

    place.store.close().await;
    let files =
        std::fs::read_dir(&place.config.data_dir).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    for file in files.collect::<Vec<_>>() {
        for trace in [b"5550100001".as_slice(), account.as_bytes()] {
            assert!(!file.windows(trace.len()).any(|window| window == trace), "a trace is left on the disk");
        }
    }
    place.reopen().await;
}

#[tokio::test]
async fn deleting_a_caller_deletes_their_recordings_at_the_provider_too() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let erased = place.store.delete_caller(id, at(100)).await.unwrap();
    assert_eq!((erased.recordings_queued, place.store.pending_deletions().await.unwrap()), (3, 3));
}

#[tokio::test]
async fn audit_events_are_never_changed_or_deleted() {
    let place = Place::new();
    place.enrolled(1, "+15550100001").await;
    let db = place.sql();
    for sql in
        ["UPDATE audit_events SET kind = 'x'", "DELETE FROM audit_events", "DELETE FROM audit_events WHERE id = 1"]
    {
        let refused = db.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("audit events are never"), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn the_audit_tells_an_enrollment_without_numbers_or_voiceprints() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    let events = place.store.audit_events(Some(id), 50).await.unwrap();
    let kinds: Vec<_> = events.iter().rev().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["caller_created", "consent_given", "enrolled", "call_ended"]);
    assert!(!serde_json::to_string(&events).unwrap().contains("5550100001"));
}
