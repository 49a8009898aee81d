//! Tests over real sockets, a real database and the real models.

mod api;
mod attack;
mod calibrate;
mod call_command;
mod calls;
mod crash;
mod crowd;
mod doctor;
mod engine;
mod eval;
mod fixtures;
mod house;
mod http;
mod listening;
mod live;
mod liveness;
mod media;
mod mishaps;
mod models;
mod phone;
mod phrase;
mod score;
mod serve;
mod store;
mod streams;
mod wire;
