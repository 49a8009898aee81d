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

/// What to type for "I have no account number": no account number is that short.
const NO_ACCOUNT: &str = "0";

/// The first question of a call.
pub(super) fn begin(turn: Turn) -> Step {
    let turn = match finish::unless_clear(turn) {
        Ok(turn) => turn,
        Err(step) => return step,
    };
    if !turn.facts.has_number_hint {
        ask(turn)
    } else if turn.is_enrolled() {
        menu::ask(turn)
    } else {
        admit(turn)
    }
}

fn ask(turn: Turn) -> Step {
    let turn = turn.say(prompts::ASK_ACCOUNT);
    let turn = if may_enroll_here(&turn) { turn.say(prompts::ASK_ACCOUNT_NEW) } else { turn };
    turn.gather(Stage::Account, Keys::UntilPound(MAX_ACCOUNT_KEYS), KEYPAD_TIMEOUT_S)
}

/// Takes the typed account number. One that nobody has, or that has no voiceprint, goes on like any other.
pub(super) fn answer(mut turn: Turn, event: &Event) -> Step {
    match event {
        Event::Keys(keys) if keys == NO_ACCOUNT && may_enroll_here(&turn) => admit(turn),
        Event::Keys(keys) if is_account_number(keys) => {
            turn.state.by_account = true;
            let turn = if turn.is_enrolled() { turn.effect(Effect::BindCaller) } else { turn };
            match finish::unless_clear(turn) {
                Ok(turn) => menu::ask(turn),
                Err(step) => step,
            }
        }
        _ if turn.may_repeat() => ask(turn.say(prompts::ACCOUNT_AGAIN)),
        _ => finish::reject(turn.say(prompts::NOT_ENROLLED), Reason::NotEnrolled),
    }
}

fn is_account_number(keys: &str) -> bool {
    (MIN_ACCOUNT_KEYS..=MAX_ACCOUNT_KEYS as usize).contains(&keys.len()) && keys.bytes().all(|b| b.is_ascii_digit())
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

/// Takes the typed code. Only a code issued for this very caller replaces a voiceprint.
pub(super) fn answer_code(turn: Turn, event: &Event) -> Step {
    let mut turn = match finish::unless_clear(turn) {
        Ok(turn) => turn,
        Err(step) => return step,
    };
    if let Event::Code { keys, check } = event {
        let is_good = match check {
            CodeCheck::Wrong => false,
            CodeCheck::Unbound => !turn.is_enrolled(),
            CodeCheck::Bound => turn.facts.caller.is_some(),
        };
        if is_good && !turn.is_phantom() {
            turn.state.has_code = true;
            let turn = turn.effect(Effect::RedeemCode(keys.clone()));
            return enter(if *check == CodeCheck::Bound { turn.effect(Effect::BindCaller) } else { turn });
        }
        if !keys.is_empty() && keys.bytes().all(|b| b.is_ascii_digit()) {
            turn = turn.effect(Effect::CountWrongCode);
        }
    }
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
