//! One voice held against many: identification in a group, and lists of voices to be warned of.

mod galleries;
mod identify;
mod watch;

pub(super) use galleries::Galleries;
pub use identify::{Candidate, IdentifyRequest, IdentifyView};
pub use watch::{WatchHit, WatchList, WatchView};
