//! Enrollment codes that an administrator's back end asks for.

use super::Admin;
use crate::clients::admin::AdminError;
use crate::clients::client::Client;
use crate::clients::permission::Administer;
use crate::store::CallerRef;
use crate::types::CodeTtl;
use crate::wire::{CodeView, CodeWanted};

impl Admin {
    /// Makes an enrollment code, good once: to enroll, also in place of a voiceprint.
    ///
    /// # Errors
    /// [`AdminError::UnknownCaller`], [`AdminError::NoOwner`], [`AdminError::TwoNames`],
    /// [`AdminError::OutOfRange`], [`AdminError::Client`].
    pub async fn new_code(&self, client: &Client<Administer>, wanted: CodeWanted) -> Result<CodeView, AdminError> {
        let ttl = wanted.ttl_s.map_or(Ok(CodeTtl::USUAL), CodeTtl::from_secs)?;
        let owner = match (wanted.caller, wanted.user_id) {
            (Some(_), Some(_)) => return Err(AdminError::TwoNames),
            (Some(id), None) => Some(CallerRef::Id(self.own_caller(client, id).await?.id)),
            (None, Some(user)) => Some(client.user(&user)?.reference()),
            // A code without an owner, typed on the phone, makes a caller of `main`: no other tenant may do that.
            (None, None) if !client.answers_phone() => return Err(AdminError::NoOwner),
            (None, None) => None,
        };
        let code = self.cx.store.new_enrollment_code(owner.as_ref(), ttl.duration(), self.cx.now()).await?;
        Ok(CodeView { code: code.digits, caller: code.caller, expires_at: code.expires_at })
    }
}
