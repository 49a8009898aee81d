//! Everything that applications have in the store: keys, proofs, uploads, listenings, webhooks; for the API.

pub(super) mod api_keys;
pub(super) mod challenges;
pub(super) mod deliveries;
pub(super) mod listenings;
pub(super) mod proofs;
pub(super) mod uploads;
pub(super) mod voiceit;
pub(super) mod watch_list;
pub(super) mod webhooks;
