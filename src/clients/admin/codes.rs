use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use crate::clients::admin::{AccountError, must_administer};
use crate::clients::client::Client;
use crate::clients::uploads::check_user;
use crate::store::CallerRef;
use crate::types::{CallerId, Tenant, Timestamp};

/// How long a code is good for when nobody says, in seconds: a long weekend. As `callprint callers code` has it.
const USUAL_TTL_S: u64 = 72 * 60 * 60;

/// The least and the most, in seconds: time to read it to somebody, and a month.
const LEAST_TTL_S: u64 = 60;
const MOST_TTL_S: u64 = 30 * 24 * 60 * 60;

/// A code to be made.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeWanted {
    /// Whose, by our id.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub caller: Option<CallerId>,
    /// Whose, by the application's id; who is not known yet becomes a caller.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub user_id: Option<String>,
    /// For how long it is good, in seconds; 72 hours when it is not said.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 2_592_000)]
    pub ttl_s: Option<u64>,
}

/// An enrollment code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CodeView {
    /// Eight digits, shown this once.
    pub code: String,
    /// Whose it is; nobody's in particular when null.
    #[schema(value_type = Option<Uuid>)]
    pub caller: Option<CallerId>,
    /// From then on it is worth nothing.
    #[serde(rename = "expiresAt")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl Admin {
    /// Makes an enrollment code, good once: to enroll, also in place of a voiceprint.
    ///
    /// # Errors
    /// [`AccountError::UnknownCaller`], [`AccountError::NoOwner`], [`AccountError::TwoNames`],
    /// [`AccountError::OutOfRange`], [`AccountError::Client`].
    pub async fn new_code(&self, client: &Client, wanted: CodeWanted) -> Result<CodeView, AccountError> {
        must_administer(client)?;
        let ttl_s = wanted.ttl_s.unwrap_or(USUAL_TTL_S);
        if !(LEAST_TTL_S..=MOST_TTL_S).contains(&ttl_s) {
            return Err(AccountError::OutOfRange { name: "ttl_s", from: LEAST_TTL_S, to: MOST_TTL_S });
        }
        let tenant = &client.key.tenant;
        let owner = match (wanted.caller, wanted.user_id) {
            (Some(_), Some(_)) => return Err(AccountError::TwoNames),
            (Some(id), None) => Some(CallerRef::Id(self.own_caller(client, id).await?.id)),
            (None, Some(user)) => {
                check_user(&user)?;
                Some(CallerRef::User(tenant.clone(), user))
            }
            // Whoever types it on the phone becomes a caller of `main`: no other tenant lets people in there.
            (None, None) if *tenant != Tenant::main() => return Err(AccountError::NoOwner),
            (None, None) => None,
        };
        let ttl = Duration::from_secs(ttl_s);
        let code = self.cx.store.new_enrollment_code(owner.as_ref(), ttl, self.cx.now()).await?;
        Ok(CodeView { code: code.digits, caller: code.caller, expires_at: code.expires_at })
    }
}
