//! Tests over real sockets, a real database and the real models.

mod crash;
mod engine;
mod eval;
mod fixtures;
mod models;
mod phone;
mod score;
mod store;
