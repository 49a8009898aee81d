//! Callers as administrators make and list them; for the admin API and the command line.

use serde::{Deserialize, Serialize};

use crate::dialog::Consent;
use crate::store::audit::Happened;
use crate::store::audit::happening::{CreatedBy, Happening};
use crate::store::callers::{self, SELECT, caller};
use crate::store::columns::At;
use crate::store::{Caller, CallerRef, Lasting, Store, StoreError};
use crate::types::{CallerId, E164, Tenant, Timestamp};

/// A caller to be made.
#[derive(Clone, Debug)]
pub struct NewCaller {
    /// Whose; a number only phone callers have, who are the tenant `main`'s.
    pub tenant: Tenant,
    /// The operator's id of the person.
    pub user_id: Option<String>,
    /// The number they call from.
    pub number: Option<E164>,
    /// Whether they have agreed to a voiceprint.
    pub consents: bool,
}

/// How far a caller has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerStatus {
    /// Known, without a voiceprint.
    Created,
    /// With a voiceprint.
    Enrolled,
    /// Nothing of the voice is kept any more.
    OptedOut,
}

/// Which callers of a tenant to list.
#[derive(Clone, Debug)]
pub struct CallerQuery {
    /// Whose.
    pub tenant: Tenant,
    /// Only those who have come so far.
    pub status: Option<CallerStatus>,
    /// Only those after this one in the list.
    pub after: Option<(Timestamp, CallerId)>,
    /// At most so many.
    pub limit: u32,
}

impl Caller {
    /// How far they have come.
    pub fn status(&self) -> CallerStatus {
        match (self.consent, self.is_enrolled) {
            (Consent::OptedOut, _) => CallerStatus::OptedOut,
            (_, true) => CallerStatus::Enrolled,
            (_, false) => CallerStatus::Created,
        }
    }
}

impl Store {
    /// Makes a caller.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another caller has the number or the user id.
    pub async fn new_caller(&self, new: NewCaller, at: Timestamp) -> Result<Caller, StoreError> {
        self.write(Lasting::PowerCut, move |tx, _| {
            let user = new.user_id.as_ref().map(|user| CallerRef::User(new.tenant.clone(), user.clone()));
            for name in user.into_iter().chain(new.number.clone().map(CallerRef::Number)) {
                if callers::find(tx, &name)?.is_some() {
                    return Err(StoreError::Taken);
                }
            }
            let user = new.user_id.as_deref().map(|user| (&new.tenant, user));
            let id = callers::create(tx, new.number.as_ref(), user, at)?;
            let happened = Happened::by_operator(at, Some(id));
            happened.record(tx, Happening::CallerCreated(CreatedBy::Application { tenant: &new.tenant }))?;
            if new.consents {
                callers::set_consent(tx, id, Consent::Given, &happened)?;
            }
            callers::find(tx, &CallerRef::Id(id))?.ok_or(StoreError::UnknownCaller)
        })
        .await
    }

    /// Callers of a tenant, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn callers_of(&self, query: CallerQuery) -> Result<Vec<Caller>, StoreError> {
        self.read(move |tx, _| {
            let is_enrolled = "EXISTS (SELECT 1 FROM voiceprints WHERE caller = id)";
            let status = match query.status {
                None => "1".to_owned(),
                Some(CallerStatus::OptedOut) => "consent = 'opted_out'".to_owned(),
                Some(CallerStatus::Enrolled) => format!("consent <> 'opted_out' AND {is_enrolled}"),
                Some(CallerStatus::Created) => format!("consent <> 'opted_out' AND NOT {is_enrolled}"),
            };
            let sql = format!(
                "{SELECT} WHERE tenant = ?1 AND (?2 IS NULL OR (created_at, id) < (?2, ?3)) AND {status} \
                 ORDER BY created_at DESC, id DESC LIMIT ?4"
            );
            let (at, id) = query.after.map(|(at, id)| (At(at), id)).unzip();
            let mut statement = tx.prepare_cached(&sql)?;
            let callers = statement.query_map((query.tenant, at, id, query.limit), caller)?;
            Ok(callers.collect::<Result<_, _>>()?)
        })
        .await
    }
}
