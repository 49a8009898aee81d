//! Media streams, the provider's end: what a call sends into a WebSocket, and what it takes from it.
//!
//! A frame is 20 ms of µ-law. The caller speaks after a short silence, once the server's own sound is over, and the
//! line carries noise until the server closes the socket. Time on the line is the audio sent.

mod caller;
mod earpiece;
mod listening;
mod messages;
mod network;
mod pacer;
mod run;
mod sides;
mod socket;
mod streamed;

pub(super) use listening::listen_over;
pub use listening::{Listening, listen};
pub use network::{Network, Pace};
pub(super) use run::{Opening, converse, milliseconds};
pub(super) use socket::{Refused, client, open};
pub use streamed::{StreamEnd, Streamed};

/// Milliseconds of audio in a message; what the provider is seen to send.
const FRAME_MS: u64 = 20;
