//! What is read in one transaction is what the single questions answer.

use callprint::dialog::{CodeCheck, Effect, Purpose};
use callprint::store::{CallerRef, HeldFor, NewLearning, Scope, StoreError, TakeResult, Typed};
use callprint::types::{Reason, Tenant, Verdict};

use super::{Place, at, attempt, new_call, print, sid, source};

const ANNA: &str = "+15550101";
const MODEL: &str = "campplus";

fn verify() -> HeldFor {
    HeldFor::Verify { model: MODEL.to_owned() }
}

fn mismatch() -> TakeResult {
    attempt(Verdict::Retry { reason: Reason::VoiceMismatch })
}

#[tokio::test]
async fn a_probe_is_held_against_all_that_is_known_of_its_caller_and_call() {
    let place = Place::new();
    let anna = place.enrolled(1, ANNA).await;
    for (model, label) in [(MODEL, "ours"), ("another", "not ours")] {
        place.store.watch(&Tenant::main(), label.into(), model.into(), b"voice".to_vec(), at(0)).await.unwrap();
    }
    let call = place.call(2, ANNA).await;
    let learned = Some(NewLearning { from_version: 0, bytes: b"learned".to_vec() });
    let result = TakeResult { heard: Some(b"heard".to_vec()), print: Some(b"probe".to_vec()), learned, ..mismatch() };
    place.take(&call, result).await;
    place.turn(&call, vec![]).await.unwrap();
    let turn = place.found(&call).await.turn;
    place.store.open_take(&call, turn, &source(7), Purpose::Verify, at(5), std::time::Duration::ZERO).await.unwrap();

    let held = place.store.held_against(&call, turn, verify()).await.unwrap();
    assert_eq!(held.call, Some(place.found(&call).await));
    assert_eq!(held.opened_at, Some(at(5)));
    assert_eq!(held.caller, place.store.caller(anna).await.unwrap());
    assert!(held.voiceprint == place.store.voiceprint(anna).await.unwrap() && held.voiceprint.is_some());
    assert!(held.learned == place.store.learned(anna).await.unwrap() && held.learned.version == 1);
    assert_eq!(held.heard, [b"heard"]);
    assert_eq!(held.probes, [b"probe"]);
    let watched: Vec<_> = held.watched.iter().map(|(watched, voice)| (&watched.label[..], &voice[..])).collect();
    assert_eq!(watched, [("ours", &b"voice"[..])]);
    assert!(held.enrollment.is_empty() && held.recent_failures == 0);

    let uploaded = place.store.held_against_caller(anna, MODEL, at(9)).await.unwrap();
    assert!(uploaded.voiceprint == held.voiceprint && uploaded.learned == held.learned);
    assert_eq!((uploaded.caller, uploaded.heard, uploaded.watched), (held.caller, held.heard, held.watched));
    assert_eq!((uploaded.call, uploaded.opened_at, uploaded.recent_failures), (None, None, 1));
}

#[tokio::test]
async fn an_enrollment_take_opens_no_voiceprint() {
    let place = Place::new();
    place.enrolled(1, ANNA).await;
    let call = place.call(2, ANNA).await;
    place.take(&call, print(b"first")).await;
    place.turn(&call, vec![]).await.unwrap();
    let held = place.store.held_against(&call, 2, HeldFor::Enroll).await.unwrap();
    assert_eq!((held.enrollment, held.opened_at, held.caller), (vec![b"first".to_vec()], None, None));
    assert!(held.voiceprint.is_none() && held.watched.is_empty());
}

#[tokio::test]
async fn a_call_about_nobody_is_held_against_nobody() {
    let place = Place::new();
    let unknown = place.store.held_against(&sid(9), 1, verify()).await;
    assert!(matches!(unknown, Err(StoreError::UnknownCall)));
    let call = place.call(1, ANNA).await;
    let held = place.store.held_against(&call, 1, verify()).await.unwrap();
    assert!(held.caller.is_none() && held.voiceprint.is_none() && held.call.is_some());
}

