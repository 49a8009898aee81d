use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Admin;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::paging::{Cursor, List, PageError, cut, page};
use crate::clients::permission::{Administer, KeyShown};
use crate::dialog::Consent;
use crate::store::{Caller, CallerQuery, CallerStatus, NewCaller, Subject};
use crate::types::{CallerId, E164, Tenant, Timestamp};

/// A caller to be made.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerWanted {
    /// The application's id of the person.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub user_id: Option<String>,
    /// The number they call from, as `+` and digits; for the tenant `main`, which answers the phone.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "+15550100001", pattern = r"^\+[1-9][0-9]{6,14}$")]
    pub number: Option<E164>,
    /// Whether they have agreed to a voiceprint.
    #[serde(default)]
    pub consent: bool,
}

/// Which callers to list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallersWanted {
    /// Only those who have come so far.
    #[param(inline)]
    pub status: Option<CallerStatus>,
    /// Rows of a page, 50 when it is not said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallerView {
    /// Ours.
    #[schema(value_type = Uuid)]
    pub id: CallerId,
    /// The application's id of the person.
    pub user_id: Option<String>,
    /// The number they call from.
    #[schema(value_type = Option<String>)]
    pub number: Option<E164>,
    /// Eight digits to type in when the number is withheld.
    pub account_number: String,
    /// How far they have come; who is enrolling is `created`.
    pub status: CallerStatus,
    /// `none`, `given` or `opted_out`.
    pub consent: &'static str,
    /// When the caller was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Callers, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallerPage {
    /// The callers.
    pub callers: Vec<CallerView>,
    /// Asks for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// What unlocking a caller came to.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Unlocked {
    /// Whether failures were counted against them.
    pub had_failures: bool,
}

impl CallerView {
    /// A caller as an administrator sees them.
    pub(super) fn new(caller: Caller) -> Self {
        Self {
            status: caller.status(),
            consent: match caller.consent {
                Consent::None => "none",
                Consent::Given => "given",
                Consent::OptedOut => "opted_out",
            },
            id: caller.id,
            user_id: caller.user_id,
            number: caller.number,
            account_number: caller.account_number,
            created_at: caller.created_at,
        }
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
        if wanted.number.is_some() && tenant != Tenant::main() {
            return Err(AdminError::NumberElsewhere);
        }
        if wanted.user_id.is_none() && wanted.number.is_none() {
            return Err(AdminError::NoName);
        }
        let CallerWanted { user_id, number, consent: consents } = wanted;
        let new = NewCaller { tenant, user_id, number, consents };
        Ok(CallerView::new(self.cx.store.new_caller(new, self.cx.now()).await?))
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
        let query = CallerQuery { tenant: client.tenant().clone(), status: wanted.status, after, limit: limit + 1 };
        let found = self.cx.store.callers_of(query).await?;
        let place = |caller: &Caller| Cursor::after(List::Callers, caller.created_at, caller.id.0.as_u128());
        let (callers, next_cursor) = cut(found, limit, place);
        Ok(CallerPage { callers: callers.into_iter().map(CallerView::new).collect(), next_cursor })
    }

    /// One caller.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`].
    pub async fn caller(&self, client: &Client<Administer>, id: CallerId) -> Result<CallerView, AdminError> {
        Ok(CallerView::new(self.own_caller(client, id).await?))
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
        Ok(CallerView::new(self.cx.store.set_consent(id, consent, self.cx.now()).await?))
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
