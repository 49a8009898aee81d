//! Counts of a deletion, a purge and a key rotation: answered to the caller of the method, and audited as they are.

use serde::{Deserialize, Serialize};

/// Counts of a caller's deletion; proof without personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Whether there was a voiceprint.
    pub had_voiceprint: bool,
    /// Calls, with their turns, takes and attempts.
    pub calls: u64,
    /// Consent records.
    pub consents: u64,
    /// Other calls from the same number, in which the number was blanked.
    pub numbers_blanked: u64,
    /// Recordings queued for deletion at the provider.
    pub recordings_queued: u64,
}

/// Counts of a purge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Ended calls, with their turns, takes and attempts.
    pub calls: u64,
    /// Listenings that are over.
    pub listenings: u64,
    /// Enrollment codes that were used or had expired.
    pub codes: u64,
    /// Failures counted against callers and numbers that may try again.
    pub tallies: u64,
    /// Calls that never said they ended and were closed.
    pub abandoned: u64,
}

/// The result of rotating the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// The key before, which opens nothing any more.
    pub from: String,
    /// The key in use.
    pub to: String,
    /// Voiceprints with what was learned, fingerprints, and takes of calls under way, that were sealed anew.
    pub resealed: u64,
}
