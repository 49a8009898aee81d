//! Enrollment: three good takes that agree make a voiceprint; until then the old one stays.

use crate::dialog::state::{Intent, Stage};
use crate::dialog::turn::Turn;
use crate::dialog::{Consent, Effect, Event, LineFacts, Sentence, Step, TakeOutcome, finish, prompts, verify};
use crate::types::Reason;

/// Takes that make a voiceprint.
const TAKES: u32 = 3;

/// Begins with the first take.
pub(super) fn start(mut turn: Turn) -> Step {
    turn.state.bad_takes = 0;
    turn.state.restarts = 0;
    let intro = if turn.facts.line.own_passphrase { prompts::ENROLL_OWN_INTRO } else { prompts::ENROLL_INTRO };
    ask(turn.say(intro), 0)
}

fn ask(turn: Turn, good: u32) -> Step {
    let sentence = question(&turn.facts.line, good);
    turn.sentence(sentence).listen(Stage::Enroll { good })
}

/// Asks for the take after `good` good ones.
pub(super) fn question(line: &LineFacts, good: u32) -> Sentence {
    let sentence = if line.own_passphrase {
        prompts::ENROLL_OWN.sentence()
    } else {
        prompts::ENROLL_SAY.sentence().with("passphrase", line.passphrase.clone())
    };
    sentence.with("take", (good + 1).to_string())
}

/// Takes what came of the take after `good` good ones.
pub(super) fn answer(mut turn: Turn, good: u32, event: &Event) -> Step {
    if let Err(reason) = may_enroll(&turn) {
        return give_up(turn, reason);
    }
    match event {
        Event::Take(TakeOutcome::Enrolled { is_ready }) => good_take(turn, good + 1, *is_ready),
        Event::Take(TakeOutcome::EnrollFault(Reason::TakesDiffer)) => restart(turn),
        Event::Take(TakeOutcome::EnrollFault(Reason::Unavailable) | TakeOutcome::Verified(_)) | Event::Lost => {
            lost(turn, good)
        }
        Event::Take(TakeOutcome::EnrollFault(reason)) => bad_take(turn, good, *reason),
        Event::Keys(keys) if keys == "*" && turn.may_repeat() => ask(turn, good),
        _ => bad_take(turn, good, Reason::NoSpeech),
    }
}

/// Whether a voiceprint may be kept now: consent stands, and an old one is replaced only by who may.
fn may_enroll(turn: &Turn) -> Result<(), Reason> {
    let caller = turn.facts.caller.as_ref().ok_or(Reason::NotEnrolled)?;
    if caller.consent != Consent::Given {
        return Err(Reason::OptedOut);
    }
    if turn.may_change_voiceprint() { Ok(()) } else { Err(Reason::Unavailable) }
}

fn good_take(turn: Turn, good: u32, is_ready: bool) -> Step {
    if good < TAKES {
        return ask(turn.say(prompts::ENROLL_GOOD), good);
    }
    if is_ready { enrolled(turn) } else { restart(turn) }
}

/// Keeps the voiceprint and goes on to the first verification with it.
fn enrolled(mut turn: Turn) -> Step {
    turn.state.intent = Intent::Login;
    let digits = turn.facts.caller.as_ref().map(|caller| spelled(&caller.account_number));
    let mut turn = turn.effect(Effect::SaveVoiceprint).say(prompts::ENROLLED);
    if let Some(digits) = digits {
        turn = turn.sentence(prompts::ACCOUNT_NUMBER.sentence().with("digits", digits));
    }
    verify::start(turn.say(prompts::ENROLL_VERIFY))
}

/// Digits with a space between them, so that every voice reads them one by one.
fn spelled(number: &str) -> String {
    number.chars().map(String::from).collect::<Vec<_>>().join(" ")
}

fn restart(mut turn: Turn) -> Step {
    turn.state.restarts += 1;
    turn.state.last_fault = Some(Reason::TakesDiffer);
    if turn.state.restarts > turn.facts.line.enrollment.max_restarts {
        return give_up(turn, Reason::TakesDiffer);
    }
    let turn = turn.effect(Effect::DiscardTakes).say(prompts::hint(Reason::TakesDiffer));
    ask(turn.say(prompts::ENROLL_RESTART), 0)
}

fn bad_take(mut turn: Turn, good: u32, reason: Reason) -> Step {
    turn.state.bad_takes += 1;
    turn.state.last_fault = Some(reason);
    if turn.state.bad_takes >= turn.facts.line.enrollment.max_bad_takes {
        return give_up(turn, reason);
    }
    ask(turn.say(prompts::hint(reason)), good)
}

fn lost(mut turn: Turn, good: u32) -> Step {
    if turn.may_lose_another() {
        ask(turn.say(prompts::hint(Reason::Unavailable)), good)
    } else {
        finish::unavailable(turn)
    }
}

fn give_up(turn: Turn, reason: Reason) -> Step {
    finish::reject(finish::discard_takes(turn).say(prompts::ENROLL_FAILED), reason)
}