#[tokio::test]
async fn a_turns_facts_are_those_of_the_calls_caller_or_of_the_account_just_typed() {
    let place = Place::new();
    let anna = place.enrolled(1, ANNA).await;
    let account = place.store.caller(anna).await.unwrap().unwrap().account_number;
    let call = place.call(2, ANNA).await;
    place.take(&call, mismatch()).await;
    let call = place.call(3, ANNA).await;
    let call = place.found(&call).await;
    let now = at(60);
    let facts = place.store.turn_facts(&call, Typed::Nothing, now).await.unwrap();
    assert_eq!(facts.caller.as_ref().map(|caller| caller.id), Some(anna));
    assert_eq!(facts.standings, place.store.standing(Some(anna), call.origin.number(), None, now).await.unwrap());
    assert_eq!(facts.history, place.store.history(&call, Some(anna), None, now).await.unwrap());
    assert_eq!((facts.history.recent_failures, facts.claim, facts.code), (1, None, None));

    for digits in [account, ANNA[1..].to_owned()] {
        let typed = place.store.turn_facts(&call, Typed::Account(Some(digits)), now).await.unwrap();
        assert_eq!((typed.caller.map(|caller| caller.id), typed.claim), (Some(anna), None));
    }
    // An account without a voiceprint looks like one that does not exist.
    let user = (Tenant::main(), "ben".to_owned());
    let (ben, _) = place.store.profile(&user.0, &user.1, true, at(0)).await.unwrap();
    for digits in [ben.account_number, "00000000".to_owned()] {
        let typed = place.store.turn_facts(&call, Typed::Account(Some(digits.clone())), now).await.unwrap();
        assert_eq!((typed.caller, typed.claim), (None, Some(digits.clone())));
        let standings = place.store.standing(None, call.origin.number(), Some(&digits), now).await.unwrap();
        assert_eq!(typed.standings, standings);
    }
    let typed = place.store.turn_facts(&call, Typed::Account(None), now).await.unwrap();
    assert_eq!((typed.caller, typed.claim), (None, None));
}

#[tokio::test]
async fn a_typed_code_leads_to_its_owner_where_the_call_is_about_nobody() {
    let place = Place::new();
    let anna = place.enrolled(1, ANNA).await;
    let code = place.store.new_enrollment_code(Some(&CallerRef::Id(anna)), std::time::Duration::MAX, at(0)).await;
    let digits = code.unwrap().digits;
    let stranger = place.store.begin_call(new_call(5, callprint::types::Origin::Withheld)).await.unwrap();
    let facts = place.store.turn_facts(&stranger, Typed::Code(digits.clone()), at(1)).await.unwrap();
    assert_eq!(facts.caller.map(|caller| caller.id), Some(anna));
    assert_eq!(facts.code.map(|code| code.check), Some(CodeCheck::Bound));
    let ben = place.enrolled(6, "+15550102").await;
    let call = place.call(7, "+15550102").await;
    let call = place.found(&call).await;
    let facts = place.store.turn_facts(&call, Typed::Code(digits), at(1)).await.unwrap();
    assert_eq!(facts.caller.map(|caller| caller.id), Some(ben));
    assert_eq!(facts.code.map(|code| code.check), Some(CodeCheck::Wrong));
}

#[tokio::test]
async fn a_watch_list_hit_is_written_with_the_attempt_it_belongs_to() {
    let place = Place::new();
    let anna = place.enrolled(1, ANNA).await;
    let hit = place.store.watch(&Tenant::main(), "x".into(), MODEL.into(), b"voice".to_vec(), at(0)).await.unwrap();
    let call = place.call(2, ANNA).await;
    place.take(&call, TakeResult { watch_hit: Some(hit.clone()), ..mismatch() }).await;
    place.turn(&call, vec![Effect::End]).await.unwrap();
    let events = place.store.audit_events(Some(anna), 9).await.unwrap();
    let hits: Vec<_> = events.iter().filter(|event| event.kind == "watch_list_hit").collect();
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].detail, serde_json::json!({ "watch_list_id": hit.id, "label": "x" }));
}

#[tokio::test]
async fn a_use_beyond_the_days_limit_is_counted_as_refused_too() {
    let place = Place::new();
    let wanted = callprint::store::NewApiKey {
        tenant: Tenant::main(),
        name: "a".to_owned(),
        scopes: vec![Scope::Verify],
        per_minute: 9,
        per_day: 2,
        is_demo: false,
        expires_at: None,
    };
    let key = place.store.new_api_key(wanted, at(0)).await.unwrap().key.id;
    for is_within in [true, true, false] {
        assert_eq!(place.store.count_within(&key, ("requests", "throttled"), 2, at(1)).await.unwrap(), is_within);
    }
    let usage = place.store.usage(&key, at(0)).await.unwrap();
    let counts: Vec<_> = usage.iter().map(|usage| (&usage.what[..], usage.count)).collect();
    assert_eq!(counts, [("requests", 3), ("throttled", 1)]);
}
