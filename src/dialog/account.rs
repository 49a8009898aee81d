//! Who is calling: the number, or a typed account number, or an enrollment code.

use crate::config::EnrollmentPolicy;
use crate::dialog::state::Stage;
use crate::dialog::turn::Turn;
use crate::dialog::{CodeCheck, Consent, Effect, Event, Keys, Step, consent, enroll, finish, menu, prompts, verify};
use crate::types::Reason;

/// Seconds between two keys of a typed number: people read it from paper.
const KEYPAD_TIMEOUT_S: u32 = 8;

/// Longest account number: E.164 has at most 15 digits, ours have 8.
const MAX_ACCOUNT_KEYS: u32 = 15;

/// Shortest account number: E.164 has at least 7 digits.
const MIN_ACCOUNT_KEYS: usize = 7;

/// Longest enrollment code; what is issued is shorter, so that a longer one is simply wrong.
const MAX_CODE_KEYS: u32 = 12;

/// The key for "I have no account number": no account number is that short.
const NO_ACCOUNT: &str = "0";

/// The first question of a call.
pub(super) fn begin(turn: Turn) -> Step {
    finish::if_clear(turn, |turn| {
        if !turn.facts.has_number_hint {
            ask(turn)
        } else if turn.is_enrolled() {
            menu::ask(turn)
        } else {
            admit(turn)
        }
    })
}

fn ask(turn: Turn) -> Step {
    let turn = turn.say(prompts::ASK_ACCOUNT);
    let turn = if may_enroll_here(&turn) { turn.say(prompts::ASK_ACCOUNT_NEW) } else { turn };
    turn.gather(Stage::Account, Keys::UntilPound(MAX_ACCOUNT_KEYS), KEYPAD_TIMEOUT_S)
}

/// Takes the typed account number. A number without an account or without a voiceprint goes on like any other.
pub(super) fn answer(mut turn: Turn, event: &Event) -> Step {
    match event {
        // The number or the digits merely suggest a caller: no one enrolls in that caller's name.
        Event::Keys(keys) if keys == NO_ACCOUNT && may_enroll_here(&turn) && turn.facts.caller.is_none() => admit(turn),
        Event::Keys(keys) if is_account_number(keys) => {
            turn.state.by_account = true;
            let turn = if turn.is_enrolled() { turn.effect(Effect::BindCaller) } else { turn };
            finish::if_clear(turn, menu::ask)
        }
        _ if turn.may_repeat() => ask(turn.say(prompts::ACCOUNT_AGAIN)),
        _ => finish::reject(turn.say(prompts::NOT_ENROLLED), Reason::NotEnrolled),
    }
}

fn is_account_number(keys: &str) -> bool {
    (MIN_ACCOUNT_KEYS..=MAX_ACCOUNT_KEYS as usize).contains(&keys.len()) && is_digits(keys)
}

fn is_digits(keys: &str) -> bool {
    keys.bytes().all(|b| b.is_ascii_digit())
}

fn may_enroll_here(turn: &Turn) -> bool {
    turn.facts.line.policy != EnrollmentPolicy::Closed
}

/// Lets a caller without a voiceprint in, as far as the line's policy goes.
fn admit(turn: Turn) -> Step {
    match turn.facts.line.policy {
        EnrollmentPolicy::Open => enter(turn),
        EnrollmentPolicy::Code => ask_code(turn),
        EnrollmentPolicy::Closed => {
            let is_out = turn.facts.caller.as_ref().is_some_and(|caller| caller.consent == Consent::OptedOut);
            let reason = if is_out { Reason::OptedOut } else { Reason::NotEnrolled };
            finish::reject(turn.say(prompts::NOT_ENROLLED), reason)
        }
    }
}

/// Goes on to the enrollment, by way of the consent it needs.
fn enter(turn: Turn) -> Step {
    match turn.facts.caller.as_ref().map_or(Consent::None, |caller| caller.consent) {
        Consent::Given => enroll::start(turn),
        Consent::None => consent::ask(turn),
        Consent::OptedOut => consent::ask_again(turn),
    }
}

/// Asks for an enrollment code.
pub(super) fn ask_code(turn: Turn) -> Step {
    turn.say(prompts::ASK_CODE).gather(Stage::Code, Keys::UntilPound(MAX_CODE_KEYS), KEYPAD_TIMEOUT_S)
}

/// Takes the typed code, unless the number guessed too many already.
pub(super) fn answer_code(turn: Turn, event: &Event) -> Step {
    finish::if_clear(turn, |turn| match event {
        Event::Code { keys, check } if is_good(&turn, *check) => redeem(turn, keys, *check),
        Event::Code { keys, .. } if !keys.is_empty() && is_digits(keys) => {
            code_again(turn.effect(Effect::CountWrongCode))
        }
        _ => code_again(turn),
    })
}

/// Whether the code opens anything here: only one issued for this very caller replaces a voiceprint.
fn is_good(turn: &Turn, check: CodeCheck) -> bool {
    match check {
        _ if turn.is_phantom() => false,
        CodeCheck::Wrong => false,
        CodeCheck::Unbound => !turn.is_enrolled(),
        CodeCheck::Bound => turn.facts.caller.is_some(),
    }
}

fn redeem(mut turn: Turn, keys: &str, check: CodeCheck) -> Step {
    turn.state.has_code = true;
    let turn = turn.effect(Effect::RedeemCode(keys.to_owned()));
    enter(if check == CodeCheck::Bound { turn.effect(Effect::BindCaller) } else { turn })
}

fn code_again(mut turn: Turn) -> Step {
    if turn.may_repeat() {
        return ask_code(turn.say(prompts::CODE_AGAIN));
    }
    let turn = turn.say(prompts::CODE_FAILED);
    if turn.is_enrolled() || turn.is_phantom() {
        verify::start(turn)
    } else {
        finish::reject(turn, Reason::NotEnrolled)
    }
}
