//! The call flow, pure: `(state, event) -> (state, reply, effects)`.
mod event;
mod facts;
pub mod prompts;
mod reply;
mod standing;
mod state;

pub use event::{CodeCheck, Effect, Event, TakeOutcome};
pub use facts::{CallerFacts, Consent, Facts, LineFacts};
pub use reply::{Keys, Next, Reply, Sentence};
pub use standing::{Party, Standing, Tally};
pub use state::{LastTry, Lookup, Purpose, State, StateError};

use crate::types::Timestamp;

/// One step of the conversation: what to keep, to say and to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The state to keep for the next event.
    pub state: State,
    /// What the caller hears.
    pub reply: Reply,
    /// What the store does in the same transaction, in this order.
    pub effects: Vec<Effect>,
}

/// Answers the first webhook of a call.
pub fn begin(_facts: &Facts, _now: Timestamp) -> Step {
    todo!()
}

/// Answers what happened since the last reply.
///
/// A call that is over stays over: later events change nothing and have no effects.
pub fn advance(_state: State, _event: Event, _facts: &Facts, _now: Timestamp) -> Step {
    todo!()
}

/// Ends a call that cannot go on, with an apology and the way on after a reject.
pub fn give_up(_facts: &Facts) -> Step {
    todo!()
}
