use super::*;
use crate::dialog::{Asked, CallSigns, ask_again};
use crate::types::Attestation;

fn risky() -> Risk {
    Risk::of(&CallSigns {
        attestation: Attestation::Failed,
        is_withheld: false,
        is_forwarded: false,
        callers_of_number: 1,
        numbers_of_caller: 1,
        recent_failures: 0,
        is_first_call: false,
    })
}

fn with_challenge(challenge: ChallengePolicy, risk: Risk) -> Call {
    let mut facts = Facts { risk, ..member() };
    facts.line.challenge = challenge;
    Call::begin(facts).silence()
}

fn asked(call: &Call) -> Option<&Asked> {
    call.last.state.asked()
}

#[test]
fn a_challenge_is_asked_as_the_line_wants_and_as_the_call_deserves() {
    let harmless = Risk::default;
    for (policy, risk, is_asked) in [
        (ChallengePolicy::Never, risky(), false),
        (ChallengePolicy::Risk, harmless(), false),
        (ChallengePolicy::Risk, risky(), true),
        (ChallengePolicy::Always, harmless(), true),
    ] {
        let call = with_challenge(policy, risk);
        let call = call.says(&[if is_asked { "verify_challenge" } else { "verify_say" }]).listens();
        assert_eq!(asked(&call).is_some(), is_asked, "{policy:?}");
    }
}

#[test]
fn a_challenge_is_told_and_kept_with_the_time_it_is_good_for() {
    let call = with_challenge(ChallengePolicy::Always, Risk::default());
    assert_eq!(call.last.reply.say[0].args["challenge"], "4 7 2, 9 1 3");
    let asked = asked(&call).unwrap();
    assert_eq!((asked.code.as_str(), asked.until), ("d472913", noon() + jiff::SignedDuration::from_secs(60)));
}

#[test]
fn every_question_has_a_challenge_of_its_own() {
    let mut call = with_challenge(ChallengePolicy::Always, Risk::default());
    for (code, event) in [
        ("d111111", Event::Take(TakeOutcome::Verified(Verdict::Retry { reason: Reason::ChallengeExpired }))),
        ("d222222", Event::Keys("*".to_owned())),
        ("d333333", Event::Lost),
    ] {
        call.facts.fresh_challenge = Some(FreshChallenge { code: code.to_owned(), spoken: "anything".to_owned() });
        call = call.on(&event).listens();
        assert_eq!(asked(&call).unwrap().code, code);
    }
}

#[test]
fn a_take_that_never_came_is_asked_for_with_the_same_challenge() {
    let call = with_challenge(ChallengePolicy::Always, Risk::default());
    let again = ask_again(&call.last.state, &call.facts.line).unwrap();
    assert_eq!(again.say, call.last.reply.say);
}

#[test]
fn what_sounds_like_a_recording_is_asked_for_something_new() {
    for reason in [Reason::ReplaySuspected, Reason::SyntheticSuspected] {
        let call = with_challenge(ChallengePolicy::Risk, Risk::default()).retry(reason);
        let call = call.says(&[&format!("hint_{reason}"), "verify_challenge"]).listens();
        assert!(call.last.state.risk().asks_for_challenge());
    }
    let call = with_challenge(ChallengePolicy::Risk, Risk::default()).retry(Reason::VoiceMismatch);
    call.says(&["hint_voice_mismatch", "verify_say"]);
}

#[test]
fn the_next_verification_of_a_call_begins_without_the_last_ones_suspicion() {
    let mut facts = member();
    facts.line.challenge = ChallengePolicy::Risk;
    let call = Call::begin(facts)
        .keys("1")
        .retry(Reason::ReplaySuspected)
        .says(&["hint_replay_suspected", "verify_challenge"]);
    call.accept().three_good_takes().says(&["enrolled", "account_number", "enroll_verify", "verify_say"]);
}

#[test]
fn without_a_challenge_to_ask_a_line_that_must_have_one_lets_nobody_in() {
    let mut facts = Facts { fresh_challenge: None, ..member() };
    facts.line.challenge = ChallengePolicy::Always;
    let call = Call::begin(facts.clone()).silence();
    call.says(&["apology", "continue"]).ends_rejected(Reason::Unavailable);
    facts.line.challenge = ChallengePolicy::Risk;
    facts.risk = risky();
    Call::begin(facts).silence().says(&["verify_say"]).listens();
}

#[test]
fn a_line_of_own_sentences_asks_for_the_callers_own() {
    let mut facts = acquaintance(Consent::Given);
    facts.line.own_passphrase = true;
    let call = Call::begin(facts).says(&["greeting", "enroll_own_intro", "enroll_own"]).good_take();
    let call = call
        .says(&["enroll_good", "enroll_own"])
        .good_take()
        .on(&Event::Take(TakeOutcome::Enrolled { is_ready: true }));
    call.says(&["enrolled", "account_number", "enroll_verify", "verify_own"]).listens();
}
