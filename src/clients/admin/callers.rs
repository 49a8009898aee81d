use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Admin;
use crate::clients::admin::{AccountError, Cursor, Listed, cut, page};
use crate::clients::client::Client;
use crate::clients::uploads::check_user;
use crate::dialog::Consent;
use crate::store::{Caller, CallerQuery, CallerStatus, NewCaller, Scope, Subject};
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

/// Goes on if the client administers its tenant.
pub(crate) fn must_administer(client: &Client) -> Result<(), AccountError> {
    client.must_be_back_end()?.must(Scope::Admin)?;
    Ok(())
}

impl Admin {
    /// The tenant's own caller of that id.
    pub(crate) async fn own_caller(&self, client: &Client, id: CallerId) -> Result<Caller, AccountError> {
        let found = self.cx.store.caller(id).await?;
        found.filter(|caller| caller.tenant == client.key.tenant).ok_or(AccountError::UnknownCaller)
    }

    /// Makes a caller.
    ///
    /// # Errors
    /// [`AccountError::Taken`], [`AccountError::NoName`], [`AccountError::NumberElsewhere`], [`AccountError::Client`], …
    pub async fn new_caller(&self, client: &Client, wanted: CallerWanted) -> Result<CallerView, AccountError> {
        must_administer(client)?;
        let tenant = client.key.tenant.clone();
        if let Some(user) = &wanted.user_id {
            check_user(user)?;
        }
        if wanted.number.is_some() && tenant != Tenant::main() {
            return Err(AccountError::NumberElsewhere);
        }
        if wanted.user_id.is_none() && wanted.number.is_none() {
            return Err(AccountError::NoName);
        }
        let CallerWanted { user_id, number, consent: consents } = wanted;
        let new = NewCaller { tenant, user_id, number, consents };
        Ok(CallerView::new(self.cx.store.new_caller(new, self.cx.now()).await?))
    }

    /// A page of the tenant's callers, newest first.
    ///
    /// # Errors
    /// [`AccountError::Cursor`], [`AccountError::OutOfRange`], [`AccountError::Client`].
    pub async fn callers(&self, client: &Client, wanted: CallersWanted) -> Result<CallerPage, AccountError> {
        must_administer(client)?;
        let limit = page(wanted.limit)?;
        let after = wanted.cursor.as_deref().map(|text| Cursor::of(Listed::Callers, text)).transpose()?;
        let after = after.map(|(at, id)| (at, CallerId(Uuid::from_u128(id))));
        let query = CallerQuery { tenant: client.key.tenant.clone(), status: wanted.status, after, limit: limit + 1 };
        let found = self.cx.store.callers_of(query).await?;
        let place = |caller: &Caller| Cursor::after(Listed::Callers, caller.created_at, caller.id.0.as_u128());
        let (callers, next_cursor) = cut(found, limit, place);
        Ok(CallerPage { callers: callers.into_iter().map(CallerView::new).collect(), next_cursor })
    }

    /// One caller.
    ///
    /// # Errors
    /// [`AccountError::UnknownCaller`], [`AccountError::Client`].
    pub async fn caller(&self, client: &Client, id: CallerId) -> Result<CallerView, AccountError> {
        must_administer(client)?;
        Ok(CallerView::new(self.own_caller(client, id).await?))
    }

    /// Writes down that a caller has agreed to a voiceprint, or takes it back with everything of their voice.
    ///
    /// # Errors
    /// [`AccountError::UnknownCaller`], [`AccountError::Client`].
    pub async fn set_consent(&self, client: &Client, id: CallerId, is_given: bool) -> Result<CallerView, AccountError> {
        must_administer(client)?;
        self.own_caller(client, id).await?;
        let consent = if is_given { Consent::Given } else { Consent::OptedOut };
        Ok(CallerView::new(self.cx.store.set_consent(id, consent, self.cx.now()).await?))
    }

    /// Forgets the failures counted against a caller and their number.
    ///
    /// # Errors
    /// [`AccountError::UnknownCaller`], [`AccountError::Client`].
    pub async fn unlock_caller(&self, client: &Client, id: CallerId) -> Result<Unlocked, AccountError> {
        must_administer(client)?;
        let caller = self.own_caller(client, id).await?;
        let mut had_failures = false;
        for subject in [Some(Subject::Caller(id)), caller.number.map(Subject::Number)].into_iter().flatten() {
            had_failures |= self.cx.store.unlock(subject, self.cx.now()).await?;
        }
        Ok(Unlocked { had_failures })
    }
}
