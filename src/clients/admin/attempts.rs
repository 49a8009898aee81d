//! Attempts of a tenant, page by page.

use super::Admin;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::paging::{Cursor, List, PageError, cut, page};
use crate::clients::permission::Administer;
use crate::store::{AttemptQuery, OwnAttempt};
use crate::types::Verdict;
use crate::wire::{AttemptPage, AttemptView, AttemptsWanted, Decision};

/// An attempt as an administrator sees it.
pub(super) fn attempt_view(own: OwnAttempt, sees_scores: bool) -> AttemptView {
    let OwnAttempt { attempt, user_id } = own;
    AttemptView {
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

impl Admin {
    /// A page of the tenant's attempts, newest first.
    ///
    /// Attempts without a caller, such as a wrong account number on the phone, belong to the tenant `main`.
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
            decision: wanted.decision.map(code),
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
            attempts: attempts.into_iter().map(|own| attempt_view(own, sees_scores)).collect(),
            next_cursor,
        })
    }
}

/// The store's word for a decision.
const fn code(decision: Decision) -> &'static str {
    match decision {
        Decision::Accept => "accept",
        Decision::Retry => "retry",
        Decision::Reject => "reject",
        Decision::Cooldown => "cooldown",
    }
}
