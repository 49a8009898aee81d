//! Encryption at rest: keys, where they are kept, and the vault that seals and opens; for the rest of the store.

pub(super) mod crypto;
pub(super) mod keyring;
pub(super) mod keys;
pub(super) mod vault;
