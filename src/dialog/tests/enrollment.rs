use super::*;
use crate::dialog::Purpose;

const QUALITY: [Reason; 6] =
    [Reason::NoSpeech, Reason::TooShort, Reason::TooQuiet, Reason::TooLoud, Reason::TooNoisy, Reason::Clipped];

fn enrolling() -> Call {
    Call::begin(stranger()).keys("1")
}

#[test]
fn three_good_takes_make_a_voiceprint_and_lead_to_verification() {
    let call = enrolling();
    assert_eq!(call.last.state.purpose(), Some(Purpose::Enroll { take: 1 }));
    let call = call.good_take().says(&["enroll_good", "enroll_say"]).does(&[]);
    assert_eq!(call.last.reply.say[1].args["take"], "2");
    let call = call.good_take().on(&Event::Take(TakeOutcome::Enrolled { is_ready: true }));
    let call = call.says(&["enrolled", "account_number", "enroll_verify", "verify_say"]);
    let call = call.does(&[Effect::SaveVoiceprint]).listens();
    assert_eq!(call.last.state.purpose(), Some(Purpose::Verify));
    call.accept().ends_accepted();
}

#[test]
fn a_voiceprint_is_never_ready_before_the_third_take() {
    let call = enrolling().on(&Event::Take(TakeOutcome::Enrolled { is_ready: true }));
    call.says(&["enroll_good", "enroll_say"]).does(&[]);
}

#[test]
fn a_third_take_without_a_voiceprint_starts_again() {
    enrolling().good_take().good_take().good_take().says(&["hint_takes_differ", "enroll_restart", "enroll_say"]);
}

#[test]
fn every_quality_fault_has_its_hint_and_the_take_is_asked_for_again() {
    for reason in QUALITY {
        let call = enrolling().good_take().fault(reason);
        let call = call.says(&[&format!("hint_{reason}"), "enroll_say"]).listens();
        assert_eq!(call.last.state.purpose(), Some(Purpose::Enroll { take: 2 }));
    }
}

#[test]
fn bad_takes_are_bounded_and_nothing_is_kept() {
    let call = enrolling().good_take();
    let call = QUALITY[..4].iter().fold(call, |call, reason| call.fault(*reason));
    let call = call.fault(Reason::TooNoisy).says(&["enroll_failed", "continue"]).ends_rejected(Reason::TooNoisy);
    call.does(&[Effect::DiscardTakes, record_reject(Reason::TooNoisy), Effect::End]);
}

#[test]
fn silence_during_a_take_is_a_bad_take() {
    enrolling().silence().says(&["hint_no_speech", "enroll_say"]).listens();
}

#[test]
fn takes_that_differ_start_again_from_the_first_and_are_bounded() {
    let call = enrolling().good_take().good_take().fault(Reason::TakesDiffer);
    let call = call.says(&["hint_takes_differ", "enroll_restart", "enroll_say"]).does(&[Effect::DiscardTakes]);
    assert_eq!(call.last.state.purpose(), Some(Purpose::Enroll { take: 1 }));
    let call = call.fault(Reason::TakesDiffer).fault(Reason::TakesDiffer);
    call.says(&["enroll_failed", "continue"]).ends_rejected(Reason::TakesDiffer);
}

#[test]
fn star_repeats_the_sentence_without_counting_as_a_bad_take() {
    let call = enrolling().keys("*").says(&["enroll_say"]).keys("*").says(&["enroll_say"]);
    call.keys("*").says(&["hint_no_speech", "enroll_say"]);
}

#[test]
fn a_lost_take_is_asked_for_once_more_then_we_apologise() {
    let call = enrolling().on(&Event::Lost).says(&["hint_unavailable", "enroll_say"]).does(&[]);
    call.on(&Event::Lost).says(&["apology", "continue"]).ends_rejected(Reason::Unavailable).does(&[
        Effect::DiscardTakes,
        record_reject(Reason::Unavailable),
        Effect::End,
    ]);
}

#[test]
fn hanging_up_discards_the_takes() {
    let call = enrolling().good_take().on(&Event::HungUp).says(&[]);
    assert_eq!(call.last.reply.next, Next::Nothing);
    call.does(&[Effect::DiscardTakes, Effect::End]);
}

#[test]
fn withdrawn_consent_stops_an_enrollment_under_way() {
    let mut call = enrolling().good_take().good_take();
    call.facts.caller.as_mut().unwrap().consent = Consent::OptedOut;
    let call = call.on(&Event::Take(TakeOutcome::Enrolled { is_ready: true }));
    call.ends_rejected(Reason::OptedOut).does(&[Effect::DiscardTakes, record_reject(Reason::OptedOut), Effect::End]);
}

#[test]
fn a_voiceprint_that_another_call_made_meanwhile_is_not_replaced() {
    let mut call = enrolling().good_take().good_take();
    call.facts.caller.as_mut().unwrap().is_enrolled = true;
    let call = call.on(&Event::Take(TakeOutcome::Enrolled { is_ready: true }));
    assert!(!call.done.contains(&Effect::SaveVoiceprint));
    call.ends_rejected(Reason::Unavailable);
}

#[test]
fn enrolling_again_needs_a_verification_in_this_call() {
    let call = Call::begin(member()).keys("1").says(&["verify_first", "verify_say"]).listens();
    call.clone().reject(Reason::VoiceMismatch).ends_rejected(Reason::VoiceMismatch);
    let call = call.accept().says(&["verified", "enroll_intro", "enroll_say"]).does(&[]);
    let call = call.three_good_takes().does(&[Effect::SaveVoiceprint]).listens();
    call.accept().ends_accepted();
}

#[test]
fn the_old_voiceprint_stays_when_enrolling_again_fails() {
    let call = Call::begin(member()).keys("1").accept().good_take();
    let call = call.on(&Event::HungUp);
    assert!(call.facts.caller.unwrap().is_enrolled);
    assert_eq!(call.done, [Effect::DiscardTakes, Effect::End]);
}
