//! The enrolled caller's short menu, and the deletion it offers.

use crate::dialog::state::{Intent, Stage};
use crate::dialog::turn::Turn;
use crate::dialog::{Effect, Event, Keys, Step, account, finish, prompts, verify};

/// Seconds the menu waits: most callers want in, and silence lets them.
const MENU_TIMEOUT_S: u32 = 3;

/// Seconds to think before a voiceprint is deleted.
const CONFIRM_TIMEOUT_S: u32 = 5;

/// Offers the choices.
pub(super) fn ask(turn: Turn) -> Step {
    turn.say(prompts::MENU).gather(Stage::Menu, Keys::One, MENU_TIMEOUT_S)
}

/// Takes the choice. None of them does anything before the caller is verified or typed a code.
pub(super) fn answer(mut turn: Turn, event: &Event) -> Step {
    match event {
        Event::Keys(keys) => match keys.as_str() {
            "1" => verify_for(turn, Intent::Reenroll),
            "2" => account::ask_code(turn),
            "9" => verify_for(turn, Intent::OptOut),
            _ if turn.may_repeat() => ask(turn),
            _ => verify::start(turn),
        },
        _ => verify::start(turn),
    }
}

fn verify_for(mut turn: Turn, intent: Intent) -> Step {
    turn.state.intent = intent;
    verify::start(turn.say(prompts::VERIFY_FIRST))
}

/// Asks the verified caller whether the voiceprint shall really go.
pub(super) fn confirm_opt_out(turn: Turn) -> Step {
    turn.say(prompts::CONFIRM_OPT_OUT).gather(Stage::ConfirmOptOut, Keys::One, CONFIRM_TIMEOUT_S)
}

/// Takes the confirmation; without one the voiceprint stays and the caller, verified a moment ago, goes on.
pub(super) fn answer_opt_out(mut turn: Turn, event: &Event) -> Step {
    match event {
        Event::Keys(keys) if keys == "1" => finish::goodbye(turn.effect(Effect::OptOut).say(prompts::OPT_OUT_DONE)),
        Event::Keys(keys) if keys != "2" && turn.may_repeat() => confirm_opt_out(turn),
        Event::Silence if turn.may_repeat() => confirm_opt_out(turn),
        _ => finish::accept(turn.say(prompts::OPT_OUT_KEPT)),
    }
}
