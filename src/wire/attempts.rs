//! Attempts: asked for and listed.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::types::{AttemptId, CallSid, CallerId, E164, LineName, Reason, Timestamp};

/// Which attempts to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AttemptsWanted {
    /// Of this caller only, by our id.
    #[param(value_type = Option<Uuid>)]
    pub caller: Option<CallerId>,
    /// Of this user only, by the application's id.
    pub user_id: Option<String>,
    /// Only those that ended so.
    #[param(inline)]
    pub decision: Option<Decision>,
    /// Only those with this reason: `voice_mismatch`, `replay_suspected`, …
    #[param(value_type = Option<String>)]
    pub reason: Option<Reason>,
    /// From then on.
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Before then.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// On this line only; `api` is where uploads are.
    #[param(value_type = Option<String>)]
    pub line: Option<LineName>,
    /// Rows of a page, 50 when it is not said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is the caller.
    Accept,
    /// Once more.
    Retry,
    /// It is not the caller, as far as can be told.
    Reject,
    /// There were too many failures.
    Cooldown,
}

/// An attempt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttemptView {
    /// Counts up.
    pub id: i64,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The call, which with `turn` names the attempt; null for an upload.
    #[schema(value_type = Option<String>)]
    pub call: Option<CallSid>,
    /// The attempt's own id, as the upload was answered; null for a call.
    #[schema(value_type = Option<String>)]
    pub attempt: Option<AttemptId>,
    /// The turn of the call.
    pub turn: u32,
    /// The line that answered; `api` for uploads.
    #[schema(value_type = String)]
    pub line: LineName,
    /// Who was to be verified.
    #[schema(value_type = Option<Uuid>)]
    pub caller: Option<CallerId>,
    /// The same by the application's id.
    pub user_id: Option<String>,
    /// The number the call came from.
    #[schema(value_type = Option<String>)]
    pub number: Option<E164>,
    /// `accept`, `retry`, `reject` or `cooldown`.
    pub decision: &'static str,
    /// Why it was no accept.
    #[schema(value_type = Option<String>)]
    pub reason: Option<Reason>,
    /// Until when nothing else is tried, after a cooldown.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub wait_until: Option<Timestamp>,
    /// The measurements; for keys with the scope `scores`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signals: Option<Value>,
}

/// Attempts, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttemptPage {
    /// The attempts.
    pub attempts: Vec<AttemptView>,
    /// Asks for the next page; null on the last.
    pub next_cursor: Option<String>,
}
