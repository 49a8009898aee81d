//! Telnyx: a second provider's streams, to show that nothing inside knows the first.
//!
//! Streams only. A call is authenticated by the single-use token in its start message; the signatures of Telnyx's
//! webhooks (Ed25519) do not cover a WebSocket handshake.

pub mod stream;
