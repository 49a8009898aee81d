//! Enrollment by uploads.

use super::{Upload, UploadError, Uploads};
use crate::clients::client::Client;
use crate::clients::permission::Enroll;
use crate::dialog::Consent;
use crate::judging::{Agreement, Enrollment, TAKES, meters};
use crate::store::{Caller, NewTakes, StoreError};
use crate::types::Reason;
use crate::wire::EnrollView;

/// How often takes that came in between are compared with anew.
const TRIES: u32 = 4;

/// A client's request to have a user enrolled.
#[derive(Clone, Default)]
pub struct EnrollRequest {
    /// The application's id of the user.
    pub user_id: String,
    /// One take, or one recording in which the sentence is said several times.
    pub audio: Upload,
    /// An enrollment code of the user's own, which replaces a voiceprint.
    pub code: Option<String>,
}

impl Uploads {
    /// Takes audio for a user's voiceprint, which three takes of one sentence make.
    ///
    /// # Errors
    /// [`UploadError`]; a poor take changes nothing, takes that are not alike begin the enrollment anew.
    pub async fn enroll_upload(
        &self,
        client: &Client<Enroll>,
        request: EnrollRequest,
    ) -> Result<EnrollView, UploadError> {
        let caller = self.known_user(&client.user(&request.user_id)?).await?;
        may_enroll(&caller, request.code.as_deref())?;
        let new = self.examine_utterances(request.audio).await?;
        for _ in 0..TRIES {
            let before = self.cx.store.open_enrollment(caller.id).await?;
            let kept = before.as_ref().map_or(&[][..], |open| &open.takes);
            let enrollment = match self.judge.enroll(kept, new.clone(), Agreement::WhenComplete).await? {
                Ok(enrollment) => enrollment,
                Err(reason) => {
                    if reason == Reason::TakesDiffer {
                        self.cx.store.discard_enrollment(caller.id, self.cx.now()).await?;
                    }
                    return Err(UploadError::Take(reason));
                }
            };
            let earlier = before.as_ref().map_or(0, |open| open.takes.len()) as u32;
            let Enrollment { prints, voiceprint } = enrollment;
            let (accepted, is_enrolled) = (prints.len() as u32, voiceprint.is_some());
            let at = self.cx.now();
            let kept = NewTakes { caller: caller.id, before, prints, voiceprint, code: request.code.clone(), at };
            match self.cx.store.keep_enrollment_takes(kept).await {
                Err(StoreError::Overtaken) => continue,
                Err(StoreError::AlreadyEnrolled) => return Err(UploadError::AlreadyEnrolled),
                Err(StoreError::CodeInvalid) => return Err(UploadError::BadCode),
                Err(StoreError::NoConsent) => return Err(UploadError::NoConsent),
                Err(error) => return Err(error.into()),
                Ok(()) => {}
            }
            if is_enrolled {
                metrics::counter!(meters::UPLOAD_ENROLLMENTS).increment(1);
            }
            let takes = earlier + accepted;
            return Ok(EnrollView {
                success: true,
                user_id: request.user_id,
                status: if is_enrolled { "enrolled" } else { "enrolling" },
                takes,
                needed: TAKES,
                remaining: TAKES.saturating_sub(takes),
                accepted,
            });
        }
        Err(UploadError::Busy)
    }
}

fn may_enroll(caller: &Caller, code: Option<&str>) -> Result<(), UploadError> {
    match caller.consent {
        Consent::OptedOut => Err(UploadError::OptedOut),
        Consent::None => Err(UploadError::NoConsent),
        Consent::Given if caller.is_enrolled && code.is_none() => Err(UploadError::AlreadyEnrolled),
        Consent::Given => Ok(()),
    }
}
