//! Users of an application, and how far each has come.

use super::Uploads;
use crate::clients::client::{Client, NamedUser};
use crate::clients::permission::{Enroll, Verify};
use crate::clients::uploads::UploadError;
use crate::dialog::Consent;
use crate::judging::Fault;
use crate::scoring::Learned;
use crate::store::Caller;
use crate::wire::{LearningView, ProfileView};

impl Uploads {
    /// The user of that id with the client's tenant, made if there was none; whether it was.
    ///
    /// With `consents` the application says that the user agreed to a voiceprint.
    ///
    /// # Errors
    /// [`UploadError::Client`], [`UploadError::Store`].
    pub async fn create_profile(
        &self,
        client: &Client<Enroll>,
        user: &str,
        consents: bool,
    ) -> Result<(ProfileView, bool), UploadError> {
        let user = client.user(user)?;
        let (caller, is_new) = self.cx.store.profile(user.tenant(), user.id(), consents, self.cx.now()).await?;
        let status = match (caller.consent, caller.is_enrolled) {
            (Consent::OptedOut, _) => "opted_out",
            (_, true) => "enrolled",
            (_, false) if self.cx.store.open_enrollment(caller.id).await?.is_some() => "enrolling",
            (_, false) => "created",
        };
        Ok((ProfileView { user_id: user.id().to_owned(), status }, is_new))
    }

    /// How far a voiceprint has followed its user's voice.
    ///
    /// # Errors
    /// [`UploadError::ProfileNotFound`], [`UploadError::Client`], [`UploadError::Store`].
    pub async fn user_learning(&self, client: &Client<Verify>, user: &str) -> Result<LearningView, UploadError> {
        let user = client.user(user)?;
        let caller = self.known_user(&user).await?;
        let (learning_progress, version) = self.learned_so_far(&caller).await?;
        Ok(LearningView {
            user_id: user.id().to_owned(),
            learning_progress,
            version,
            enabled: self.cx.config.verification.learn,
        })
    }

    /// How far a voiceprint has followed, 0 to 1, and in how many steps.
    pub(super) async fn learned_so_far(&self, caller: &Caller) -> Result<(f32, u32), UploadError> {
        let stored = self.cx.store.learned(caller.id).await?;
        let learned = stored.bytes.as_deref().map(Learned::from_bytes).transpose();
        let learned = learned.map_err(Fault::from)?;
        Ok((learned.map_or(0.0, |learned| learned.progress()), stored.version))
    }

    /// The caller that the user is.
    pub(super) async fn known_user(&self, user: &NamedUser) -> Result<Caller, UploadError> {
        self.cx.store.find_caller(&user.reference()).await?.ok_or(UploadError::ProfileNotFound)
    }

    /// The caller that the user is, if they can be verified.
    pub(super) async fn enrolled_user(&self, user: &NamedUser) -> Result<Caller, UploadError> {
        let caller = self.known_user(user).await?;
        match (caller.consent, caller.is_enrolled) {
            (Consent::OptedOut, _) => Err(UploadError::OptedOut),
            (_, true) => Ok(caller),
            (_, false) => Err(UploadError::ProfileNotFound),
        }
    }
}
