//! A socket's way in: the rights and the room that its handshake has earned, until it has introduced itself.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Media;
use crate::calls::StreamSlot;

/// Unsigned sockets that may be open before their token is seen: a few KiB each, for five seconds at most.
///
/// Strangers can take all of them. They keep out other unsigned sockets then, and nothing else.
const MOST_UNPROVEN: usize = 64;

/// A socket's way in. `http` gets one for each handshake, by its proof.
pub struct Entry {
    /// The account at the provider whose streams may come this way.
    pub(super) account: String,
    pub(super) proof: Proof,
}

/// The proof that a handshake has brought.
pub(super) enum Proof {
    /// The provider's signature: the socket has its slot, and its token may be of a turn or of a listening.
    Signature(StreamSlot),
    /// None: the token of a listening is the proof, and earns the slot.
    Nothing(OwnedSemaphorePermit),
}

/// The room for sockets that have proved nothing yet.
pub(super) fn unproven() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST_UNPROVEN))
}

impl Media {
    /// A way in for a socket whose handshake is signed, of this account; none while there is no slot for it.
    pub fn signed(&self, account: &str) -> Option<Entry> {
        let slot = self.slots.take()?;
        Some(Entry { account: account.to_owned(), proof: Proof::Signature(slot) })
    }

    /// A way in for a socket without a signature, of this account; none while too many of them have shown no token yet.
    pub fn unsigned(&self, account: &str) -> Option<Entry> {
        let permit = Arc::clone(&self.unproven).try_acquire_owned().ok()?;
        Some(Entry { account: account.to_owned(), proof: Proof::Nothing(permit) })
    }
}
