//! Callprint: self-hosted voice authentication for phone lines. This page is the map.
//!
//! # One call through the code
//!
//! The provider posts a form to `/incoming_call`. [`http`] keeps the raw body, has [`twilio`] check the signature against
//! the configured public URL, and only then reads the form; a handler does nothing but hand it to [`calls`]. The session
//! looks up the line, the caller and the standing of both caller and number in the [`store`], and gives these facts to the
//! [`dialog`], which is a pure function: `(state, event, facts, now) -> (state, reply, effects)`. State, reply and effects are
//! committed in one transaction, keyed by call and turn. A webhook that comes twice finds its reply there and gets the same
//! bytes again; two that race are told apart by the same key. [`twiml`] turns the reply into the provider's XML: branching
//! lives in Rust, words live in `twiml/`.
//!
//! When a reply listens, the provider records a take and posts its id. The session claims the take in the store (once for
//! each call and turn, once for each recording) and judges it: [`twilio`] fetches the recording by id, with back-off while it
//! is not there yet; [`audio`] decodes it to a [`types::Clip16k`]; [`engine`] runs the signal path, on threads of its own:
//!
//! ```text
//! Clip16k -> 8 kHz -> speech segments (models: Silero; vad) -> quality: is it worth scoring?
//!         -> silent ends trimmed -> filter bank (features) -> two embeddings (models: CAM++, ResNet34)
//!         -> centred, channel directions removed, joined (scoring) -> cosine with the voiceprint -> calibrated LLR ┐
//!         -> what was said (models: Moonshine; phrase): as enrolled, or as the challenge asks                        ├-> Verdict
//!         -> its fingerprint (liveness): a recording that was heard before?                                         ┘
//! ```
//!
//! When the call or a take raises risk, [`dialog`] puts a challenge in the passphrase's place: drawn by the session, kept with the
//! turn, good once and for a minute. What is remembered of a caller is [`engine::Enrolled`] (voice, phrase and fingerprints of the
//! takes), the fingerprints of their last calls, and, where switched on, what was learned of their voice since.
//!
//! The verdict is made in one place, `engine::verdict`. It is written down with its signals, the tallies behind lock-out and
//! the recording's deletion in one transaction, which has the last word: whoever is in cooldown by then is not accepted. The
//! webhook waits a little for the outcome and otherwise asks the caller to hold, by way of `/call/wait`, within a bound. Then
//! the outcome is the dialogue's next event.
//!
//! # The same, in real time
//!
//! On a line that streams the reply holds a `<Connect><Stream>` with a single-use token. The provider opens `GET /media`;
//! [`http`] checks the handshake's signature and that there is a place, and hands the socket to [`calls`], which reads the
//! token and learns which turn the stream speaks for. From there on nothing is the provider's any more: frames
//! ([`types::media`]) are put in order and time by [`audio`], become samples, and every 32 ms of them are shown to the speech
//! model together with those of all other streams, on a thread of its own. [`engine`]'s `Live` follows with [`vad`]'s
//! `Endpoint`: it knows how long the enrolled phrase takes, and so when a pause is the end. In each pause that might be, what was
//! said is examined; when the turn is over, mostly nothing is left to compute. The take is claimed in the store, the socket
//! closed, and the provider's next webhook finds the outcome, or waits for it as above. A stream that brings no take is
//! answered by the same question once more, to be recorded.
//!
//! # One conversation through the code
//!
//! A client asks by `POST /v1/listenings`, for a caller whose voice a customer on the phone should have. The session keeps
//! the listening in the store and gives out a token; the client's own call streams to `/media` and shows it. From there on
//! [`engine::Conversation`] does for an open end what the above does for a take: speech of the customer's track alone,
//! a running mean of embeddings, a verdict from the same `engine::verdict` once it is clear. The client is told by a
//! signed report, through a durable queue.
//!
//! # What holds everywhere
//!
//! * Caller id is a hint. Nothing is changed or deleted without a verification in the same call, or an enrollment code.
//! * Whatever fails ends in "not authenticated", a spoken apology and the operator's way on.
//! * What a call needs is in the store; any process on it can answer any turn, also after a `kill -9`.
//! * Imports run one way; `tests/layers.rs` holds the table.
//! * No audio is written to disk by the server; no number, token or audio reaches a log.
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`types`], [`config`] | the nouns; what an operator can set, checked before anything starts |
//! | [`audio`], [`vad`], [`features`], [`scoring`] | pure signal code: bytes to clips, speech and quality, filter bank, scores and error rates |
//! | [`liveness`] | whether it was heard before: fingerprints of takes, pure |
//! | [`phrase`] | what was said: templates compared by time warping, challenges weighed by expected text, pure |
//! | [`dialog`] | the call flow and the rules of lock-out, pure |
//! | [`models`] | the only user of ONNX Runtime: loads what `models/manifest.toml` describes, refuses anything else |
//! | [`store`] | the only SQL: one writer, encrypted voiceprints, append-only audit |
//! | [`twilio`], [`telnyx`], [`twiml`] | the only places with the providers' names, and with XML |
//! | [`engine`], [`judging`] | signals and verdicts; one take, whatever way it came |
//! | [`calls`], [`jobs`], [`media`], [`clients`] | turns of a call; work by the clock; sockets; applications |
//! | [`wire`], [`http`], [`app`] | JSON shapes; the edge; the whole |
//! | [`phone`] | the other end of the line: a simulated phone and provider, for demo, tests and `callprint call` |
//! | [`lab`], [`cli`] | the commands that measure; those that an operator types |
//!
//! # One upload through the code
//!
//! An application shows its key ([`http`] finds the client by it) and sends a form, which is read as it arrives. [`clients::Uploads`] decode
//! and examine the file once a model is free, hold it against the user's voiceprint by the same `engine::verdict`, and write the attempt, the tallies and a
//! fingerprint down in one transaction, under a call of its own on the line `api`. Enrollments keep their takes in such a call until there
//! are three. Sessions and tokens are rows that are used up by whoever redeems them first.
//!
//! Around it: [`clients::Admin`] looks after callers for back ends, [`clients::Identification`] holds the watch-list and compares one voice with
//! many, [`clients::Webhooks`] tells customers what the audit wrote down, [`clients::VoiceIt`] and `http::voiceit` speak `VoiceIt`'s words, and
//! `http::web` serves the browser SDK and the page to try it on. `audio::upload` decodes whatever was sent.

pub mod app;
pub mod audio;
pub mod calls;
pub mod cli;
pub mod clients;
mod command;
pub mod config;
pub mod dialog;
pub mod engine;
pub mod features;
pub mod http;
pub mod jobs;
pub mod judging;
mod lab;
pub mod liveness;
pub mod media;
pub mod models;
pub mod phone;
pub mod phrase;
pub mod scoring;
pub mod store;
pub mod telnyx;
pub mod twilio;
pub mod twiml;
pub mod types;
pub mod vad;
pub mod wire;
