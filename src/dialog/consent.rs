//! Consent: nothing is kept of a voice before its owner agreed.

use crate::dialog::state::Stage;
use crate::dialog::turn::Turn;
use crate::dialog::{Effect, Event, Keys, Step, enroll, finish, prompts};
use crate::types::Reason;

/// Seconds to decide after the question was asked.
const TIMEOUT_S: u32 = 5;

const YES: &str = "1";
const NO: &str = "2";

/// Asks whether a voiceprint may be kept.
pub(super) fn ask(turn: Turn) -> Step {
    turn.say(prompts::ASK_CONSENT).gather(Stage::Consent, Keys::One, TIMEOUT_S)
}

/// Asks a caller who opted out whether they agree now.
pub(super) fn ask_again(turn: Turn) -> Step {
    turn.say(prompts::OPTED_OUT).gather(Stage::OptedOut, Keys::One, TIMEOUT_S)
}

/// Takes the answer to [`ask`]: a clear yes, a clear no that is remembered, or once more.
pub(super) fn answer(mut turn: Turn, event: &Event) -> Step {
    match event {
        Event::Keys(keys) if keys == YES => agreed(turn),
        Event::Keys(keys) if keys == NO => refused(turn),
        _ if turn.may_repeat() => turn.say(prompts::CONSENT_AGAIN).gather(Stage::Consent, Keys::One, TIMEOUT_S),
        _ => finish::reject(turn.say(prompts::CONSENT_MISSING), Reason::NotEnrolled),
    }
}

/// Takes the answer to [`ask_again`]: only a clear yes changes anything.
pub(super) fn answer_again(mut turn: Turn, event: &Event) -> Step {
    match event {
        Event::Keys(keys) if keys == YES => agreed(turn),
        Event::Keys(keys) if keys != NO && turn.may_repeat() => ask_again(turn),
        Event::Silence if turn.may_repeat() => ask_again(turn),
        _ => finish::reject(turn.say(prompts::CONSENT_REFUSED), Reason::OptedOut),
    }
}

fn agreed(turn: Turn) -> Step {
    let turn = with_caller(turn).effect(Effect::GiveConsent);
    enroll::start(turn.say(prompts::CONSENT_GIVEN))
}

/// Remembers the no, unless there is nothing to remember it by, or a voiceprint came to be in another call.
fn refused(turn: Turn) -> Step {
    let is_known = turn.facts.caller.is_some() || turn.facts.has_number_hint;
    let turn = if is_known && turn.may_change_voiceprint() { with_caller(turn).effect(Effect::OptOut) } else { turn };
    finish::reject(turn.say(prompts::CONSENT_REFUSED), Reason::OptedOut)
}

fn with_caller(turn: Turn) -> Turn {
    let keeps_number = turn.facts.has_number_hint;
    if turn.facts.caller.is_some() { turn } else { turn.effect(Effect::CreateCaller { keeps_number }) }
}
