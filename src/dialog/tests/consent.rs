use super::*;

#[test]
fn a_stranger_is_asked_before_anything_is_kept() {
    Call::begin(stranger()).says(&["greeting", "ask_consent"]).does(&[]);
}

#[test]
fn one_is_yes_and_makes_a_caller_with_the_number() {
    let call = Call::begin(stranger()).keys("1").says(&["consent_given", "enroll_intro", "enroll_say"]);
    call.does(&[Effect::CreateCaller { keeps_number: true }, Effect::GiveConsent]).listens();
}

#[test]
fn two_is_no_and_is_remembered() {
    let call = Call::begin(stranger()).keys("2").says(&["consent_refused", "continue"]);
    call.ends_rejected(Reason::OptedOut).does(&[
        Effect::CreateCaller { keeps_number: true },
        Effect::OptOut,
        record_reject(Reason::OptedOut),
        Effect::End,
    ]);
}

#[test]
fn a_no_without_a_number_leaves_nothing_behind() {
    let call = Call::begin(withheld(stranger())).keys("0").keys("2");
    call.does(&[record_reject(Reason::OptedOut), Effect::End]);
}

#[test]
fn silence_is_neither_yes_nor_no() {
    let call = Call::begin(stranger()).silence().says(&["consent_again"]).keys("5").says(&["consent_again"]);
    let call = call.silence().says(&["consent_missing", "continue"]).ends_rejected(Reason::NotEnrolled);
    call.does(&[record_reject(Reason::NotEnrolled), Effect::End]);
}

#[test]
fn a_known_caller_who_consented_goes_straight_to_enrollment() {
    Call::begin(acquaintance(Consent::Given)).says(&["greeting", "enroll_intro", "enroll_say"]).listens();
}

#[test]
fn a_known_caller_is_not_made_twice() {
    Call::begin(acquaintance(Consent::None)).keys("1").does(&[Effect::GiveConsent]);
}

#[test]
fn an_opt_out_blocks_enrollment_until_consent_is_given_again() {
    let call = Call::begin(acquaintance(Consent::OptedOut)).says(&["greeting", "opted_out"]);
    call.clone().keys("2").ends_rejected(Reason::OptedOut).does(&[record_reject(Reason::OptedOut), Effect::End]);
    call.clone().silence().silence().silence().ends_rejected(Reason::OptedOut);
    call.keys("1").does(&[Effect::GiveConsent]).says(&["consent_given", "enroll_intro", "enroll_say"]);
}

#[test]
fn a_no_deletes_no_voiceprint_that_another_call_made_meanwhile() {
    let mut call = Call::begin(acquaintance(Consent::None));
    call.facts = member();
    let call = call.keys("2").ends_rejected(Reason::OptedOut);
    assert!(!call.done.contains(&Effect::OptOut));
}
