use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::permission::Administer;
use crate::store::CallerRef;
use crate::types::{CallerId, CodeTtl, Tenant, Timestamp};

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
    /// [`AdminError::UnknownCaller`], [`AdminError::NoOwner`], [`AdminError::TwoNames`],
    /// [`AdminError::OutOfRange`], [`AdminError::Client`].
    pub async fn new_code(&self, client: &Client<Administer>, wanted: CodeWanted) -> Result<CodeView, AdminError> {
        let ttl = wanted.ttl_s.map_or(Ok(CodeTtl::USUAL), CodeTtl::from_secs)?;
        let tenant = client.tenant();
        let owner = match (wanted.caller, wanted.user_id) {
            (Some(_), Some(_)) => return Err(AdminError::TwoNames),
            (Some(id), None) => Some(CallerRef::Id(self.own_caller(client, id).await?.id)),
            (None, Some(user)) => Some(client.user(&user)?.reference()),
            // A code without an owner, typed on the phone, makes a caller of `main`: no other tenant may do that.
            (None, None) if *tenant != Tenant::main() => return Err(AdminError::NoOwner),
            (None, None) => None,
        };
        let code = self.cx.store.new_enrollment_code(owner.as_ref(), ttl.duration(), self.cx.now()).await?;
        Ok(CodeView { code: code.digits, caller: code.caller, expires_at: code.expires_at })
    }
}
