use super::*;
use crate::dialog::{CodeCheck, Keys, Lookup};

fn code(check: CodeCheck) -> Event {
    Event::Code { keys: "731905".to_owned(), check }
}

fn redeemed() -> Effect {
    Effect::RedeemCode("731905".to_owned())
}

#[test]
fn an_enrolled_number_gets_the_menu_for_three_seconds() {
    let call = Call::begin(member()).says(&["greeting", "menu"]).does(&[]);
    assert_eq!(call.last.reply.next, Next::Gather { keys: Keys::One, timeout_s: 3 });
}

#[test]
fn a_withheld_number_is_asked_for_the_account_number() {
    let call = Call::begin(withheld(member())).says(&["greeting", "ask_account", "ask_account_new"]);
    assert_eq!(call.last.state.lookup(), Lookup::Account);
    assert_eq!(call.last.reply.next, Next::Gather { keys: Keys::UntilPound(15), timeout_s: 8 });
}

#[test]
fn a_number_that_is_no_hint_is_asked_even_when_it_is_on_file() {
    let facts = Facts { has_number_hint: false, ..member() };
    Call::begin(facts).says(&["greeting", "ask_account", "ask_account_new"]);
}

#[test]
fn the_owner_of_the_typed_account_number_is_bound_to_the_call() {
    let call = Call::begin(withheld(member())).types_account(member().caller);
    let call = call.says(&["menu"]).does(&[Effect::BindCaller]);
    call.silence().listens().accept().ends_accepted();
}

#[test]
fn what_is_no_account_number_is_asked_three_times() {
    for bad in ["", "123456", "1234567890123456", "48*91057", "*"] {
        let call = Call::begin(withheld(stranger())).keys(bad);
        let call = call.says(&["account_again", "ask_account", "ask_account_new"]).silence().keys(bad);
        call.says(&["not_enrolled", "continue"]).ends_rejected(Reason::NotEnrolled);
    }
}

#[test]
fn every_account_without_a_voiceprint_sounds_like_one_that_has_one() {
    let owners = [
        None,
        acquaintance(Consent::None).caller,
        acquaintance(Consent::Given).caller,
        acquaintance(Consent::OptedOut).caller,
    ];
    let scripts: [&[&str]; 4] = [&[], &["1"], &["9"], &["2", "123", "123", "123"]];
    for owner in owners {
        for script in scripts {
            let real = Call::begin(withheld(member())).types_account(member().caller);
            let phantom = Call::begin(withheld(member())).types_account(owner.clone());
            let play = |call: Call| {
                let mut heard = vec![call.last.reply.clone()];
                let mut call = call;
                for keys in script {
                    let is_code = call.last.state.lookup() == Lookup::Code;
                    let keys = (*keys).to_owned();
                    call = call.on(&if is_code {
                        Event::Code { keys, check: CodeCheck::Wrong }
                    } else {
                        Event::Keys(keys)
                    });
                    heard.push(call.last.reply.clone());
                }
                if call.last.state.purpose().is_none() {
                    call = call.silence();
                    heard.push(call.last.reply.clone());
                }
                call = call.retry(Reason::VoiceMismatch);
                heard.push(call.last.reply.clone());
                call = call.reject(Reason::VoiceMismatch).ends_rejected(Reason::VoiceMismatch);
                heard.push(call.last.reply);
                heard
            };
            assert_eq!(play(real), play(phantom), "{owner:?} {script:?}");
        }
    }
}

#[test]
fn a_typed_account_that_nobody_has_cools_down_like_a_real_one() {
    let real = CallerFacts { standing: in_minutes(5), ..member().caller.unwrap() };
    let real = Call::begin(withheld(member())).types_account(Some(real));
    let facts = Facts { claim_standing: in_minutes(5), ..withheld(member()) };
    let mut asked = Call::begin(Facts { claim_standing: Standing::Clear, ..facts.clone() });
    asked.facts = facts;
    let phantom = asked.types_account(None);
    assert_eq!(phantom.last.reply, real.last.reply);
    phantom.says(&["cooldown_minutes", "continue"]);
}

#[test]
fn a_phantom_is_never_accepted_even_if_the_engine_said_so() {
    let call = Call::begin(withheld(member())).types_account(None).silence().accept();
    call.says(&["apology", "continue"]).ends_rejected(Reason::Unavailable);
}

#[test]
fn a_withheld_caller_without_an_account_may_enroll_and_hears_a_number_of_their_own() {
    let call = Call::begin(withheld(stranger())).keys("0").says(&["ask_consent"]).keys("1");
    let call = call.does(&[Effect::CreateCaller { keeps_number: false }, Effect::GiveConsent]);
    let call = call.three_good_takes().says(&["enrolled", "account_number", "enroll_verify", "verify_say"]);
    assert_eq!(call.last.reply.say[1].args["digits"], "4 8 2 9 1 0 5 7");
}

