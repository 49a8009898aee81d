//! Callers as the upload API makes them, and their consent; for the API's clients.

use crate::dialog::Consent;
use crate::store::audit::happening::{CreatedBy, Happening};
use crate::store::audit::{Actor, Happened};
use crate::store::callers;
use crate::store::{Caller, CallerRef, Lasting, Store, StoreError};
use crate::types::{CallerId, Tenant, Timestamp};

impl Store {
    /// The caller with a tenant's user id, made if there was none; whether it was.
    ///
    /// With `consents` the user's consent is written down as told by the application, unless they have opted out.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub async fn profile(
        &self,
        tenant: &Tenant,
        user: &str,
        consents: bool,
        at: Timestamp,
    ) -> Result<(Caller, bool), StoreError> {
        let who = CallerRef::User(tenant.clone(), user.to_owned());
        let (tenant, user) = (tenant.clone(), user.to_owned());
        self.write(Lasting::PowerCut, move |tx, _| {
            let found = callers::find(tx, &who)?;
            let is_new = found.is_none();
            let id = match &found {
                Some(caller) => caller.id,
                None => callers::create(tx, None, Some((&tenant, &user)), at)?,
            };
            let happened = Happened { at, actor: Actor::Operator, caller: Some(id), call: None };
            if is_new {
                happened.record(tx, Happening::CallerCreated(CreatedBy::Application { tenant: &tenant }))?;
            }
            if consents && found.is_none_or(|caller| caller.consent == Consent::None) {
                callers::set_consent(tx, id, Consent::Given, &happened)?;
            }
            Ok((callers::find(tx, &who)?.ok_or(StoreError::UnknownCaller)?, is_new))
        })
        .await
    }

    /// Writes down a caller's consent, or that they opt out: then nothing of their voice is kept.
    ///
    /// # Errors
    /// [`StoreError::UnknownCaller`] when there is none.
    pub async fn set_consent(&self, id: CallerId, consent: Consent, at: Timestamp) -> Result<Caller, StoreError> {
        self.write(Lasting::PowerCut, move |tx, _| {
            callers::find(tx, &CallerRef::Id(id))?.ok_or(StoreError::UnknownCaller)?;
            let happened = Happened::by_operator(at, Some(id));
            if consent == Consent::OptedOut {
                callers::opt_out(tx, id, &happened)?;
            } else {
                callers::set_consent(tx, id, consent, &happened)?;
            }
            callers::find(tx, &CallerRef::Id(id))?.ok_or(StoreError::UnknownCaller)
        })
        .await
    }
}
