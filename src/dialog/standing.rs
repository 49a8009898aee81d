use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a caller or a number may try now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// May try.
    Clear,
    /// Has to wait.
    Cooldown {
        /// Until then.
        until: Timestamp,
    },
    /// Only an operator opens this again.
    Locked,
}
