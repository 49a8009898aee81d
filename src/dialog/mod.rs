//! The call flow, pure: `(state, event) -> (state, reply, effects)`.
//!
//! Time and everything the store knows arrive as arguments; what must be kept leaves as [`Effect`]s. Words are named by
//! [`prompts`] and are written elsewhere.
//!
//! ```text
//!            withheld, foreign            enrolled                     unknown, not enrolled
//! begin ──▶ Account ── 8 digits, E.164 ──▶ Menu          begin, 0# ──▶ policy: closed ──▶ reject not_enrolled
//!                                           │ │ │                       │ open    │ code
//!              ┌──────── 2 ─────────────────┘ │ │                       │         ▼
//!              ▼                              │ │                       │        Code ── 3 wrong ──▶ reject
//!            Code ── bound to this caller ──┐ │ │ 1, 9, silence         ▼         │
//!              │                            │ │ │                Consent, OptedOut ◀┘
//!              │ 3 wrong                    │ │ │                       │ 1
//!              ▼                            ▼ │ ▼                       ▼
//!            Verify ◀─────────────────── Enroll ◀── verified, wanted 1 ─┘
//!              │  ▲                        │  ▲
//!              │  └── three takes agree ───┘  │
//!              ├── accept ──▶ wanted: in ──▶ after_accept
//!              │                    1 ────────┘
//!              │                    9 ──▶ ConfirmOptOut ── 1 ──▶ opted out
//!              └── reject, cooldown, twice lost ──▶ after_reject
//! ```
//!
//! These hold for every sequence of events (see `tests/properties.rs`): no accept without an accepted take; no
//! voiceprint saved without consent, nor over an old one without a verification or a code in this call; every call ends
//! within a bound. A typed account number without an account leads through the very same conversation as a real one.

mod account;
mod consent;
mod enroll;
mod event;
mod facts;
mod finish;
mod menu;
pub mod prompts;
mod reply;
mod risk;
mod standing;
mod state;
#[cfg(test)]
mod tests;
mod turn;
mod verify;

pub use event::{CodeCheck, Effect, Event, TakeOutcome};
pub use facts::{CallerFacts, Consent, Facts, FreshChallenge, LineFacts};
pub use reply::{Keys, Next, Reply, Sentence};
pub use risk::{CallSigns, Risk, Suspicion};
pub use standing::{Party, Standing, Tally};
pub use state::{Asked, LastTry, Lookup, Purpose, State, StateError};

use crate::types::Timestamp;
use state::Stage;
use turn::Turn;

/// One step of the conversation: what to keep, to say and to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The state to keep for the next event.
    pub state: State,
    /// The reply that the caller hears.
    pub reply: Reply,
    /// Changes that the store makes in the same transaction, in this order.
    pub effects: Vec<Effect>,
}

/// Answers the first webhook of a call.
pub fn begin(facts: &Facts, now: Timestamp) -> Step {
    let greeting = prompts::GREETING.sentence().with("service", facts.line.service_name.clone());
    account::begin(Turn::new(State::new(), facts, now).sentence(greeting))
}

/// Answers what happened since the last reply.
///
/// A call that is over stays over: later events change nothing and have no effects.
pub fn advance(mut state: State, event: &Event, facts: &Facts, now: Timestamp) -> Step {
    if state.is_over() {
        let next = if *event == Event::HungUp { Next::Nothing } else { Next::Hangup };
        return Step { state, reply: Reply { say: Vec::new(), next }, effects: Vec::new() };
    }
    state.turns += 1;
    let asked = state.stage;
    let turn = Turn::new(state, facts, now);
    match (event, asked) {
        (Event::HungUp, _) => finish::hung_up(turn),
        (_, Stage::Enroll { good }) => enroll::answer(turn, good, event),
        (_, Stage::Verify) => verify::answer(turn, event),
        (Event::Lost, _) => finish::unavailable(turn),
        (_, Stage::Account) => account::answer(turn, event),
        (_, Stage::Code) => account::answer_code(turn, event),
        (_, Stage::Consent) => consent::answer(turn, event),
        (_, Stage::OptedOut) => consent::answer_again(turn, event),
        (_, Stage::Menu) => menu::answer(turn, event),
        (_, Stage::ConfirmOptOut) => menu::answer_opt_out(turn, event),
        (_, Stage::Over) => finish::goodbye(turn),
    }
}

/// The question of a turn that listens once more, alone; for a take that never reached us. No turn of its own.
pub fn ask_again(state: &State, line: &LineFacts) -> Option<Reply> {
    let sentence = match state.stage {
        Stage::Enroll { good } => enroll::question(line, good),
        Stage::Verify => verify::question(line, state.asked()),
        _ => return None,
    };
    Some(Reply { say: vec![sentence], next: turn::listening(line) })
}

/// Ends a call that cannot go on, with an apology and the way on after a reject.
pub fn give_up(facts: &Facts) -> Step {
    // Nothing of an apology depends on the time.
    let turn = Turn::new(State::new(), facts, Timestamp::UNIX_EPOCH);
    finish::unavailable(turn.effect(Effect::DiscardTakes))
}
