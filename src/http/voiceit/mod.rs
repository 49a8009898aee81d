//! `VoiceIt`'s API 2 under `/voiceit`, so that programs written for it need another base URL and key, nothing else.

mod account;
mod answer;
mod codes;
mod fields;
mod routes;

pub(super) use routes::routes;
