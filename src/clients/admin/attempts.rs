use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::paging::{Cursor, List, PageError, cut, page};
use crate::clients::permission::Administer;
use crate::store::{AttemptQuery, OwnAttempt};
use crate::types::{AttemptId, CallSid, CallerId, E164, LineName, Reason, Timestamp, Verdict};

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

impl Decision {
    const fn code(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Retry => "retry",
            Self::Reject => "reject",
            Self::Cooldown => "cooldown",
        }
    }
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
    /// What was measured; for keys with the scope `scores`.
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

impl AttemptView {
    /// An attempt as an administrator sees it.
    pub(super) fn new(own: OwnAttempt, sees_scores: bool) -> Self {
        let OwnAttempt { attempt, user_id } = own;
        Self {
            id: attempt.id,
            at: attempt.at,
            call: attempt.call().cloned(),
            attempt: attempt.upload().cloned(),
            turn: attempt.turn(),
            line: attempt.line(),
            caller: attempt.caller,
            user_id,
            number: attempt.number,
            decision: attempt.verdict.code(),
            reason: attempt.verdict.reason(),
            wait_until: match attempt.verdict {
                Verdict::Cooldown { until } => Some(until),
                _ => None,
            },
            signals: attempt.signals.filter(|_| sees_scores),
        }
    }
}

impl Admin {
    /// A page of the tenant's attempts, newest first.
    ///
    /// Attempts about nobody, as of callers by phone who said a wrong account number, are the tenant `main`'s.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`], [`AdminError::Page`], [`AdminError::Client`].
    pub async fn attempts(
        &self,
        client: &Client<Administer>,
        wanted: AttemptsWanted,
    ) -> Result<AttemptPage, AdminError> {
        let limit = page(wanted.limit).map_err(PageError::from)?;
        let after = wanted
            .cursor
            .as_deref()
            .map(|text| Cursor::of(List::Attempts, text))
            .transpose()
            .map_err(PageError::from)?;
        let caller = match (wanted.caller, &wanted.user_id) {
            (Some(_), Some(_)) => return Err(AdminError::TwoNames),
            (Some(id), None) => Some(self.own_caller(client, id).await?.id),
            (None, Some(user)) => {
                let user = client.user(user)?;
                Some(self.cx.store.find_caller(&user.reference()).await?.ok_or(AdminError::UnknownCaller)?.id)
            }
            (None, None) => None,
        };
        let query = AttemptQuery {
            tenant: client.tenant().clone(),
            caller,
            decision: wanted.decision.map(Decision::code),
            reason: wanted.reason,
            since: wanted.since,
            until: wanted.until,
            line: wanted.line,
            below: after.map(|(_, id)| i64::try_from(id).unwrap_or(i64::MAX)),
            limit: limit + 1,
        };
        let found = self.cx.store.attempts_of(query).await?;
        let place =
            |own: &OwnAttempt| Cursor::after(List::Attempts, own.attempt.at, u128::from(own.attempt.id.unsigned_abs()));
        let (attempts, next_cursor) = cut(found, limit, place);
        let sees_scores = client.sees_scores();
        Ok(AttemptPage {
            attempts: attempts.into_iter().map(|own| AttemptView::new(own, sees_scores)).collect(),
            next_cursor,
        })
    }
}
