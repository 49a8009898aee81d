//! Callprint: self-hosted voice authentication for phone lines. This page is the map: five journeys, the rooms, and
//! what is deliberately absent.
//!
//! # A call
//!
//! 1. The provider posts a form. [`http`] has [`twilio`] check the raw body's signature, and calls [`calls`].
//! 2. `calls::turn` finds the call's next turn; a webhook that comes twice gets the stored reply, byte for byte.
//! 3. `calls::facts` reads caller, standing and history at once; [`dialog`] is pure: `(state, event, facts) -> step`.
//! 4. A recording is leased in the [`store`], fetched and judged ([`judging`]); the webhook waits 0.6 s, or asks to
//!    hold.
//! 5. The verdict is made in `engine::verdict` and written with its attempt, tallies and deletion in one transaction.
//! 6. `calls::step` commits state and reply together; [`twiml`] has put the reply into words and XML.
//!
//! A recorded verification makes seven store trips: call, lease, call (still wanted?), snapshot, verdict, facts, step.
//!
//! # A frame
//!
//! 1. A reply that streams carries a single-use token; the provider opens `GET /media`; [`http`] checks the handshake.
//! 2. [`media`] reads the token, and gets from [`calls`] the turn that the stream speaks for.
//! 3. The edge reads the provider's JSON; from there on a frame is a [`types::media::MediaEvent`].
//! 4. [`audio`] orders and decodes frames; one thread shows the chunks of all streams to the speech model.
//! 5. `engine::Live` finds the pause that ends the turn; speech up to a pause is examined while it lasts.
//! 6. The take is leased, the socket closed, and the take judged like a recorded one; a failed stream is recorded.
//!
//! # A conversation
//!
//! 1. A client asks by `POST /v1/listenings`; `clients::listenings` stores the listening and gives out a token.
//! 2. The client's own call streams to `/media`; [`media`] hears both tracks.
//! 3. `engine::Conversation` collects the customer's speech, and leaves out where the agent is louder.
//! 4. A running mean of embeddings is weighed by the same `engine::verdict`, once it is clear.
//! 5. [`jobs`] ends listenings that no process hears any more.
//! 6. The end is an event, told by webhook through the same queue as all others.
//!
//! # An upload
//!
//! 1. [`http`] finds the client by its key: a typed client, whose type says what it may ask for; the tenant is inside.
//! 2. The form is read as it arrives, within its limits; [`clients`] takes a slot, or refuses at once.
//! 3. [`judging`] decodes and examines the file once a place at the models is free; then the snapshot is read.
//! 4. The same verification as a call's holds the take against the snapshot.
//! 5. Attempt, tallies, fingerprint and the key's use are one transaction.
//! 6. [`wire`] has the shape of the answer; sessions and tokens are rows that the first redemption uses up.
//!
//! An upload makes five store trips: key, use, user, snapshot, verdict.
//!
//! # A voiceprint
//!
//! 1. Three takes of one sentence, by phone in one call, or by upload, are examined and compared by `judging::enroll`.
//! 2. Takes that repeat each other, or differ in voice or words, are refused with a reason.
//! 3. The voiceprint is embeddings, a phrase template and fingerprints, in bytes of [`engine`]; never audio.
//! 4. The store seals it (AES-256-GCM, bound to tenant, caller and model), pending until the dialogue commits.
//! 5. A snapshot opens it for a verification; a voiceprint of another model is not compared.
//! 6. It follows the voice only where that is switched on and the caller was proved otherwise.
//!
//! # The rooms
//!
//! Imports go upwards in this table; `tests/layers.rs` holds it as allow-lists, and fails on a circle of files.
//!
//! | | |
//! |---|---|
//! | [`types`], [`config`], [`wire`] | the nouns; settings, checked at start; JSON that applications send and get |
//! | [`audio`], [`vad`], [`features`], [`scoring`] | pure signal code: clips, speech, filter bank, scores |
//! | [`liveness`], [`phrase`], [`dialog`] | pure: heard before? said as asked? the call flow, lock-out |
//! | [`models`], [`store`] | the only user of ONNX Runtime; the only SQL |
//! | [`twilio`], [`telnyx`], [`twiml`] | the providers' forms, signatures, recordings, messages; XML |
//! | [`engine`] | signals of a clip, and the verdict |
//! | [`judging`] | one take, whatever way it came: examined, enrolled, verified, on the one compute pool |
//! | [`calls`], [`jobs`] | turns, waits, documents, result tokens; work that runs by the clock |
//! | [`media`] | sockets: a take while it is spoken, a conversation |
//! | [`clients`] | applications: uploads, admin, identification, listenings, webhooks, `VoiceIt` |
//! | [`app`] | builds the rooms, drains them, says when they are ready |
//! | [`http`], [`phone`] | the edge; the other end of the line: a simulated phone and provider |
//! | `command`, `lab`, [`cli`] | what commands share; those that measure; those that an operator types |
//!
//! `wire` is a room of its own because both `clients` and `http` need the shapes, and `http` must not see the store; as
//! JSON they are neither's. `phone` stands beside `http`: it sees only what the wire shows.
//!
//! # Deliberately absent
//!
//! * **Trust in the caller id.** Nothing is changed or deleted without a verification in the same call, or a code.
//! * **A pass by failure.** Every fault ends in "not authenticated", an apology and the operator's way on.
//! * **State in memory** that a turn needs: any process on the database can answer any turn, also after a `kill -9`.
//! * **Audio on disk**, and numbers, tokens or audio in a log.
//! * **A second judge.** No room but `judging` examines, enrolls or verifies.
//! * **Computing on tokio's threads**: the blocking ones resolve names and join the store.
//! * **`Service`**, one object behind everything: each room has a type of its own, and no method of another's.

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
