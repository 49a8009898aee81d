//! What is sealed at rest: keys, where they are kept, and the vault that seals and opens.

pub(super) mod crypto;
pub(super) mod keyring;
pub(super) mod keys;
pub(super) mod vault;
