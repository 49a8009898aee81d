//! Listening to a conversation, for a client who wants to know whose voice it is. The call is never touched.
//!
//! The client asks for a listening and gets a token. A stream that shows it is heard by [`stream`](super::stream)'s own
//! means; the [`Conversation`](crate::engine::Conversation) says when enough was said, and the verdict is written down.
//! A background task tells the client, and ends what nobody else would: listenings whose stream never came, or whose
//! process is gone. Any node can answer for a listening and tell of it; only the open socket belongs to one.
//!
//! Tallies are left alone: a conversation is no attempt that the caller made, and whoever talks to an agent for a minute
//! must not be able to lock somebody's account by it. Everything is audited.

mod error;
mod hear;
mod report;
mod request;
mod sides;
mod view;
mod work;

pub use error::ListeningError;
pub use request::ListeningRequest;
pub use view::{Invited, ListeningView};

pub(super) use hear::listen;
pub(super) use report::{Reporter, note, report};
pub(super) use request::is_listening;
pub(super) use work::end_orphans;