#[test]
fn nobody_enrolls_as_the_owner_of_a_number_that_is_no_hint() {
    let call = Call::begin(Facts { has_number_hint: false, ..acquaintance(Consent::Given) });
    call.keys("0").says(&["account_again", "ask_account", "ask_account_new"]).does(&[]);
}

#[test]
fn a_closed_line_offers_no_enrollment_to_a_withheld_caller() {
    let call = Call::begin(withheld(with_policy(EnrollmentPolicy::Closed, stranger())));
    call.says(&["greeting", "ask_account"]).keys("0").says(&["account_again", "ask_account"]);
}

#[test]
fn a_closed_line_turns_strangers_away() {
    let call = Call::begin(with_policy(EnrollmentPolicy::Closed, stranger()));
    let call = call.says(&["greeting", "not_enrolled", "continue"]).ends_rejected(Reason::NotEnrolled);
    call.does(&[record_reject(Reason::NotEnrolled), Effect::End]);

    let call = Call::begin(with_policy(EnrollmentPolicy::Closed, acquaintance(Consent::OptedOut)));
    call.ends_rejected(Reason::OptedOut);
}

#[test]
fn a_closed_line_still_verifies_its_enrolled_callers() {
    Call::begin(with_policy(EnrollmentPolicy::Closed, member())).silence().accept().ends_accepted();
}

#[test]
fn a_code_line_asks_strangers_for_a_code_and_then_for_consent() {
    let call = Call::begin(with_policy(EnrollmentPolicy::Code, stranger())).says(&["greeting", "ask_code"]);
    let call = call.on(&code(CodeCheck::Unbound)).says(&["ask_consent"]).does(&[redeemed()]);
    call.keys("1").listens().three_good_takes().listens();
}

#[test]
fn three_wrong_codes_count_towards_the_numbers_tally_and_end_the_call() {
    let call = Call::begin(with_policy(EnrollmentPolicy::Code, stranger()));
    let call = call.on(&code(CodeCheck::Wrong)).says(&["code_again", "ask_code"]).does(&[Effect::CountWrongCode]);
    let call = call.on(&code(CodeCheck::Wrong)).on(&code(CodeCheck::Wrong));
    call.says(&["code_failed", "continue"]).ends_rejected(Reason::NotEnrolled).does(&[
        Effect::CountWrongCode,
        record_reject(Reason::NotEnrolled),
        Effect::End,
    ]);
}

#[test]
fn silence_and_stars_are_no_wrong_codes_but_are_bounded() {
    let call = Call::begin(with_policy(EnrollmentPolicy::Code, stranger())).silence();
    let star = Event::Code { keys: "*".to_owned(), check: CodeCheck::Wrong };
    let call = call.on(&star).on(&star).ends_rejected(Reason::NotEnrolled);
    assert!(!call.done.contains(&Effect::CountWrongCode));
}

#[test]
fn a_number_that_guessed_too_many_codes_has_to_wait() {
    let mut call = Call::begin(with_policy(EnrollmentPolicy::Code, stranger())).on(&code(CodeCheck::Wrong));
    call.facts.number_standing = in_minutes(1);
    let call = call.on(&code(CodeCheck::Unbound)).says(&["cooldown_minute", "continue"]);
    assert!(!call.done.contains(&redeemed()));
}

#[test]
fn a_code_issued_for_the_caller_replaces_their_voiceprint_without_verification() {
    let call = Call::begin(member()).keys("2").says(&["ask_code"]).on(&code(CodeCheck::Bound));
    let call = call.does(&[redeemed(), Effect::BindCaller]).listens().three_good_takes();
    assert!(call.done.contains(&Effect::SaveVoiceprint));
}

#[test]
fn a_code_issued_for_anybody_never_replaces_a_voiceprint() {
    let call = Call::begin(member()).keys("2").on(&code(CodeCheck::Unbound));
    call.says(&["code_again", "ask_code"]).does(&[Effect::CountWrongCode]);
}

#[test]
fn wrong_codes_in_the_menu_lead_on_to_verification() {
    let call = Call::begin(member()).keys("2").silence().silence().silence();
    call.says(&["code_failed", "verify_say"]).listens().accept().ends_accepted();
}

#[test]
fn the_menu_repeats_on_star_and_on_unknown_keys_then_goes_on() {
    let call = Call::begin(member()).keys("*").says(&["menu"]).keys("7").says(&["menu"]);
    call.keys("*").says(&["verify_say"]).listens();
}
