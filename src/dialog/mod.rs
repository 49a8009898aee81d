//! The call flow, pure: `(state, event) -> (state, reply, effects)`.
mod reply;
mod standing;

pub use reply::{Keys, Next, Reply, Sentence};
pub use standing::Standing;
