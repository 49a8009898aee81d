//! The simulated phone and provider, held to what is known of the real ones.

mod answering_machine;
mod calls;
mod connect;
mod gather;
mod provider;
mod random_documents;
mod streams;
mod wire;
