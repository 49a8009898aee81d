use super::*;
use crate::dialog::{StateError, give_up};
use crate::types::E164;

fn with_afters(after: &AfterVerdict, mut facts: Facts) -> Facts {
    facts.line.after_accept = after.clone();
    facts.line.after_reject = after.clone();
    facts
}

#[test]
fn a_line_that_just_says_so_says_goodbye() {
    let call = Call::begin(with_afters(&AfterVerdict::Say, member())).silence();
    let accepted = call.clone().accept().says(&["after_accept", "goodbye"]);
    assert_eq!(accepted.last.reply.next, Next::Hangup);
    let rejected = call.reject(Reason::VoiceMismatch).says(&["rejected", "after_reject", "goodbye"]);
    assert_eq!(rejected.last.reply.next, Next::Hangup);
}

#[test]
fn a_line_with_an_agent_connects_to_them() {
    let number = E164::parse("+15550100200").unwrap();
    let call = Call::begin(with_afters(&AfterVerdict::Dial(number.clone()), member())).silence();
    let call = call.reject(Reason::VoiceMismatch).says(&["rejected", "connect_agent"]);
    assert_eq!(call.last.reply.next, Next::Dial { number });
}

#[test]
fn whoever_has_to_wait_hears_for_how_long() {
    let table = [
        (1, "cooldown_minute", None),
        (2, "cooldown_minutes", Some(("minutes", "2"))),
        (90, "cooldown_minutes", Some(("minutes", "90"))),
        (91, "cooldown_hours", Some(("hours", "2"))),
    ];
    for (minutes, key, place) in table {
        let call = Call::begin(Facts { number_standing: in_minutes(minutes), ..member() });
        let call = call.says(&["greeting", key, "continue"]);
        if let Some((name, value)) = place {
            assert_eq!(call.last.reply.say[1].args[name], value);
        }
    }
}

#[test]
fn a_cooldown_is_recorded_and_leads_to_the_way_on() {
    let standing = in_minutes(30);
    let Standing::Cooldown { until } = standing else { unreachable!() };
    let call = Call::begin(Facts { number_standing: standing, ..stranger() });
    assert_eq!(call.last.reply.next, Next::Redirect { url: REJECTED_URL.to_owned() });
    call.does(&[Effect::RecordVerdict(Verdict::Cooldown { until }), Effect::End]);
}

#[test]
fn the_stricter_of_caller_and_number_counts() {
    let mut facts = Facts { number_standing: in_minutes(2), ..member() };
    facts.caller.as_mut().unwrap().standing = in_minutes(7);
    assert_eq!(facts.standing(), in_minutes(7));
    facts.number_standing = Standing::Locked;
    Call::begin(facts).says(&["greeting", "locked", "continue"]).ends_rejected(Reason::LockedOut);
}

#[test]
fn a_call_that_is_over_stays_over() {
    let over = Call::begin(member()).silence().accept();
    for event in [Event::Silence, Event::Keys("1".to_owned()), Event::Lost, Event::HungUp] {
        let call = over.clone().on(&event).says(&[]).does(&[]);
        assert_eq!(call.last.state, over.last.state);
        let expected = if event == Event::HungUp { Next::Nothing } else { Next::Hangup };
        assert_eq!(call.last.reply.next, expected);
    }
}

#[test]
fn a_failure_outside_a_take_ends_with_an_apology() {
    Call::begin(member()).on(&Event::Lost).says(&["apology", "continue"]).ends_rejected(Reason::Unavailable);
}

#[test]
fn a_call_given_up_has_apologised_and_was_rejected() {
    let step = give_up(&member());
    assert_eq!(step.state.verdict(), Some(Verdict::Reject { reason: Reason::Unavailable }));
    assert_eq!(step.effects, [Effect::DiscardTakes, record_reject(Reason::Unavailable), Effect::End]);
}

#[test]
fn a_state_of_another_version_is_refused() {
    let kept = Call::begin(member()).last.state.to_json();
    assert!(State::from_json(&kept).is_ok());
    let other = kept.replace("\"v\":1", "\"v\":2");
    assert!(matches!(State::from_json(&other), Err(StateError::Version(2))));
    assert!(matches!(State::from_json("{"), Err(StateError::Malformed(_))));
    assert!(matches!(State::from_json("{}"), Err(StateError::Version(0))));
}

#[test]
fn a_state_kept_by_the_first_version_is_still_read() {
    let kept = r#"{"v":1,"stage":{"enroll":{"good":2}},"turns":4}"#;
    let state = State::from_json(kept).unwrap();
    assert_eq!(state.purpose(), Some(crate::dialog::Purpose::Enroll { take: 3 }));
}
