//! Tests over real sockets, a real database and the real models.

mod crash;
mod phone;
mod store;
