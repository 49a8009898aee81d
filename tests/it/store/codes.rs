use std::time::Duration;

use callprint::dialog::{CodeCheck, Effect};
use callprint::store::{CallerRef, NewCode, StoreError, TurnCommit};
use callprint::types::{CallerId, E164};

use super::{LOCKOUT, Place, at, turn, voiceprint};

const DAY: Duration = Duration::from_hours(24);

async fn code(place: &Place, owner: Option<&str>) -> NewCode {
    let owner = owner.map(CallerRef::parse);
    place.store.new_enrollment_code(owner.as_ref(), DAY, at(0)).await.unwrap()
}

async fn check(place: &Place, digits: &str, caller: Option<CallerId>) -> CodeCheck {
    place.store.check_code(digits, caller, at(1)).await.unwrap().check
}

#[tokio::test]
async fn a_code_is_eight_digits_and_only_its_keyed_hash_is_kept() {
    let place = Place::new();
    let code = code(&place, None).await;
    assert!(code.digits.len() == 8 && code.digits.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(code.expires_at, at(86_400));
    let row: String = place
        .sql()
        .query_row("SELECT hex(mac) || coalesce(caller, '') FROM enrollment_codes", [], |row| row.get(0))
        .unwrap();
    assert!(!row.contains(&code.digits), "{row}");
    let event = place.store.audit_events(None, 1).await.unwrap().remove(0);
    assert!(event.kind == "code_made" && !event.detail.to_string().contains(&code.digits));
}

#[tokio::test]
async fn a_code_works_once() {
    let mut place = Place::new();
    let digits = code(&place, None).await.digits;
    place.reopen().await;
    assert_eq!(check(&place, &digits, None).await, CodeCheck::Unbound);
    let (one, two) = (place.call(1, "+15550100001").await, place.call(2, "+15550100002").await);
    place.turn(&one, vec![Effect::RedeemCode(digits.clone())]).await.unwrap();
    assert_eq!(check(&place, &digits, None).await, CodeCheck::Wrong);
    let late = place.turn(&two, vec![Effect::RedeemCode(digits)]).await;
    assert!(matches!(late, Err(StoreError::CodeInvalid)), "{late:?}");
    assert_eq!(place.found(&two).await.turn, 1, "the turn is still to be taken");
}

#[tokio::test]
async fn a_code_ends_with_its_time() {
    let place = Place::new();
    let digits = code(&place, None).await.digits;
    let check = async |seconds| place.store.check_code(&digits, None, at(seconds)).await.unwrap().check;
    assert_eq!((check(86_399).await, check(86_400).await), (CodeCheck::Unbound, CodeCheck::Wrong));
    let purged = place.store.purge(at(3 * 86_400)).await.unwrap();
    assert_eq!((purged.codes, place.count("enrollment_codes")), (1, 0));
}

#[tokio::test]
async fn digits_that_are_no_code_are_wrong() {
    let place = Place::new();
    let digits = code(&place, None).await.digits;
    for typed in ["", "1", "not digits", &digits[..7], &format!("{digits}0")] {
        assert_eq!(check(&place, typed, None).await, CodeCheck::Wrong, "{typed}");
    }
}

#[tokio::test]
async fn a_callers_code_is_worth_nothing_to_another() {
    let place = Place::new();
    let (owner, other) = (place.enrolled(1, "+15550100001").await, place.enrolled(2, "+15550100002").await);
    let code = code(&place, Some("+15550100001")).await;
    assert_eq!(code.caller, Some(owner));
    assert_eq!(check(&place, &code.digits, Some(owner)).await, CodeCheck::Bound);
    assert_eq!(check(&place, &code.digits, Some(other)).await, CodeCheck::Wrong);
    let unknown = place.store.check_code(&code.digits, None, at(1)).await.unwrap();
    assert_eq!((unknown.check, unknown.owner), (CodeCheck::Bound, Some(owner)));
}

#[tokio::test]
async fn a_code_for_a_new_number_or_user_makes_the_caller() {
    let place = Place::new();
    let number = code(&place, Some("+15550100001")).await.caller.unwrap();
    let user = code(&place, Some("alice")).await.caller.unwrap();
    let found = place.store.caller_by_number(&E164::parse("+15550100001").unwrap()).await.unwrap().unwrap();
    assert_eq!((found.id, found.is_enrolled), (number, false));
    assert_eq!(place.store.caller(user).await.unwrap().unwrap().user_id.as_deref(), Some("alice"));
    let account = CallerRef::Account("00000000".to_owned());
    let nobody = place.store.new_enrollment_code(Some(&account), DAY, at(0)).await;
    assert!(matches!(nobody, Err(StoreError::UnknownCaller)));
}

#[tokio::test]
async fn a_callers_own_code_replaces_their_voiceprint_and_anybodys_does_not() {
    let place = Place::new();
    let id = place.enrolled(1, "+15550100001").await;
    for (n, owner, is_replaced) in [(2, None, false), (3, Some("+15550100001"), true)] {
        let digits = code(&place, owner).await.digits;
        let call = place.call(n, "+15550100001").await;
        place.turn(&call, vec![Effect::RedeemCode(digits)]).await.unwrap();
        place.take(&call, voiceprint(b"new")).await;
        let saved = place.turn(&call, vec![Effect::SaveVoiceprint]).await;
        assert_eq!(saved.is_ok(), is_replaced, "{owner:?}: {saved:?}");
    }
    assert_eq!(place.store.voiceprint(id).await.unwrap().unwrap().bytes, b"new");
}

#[tokio::test]
async fn a_code_and_the_caller_it_names_come_in_one_turn() {
    let place = Place::new();
    let code = code(&place, Some("alice")).await;
    let call = place.call(1, "+15550100001").await;
    let effects = vec![Effect::RedeemCode(code.digits), Effect::BindCaller];
    place.store.commit_turn(TurnCommit { caller: code.caller, effects, ..turn(&call, 1) }, &LOCKOUT).await.unwrap();
    assert_eq!(place.found(&call).await.caller, code.caller);
}
