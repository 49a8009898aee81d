//! Listening to a conversation, for a client who wants to know whose voice it is. The call is never touched.
//!
//! The client asks for a listening and gets a token. A stream that shows it is heard by `media`; the
//! [`Conversation`](crate::engine::Conversation) says when enough was said, and the verdict is written down. A job
//! tells the client, and ends listenings whose stream never came, or whose process is gone. Any node can answer for a
//! listening and tell of it; only the open socket belongs to one.
//!
//! Tallies are left alone: a conversation is no attempt that the caller made, and a minute's talk with an agent must
//! not be able to lock an account. Everything is audited.

mod error;
mod request;

pub use error::ListeningError;

use crate::jobs::Jobs;
use crate::judging::Context;

/// Listenings that clients ask for. Cheap to clone.
#[derive(Clone)]
pub struct Listenings {
    cx: Context,
    jobs: Jobs,
    socket_url: String,
}

impl Listenings {
    pub(super) fn new(cx: Context, jobs: Jobs, socket_url: String) -> Self {
        Self { cx, jobs, socket_url }
    }
}
