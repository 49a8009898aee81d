//! Telnyx: the streams of conversations that a client has listened to.
//!
//! Streams only. The signatures of Telnyx's webhooks (Ed25519) do not cover a WebSocket handshake; a stream is
//! authenticated by the single-use token in its start message. `http` reads it where the operator has named their user.

pub mod stream;
