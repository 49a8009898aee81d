//! Callers of a tenant: made, listed, shown, unlocked, and their consent.

use uuid::Uuid;

use super::Admin;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::paging::{Cursor, List, PageError, cut, page};
use crate::clients::permission::{Administer, KeyShown};
use crate::dialog::Consent;
use crate::store::{self, Caller, CallerQuery, NewCaller, Subject};
use crate::types::CallerId;
use crate::wire::{CallerPage, CallerStatus, CallerView, CallerWanted, CallersWanted, Unlocked};

impl From<Caller> for CallerView {
    fn from(caller: Caller) -> Self {
        Self {
            status: match caller.status() {
                store::CallerStatus::Created => CallerStatus::Created,
                store::CallerStatus::Enrolled => CallerStatus::Enrolled,
                store::CallerStatus::OptedOut => CallerStatus::OptedOut,
            },
            consent: word(caller.consent),
            id: caller.id,
            user_id: caller.user_id,
            number: caller.number,
            account_number: caller.account_number,
            created_at: caller.created_at,
        }
    }
}

/// The store's word for a status.
const fn stored(status: CallerStatus) -> store::CallerStatus {
    match status {
        CallerStatus::Created => store::CallerStatus::Created,
        CallerStatus::Enrolled => store::CallerStatus::Enrolled,
        CallerStatus::OptedOut => store::CallerStatus::OptedOut,
    }
}

/// The word for a consent.
pub(super) const fn word(consent: Consent) -> &'static str {
    match consent {
        Consent::None => "none",
        Consent::Given => "given",
        Consent::OptedOut => "opted_out",
    }
}

impl Admin {
    /// The tenant's own caller of that id.
    pub(in crate::clients) async fn own_caller<P: KeyShown>(
        &self,
        client: &Client<P>,
        id: CallerId,
    ) -> Result<Caller, AdminError> {
        let found = self.cx.store.caller(id).await?;
        found.filter(|caller| caller.tenant == *client.tenant()).ok_or(AdminError::UnknownCaller)
    }

    /// Makes a caller.
    ///
    /// # Errors
    /// [`AdminError::Taken`], [`AdminError::NoName`], [`AdminError::NumberElsewhere`], [`AdminError::Client`], …
    pub async fn new_caller(
        &self,
        client: &Client<Administer>,
        wanted: CallerWanted,
    ) -> Result<CallerView, AdminError> {
        let tenant = client.tenant().clone();
        if let Some(user) = &wanted.user_id {
            client.user(user)?;
        }
        if wanted.number.is_some() && !client.answers_phone() {
            return Err(AdminError::NumberElsewhere);
        }
        if wanted.user_id.is_none() && wanted.number.is_none() {
            return Err(AdminError::NoName);
        }
        let CallerWanted { user_id, number, consent: consents } = wanted;
        let new = NewCaller { tenant, user_id, number, consents };
        Ok(CallerView::from(self.cx.store.new_caller(new, self.cx.now()).await?))
    }

    /// A page of the tenant's callers, newest first.
    ///
    /// # Errors
    /// [`AdminError::Page`].
    pub async fn callers(&self, client: &Client<Administer>, wanted: CallersWanted) -> Result<CallerPage, AdminError> {
        let limit = page(wanted.limit).map_err(PageError::from)?;
        let after = wanted
            .cursor
            .as_deref()
            .map(|text| Cursor::of(List::Callers, text))
            .transpose()
            .map_err(PageError::from)?;
        let after = after.map(|(at, id)| (at, CallerId(Uuid::from_u128(id))));
        let query =
            CallerQuery { tenant: client.tenant().clone(), status: wanted.status.map(stored), after, limit: limit + 1 };
        let found = self.cx.store.callers_of(query).await?;
        let place = |caller: &Caller| Cursor::after(List::Callers, caller.created_at, caller.id.0.as_u128());
        let (callers, next_cursor) = cut(found, limit, place);
        Ok(CallerPage { callers: callers.into_iter().map(CallerView::from).collect(), next_cursor })
    }

    /// One caller.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`].
    pub async fn caller(&self, client: &Client<Administer>, id: CallerId) -> Result<CallerView, AdminError> {
        Ok(CallerView::from(self.own_caller(client, id).await?))
    }

    /// Writes down that a caller has agreed to a voiceprint, or takes it back with everything of their voice.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`].
    pub async fn set_consent(
        &self,
        client: &Client<Administer>,
        id: CallerId,
        is_given: bool,
    ) -> Result<CallerView, AdminError> {
        self.own_caller(client, id).await?;
        let consent = if is_given { Consent::Given } else { Consent::OptedOut };
        Ok(CallerView::from(self.cx.store.set_consent(id, consent, self.cx.now()).await?))
    }

    /// Forgets the failures counted against a caller and their number.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`].
    pub async fn unlock_caller(&self, client: &Client<Administer>, id: CallerId) -> Result<Unlocked, AdminError> {
        let caller = self.own_caller(client, id).await?;
        let mut had_failures = false;
        for subject in [Some(Subject::Caller(id)), caller.number.map(Subject::Number)].into_iter().flatten() {
            had_failures |= self.cx.store.unlock(subject, self.cx.now()).await?;
        }
        Ok(Unlocked { had_failures })
    }
}
