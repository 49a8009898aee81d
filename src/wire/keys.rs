//! API keys: their use, their limits, and demo keys.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::types::{Tenant, Timestamp};

/// The use of a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// The key's id.
    pub key: String,
    /// Whose callers it sees.
    #[schema(value_type = String)]
    pub tenant: Tenant,
    /// Requests of the last 30 days that were let in.
    pub total: u64,
    /// Requests of today (UTC).
    pub today: u64,
    /// The key's limit in each window, and how often it met one in the last 30 days.
    pub throttle: Throttle,
    /// Attempts by how they ended: accept, retry, reject, cooldown.
    pub decisions: BTreeMap<String, u64>,
    /// Attempts that were not accepted, by why.
    pub reasons: BTreeMap<String, u64>,
}

/// A key's limits.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Throttle {
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests a day.
    pub per_day: u32,
    /// Requests that were one too many.
    pub refused: u64,
}

/// A key to try things with, given to anyone who asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DemoKey {
    /// To be shown as `x-api-key`.
    pub key: String,
    /// Whose callers it sees: its own alone.
    #[schema(value_type = String)]
    pub tenant: Tenant,
    /// From then on it is worth nothing.
    #[serde(rename = "expiresAt")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
