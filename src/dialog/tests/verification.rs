use super::*;
use crate::dialog::LastTry;

fn verifying() -> Call {
    Call::begin(member()).silence()
}

#[test]
fn silence_in_the_menu_leads_to_the_passphrase() {
    let call = verifying().says(&["verify_say"]).listens();
    assert_eq!(call.last.reply.say[0].args["passphrase"], "never forget tomorrow is a new day");
}

#[test]
fn an_accept_goes_on_as_the_line_wants() {
    verifying().accept().says(&["verified", "continue"]).ends_accepted().does(&[Effect::End]);
}

#[test]
fn every_retry_has_its_hint() {
    for reason in Reason::ALL {
        let mut call = verifying();
        call.facts.line.challenge = ChallengePolicy::Never;
        let call = call.retry(reason);
        call.says(&[&format!("hint_{reason}"), "verify_say"]).does(&[]).listens();
    }
}

#[test]
fn the_engine_is_told_which_try_is_the_last() {
    let call = verifying();
    let last = |call: &Call| call.last.state.last_try(&call.facts.line);
    assert_eq!(last(&call), LastTry { mismatch: false, bad_take: false });
    let call = call.retry(Reason::VoiceMismatch);
    assert_eq!(last(&call), LastTry { mismatch: true, bad_take: false });
    let call = call.retry(Reason::TooQuiet).retry(Reason::TooQuiet);
    assert_eq!(last(&call), LastTry { mismatch: true, bad_take: true });
}

#[test]
fn a_reject_is_final_and_does_not_say_why_a_voice_did_not_match() {
    for reason in [Reason::VoiceMismatch, Reason::PhraseMismatch, Reason::ReplaySuspected] {
        verifying().reject(reason).says(&["rejected", "continue"]).ends_rejected(reason).does(&[Effect::End]);
    }
}

#[test]
fn a_reject_for_quality_says_what_was_wrong() {
    verifying().reject(Reason::TooNoisy).says(&["hint_too_noisy", "rejected", "continue"]);
}

#[test]
fn retries_beyond_the_bound_end_in_a_reject_even_if_the_engine_goes_on() {
    let call = verifying().retry(Reason::VoiceMismatch).retry(Reason::VoiceMismatch);
    call.ends_rejected(Reason::VoiceMismatch);
}

#[test]
fn silence_is_a_bad_take_whose_attempt_is_recorded_here() {
    let call = verifying().silence().says(&["hint_no_speech", "verify_say"]);
    let call = call.does(&[record_retry(Reason::NoSpeech)]).silence().silence();
    call.ends_rejected(Reason::NoSpeech).does(&[record_reject(Reason::NoSpeech), Effect::End]);
}

#[test]
fn star_repeats_the_passphrase_without_counting() {
    let call = verifying().keys("*").says(&["verify_say"]).keys("*").does(&[]);
    call.keys("*").says(&["hint_no_speech", "verify_say"]).does(&[record_retry(Reason::NoSpeech)]);
}

#[test]
fn stars_in_the_menu_do_not_use_up_those_of_the_passphrase() {
    let call = Call::begin(member()).keys("*").keys("*").silence();
    call.keys("*").says(&["verify_say"]).keys("*").says(&["verify_say"]).does(&[]);
}

#[test]
fn a_lost_take_is_asked_for_once_more_and_is_never_a_pass() {
    let call = verifying().on(&Event::Lost).says(&["hint_unavailable", "verify_say"]);
    let call = call.does(&[record_retry(Reason::Unavailable)]).on(&Event::Lost);
    call.says(&["apology", "continue"]).ends_rejected(Reason::Unavailable);
}

#[test]
fn an_outcome_of_another_purpose_counts_as_lost() {
    verifying().good_take().says(&["hint_unavailable", "verify_say"]);
}

#[test]
fn a_cooldown_in_the_middle_of_a_call_stops_the_next_try() {
    let mut call = verifying();
    call.facts.caller.as_mut().unwrap().standing = in_minutes(10);
    let call = call.retry(Reason::VoiceMismatch).says(&["hint_voice_mismatch", "cooldown_minutes", "continue"]);
    assert!(matches!(call.last.state.verdict(), Some(Verdict::Cooldown { .. })));
}

#[test]
fn an_accept_that_comes_after_the_lock_is_not_one() {
    let mut call = verifying();
    call.facts.number_standing = Standing::Locked;
    call.accept().says(&["locked", "continue"]).ends_rejected(Reason::LockedOut);
}

#[test]
fn a_cooldown_from_the_engine_is_not_recorded_twice() {
    let Standing::Cooldown { until } = in_minutes(3) else { unreachable!() };
    let call = verifying().verified(Verdict::Cooldown { until }).says(&["cooldown_minutes", "continue"]);
    call.does(&[Effect::End]);
}

#[test]
fn hanging_up_during_verification_decides_nothing() {
    let call = verifying().on(&Event::HungUp).does(&[Effect::End]);
    assert_eq!((call.last.reply.next, call.last.state.verdict()), (Next::Nothing, None));
}

#[test]
fn deleting_the_voiceprint_needs_a_verification_and_a_second_yes() {
    let call = Call::begin(member()).keys("9").says(&["verify_first", "verify_say"]);
    let call = call.accept().says(&["verified", "confirm_opt_out"]).does(&[]);
    let done = call.clone().keys("1").says(&["opt_out_done", "goodbye"]).does(&[Effect::OptOut, Effect::End]);
    assert_eq!(done.last.reply.next, Next::Hangup);
    call.clone().keys("2").says(&["opt_out_kept", "verified", "continue"]).ends_accepted();
    call.silence().keys("7").silence().ends_accepted().does(&[Effect::End]);
}
