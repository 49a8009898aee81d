use serde::Serialize;
use utoipa::ToSchema;

use super::{Upload, UploadError};
use crate::dialog::Consent;
use crate::engine::{EnrolledTake, Take};
use crate::session::give_way::give_way;
use crate::session::judge::TAKES;
use crate::session::service::Service;
use crate::session::{Client, meters};
use crate::store::{Caller, NewTakes, NewVoiceprint, OpenEnrollment, Scope, StoreError};
use crate::types::Reason;

/// How often takes that came in between are compared with anew.
const TRIES: u32 = 4;

/// A client's wish to have a user enrolled.
#[derive(Clone, Default)]
pub struct EnrollRequest {
    /// The application's id of the user.
    pub user_id: String,
    /// One take, or one recording in which the sentence is said several times.
    pub audio: Upload,
    /// An enrollment code of the user's own, which replaces a voiceprint.
    pub code: Option<String>,
}

/// How far an enrollment has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnrollView {
    /// Whether the audio was taken.
    pub success: bool,
    /// The application's id of the user.
    pub user_id: String,
    /// `enrolling` or `enrolled`.
    pub status: &'static str,
    /// Takes so far.
    pub takes: u32,
    /// Takes of a voiceprint.
    pub needed: u32,
    /// Takes still missing.
    pub remaining: u32,
    /// Takes in this audio.
    pub accepted: u32,
}

/// What takes come to, together with those before.
struct Judged {
    prints: Vec<Vec<u8>>,
    voiceprint: Option<NewVoiceprint>,
}

impl Service {
    /// Takes audio for a user's voiceprint, which three takes of one sentence make.
    ///
    /// # Errors
    /// [`UploadError`]; a poor take changes nothing, takes that are not alike begin the enrollment anew.
    pub async fn enroll_upload(&self, client: &Client, request: EnrollRequest) -> Result<EnrollView, UploadError> {
        client.must(Scope::Enroll)?;
        let caller = self.user(client, &request.user_id).await?;
        may_enroll(&caller, request.code.as_deref())?;
        let takes = self.hear_upload(request.audio, true).await?;
        let new = takes.iter().map(enrolled).collect::<Result<Vec<_>, _>>()?;
        for _ in 0..TRIES {
            let before = self.store().open_enrollment(caller.id).await?;
            let judged = self.judge_takes(before.as_ref(), new.clone()).await?;
            let judged = match judged {
                Ok(judged) => judged,
                Err(reason) => {
                    if reason == Reason::TakesDiffer {
                        self.store().discard_enrollment(caller.id, self.now()).await?;
                    }
                    return Err(UploadError::Take(reason));
                }
            };
            let earlier = before.as_ref().map_or(0, |open| open.takes.len()) as u32;
            let (accepted, is_enrolled) = (judged.prints.len() as u32, judged.voiceprint.is_some());
            let Judged { prints, voiceprint } = judged;
            let at = self.now();
            let kept = NewTakes { caller: caller.id, before, prints, voiceprint, code: request.code.clone(), at };
            match self.store().keep_enrollment_takes(kept).await {
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

    /// Compares new takes with those before; enough of them are a voiceprint.
    async fn judge_takes(
        &self,
        before: Option<&OpenEnrollment>,
        new: Vec<EnrolledTake>,
    ) -> Result<Result<Judged, Reason>, UploadError> {
        let kept = before.map(|open| open.takes.iter().map(|bytes| EnrolledTake::from_bytes(bytes)));
        let mut all: Vec<EnrolledTake> = kept
            .map(Iterator::collect::<Result<_, _>>)
            .transpose()
            .map_err(|error| UploadError::Judging(error.to_string()))?
            .unwrap_or_default();
        let engine = self.engine().clone();
        let judged = tokio::task::spawn_blocking(move || {
            give_way();
            let mut prints = Vec::with_capacity(new.len());
            for take in new {
                if engine.is_repeated(&take, &all) {
                    return Err(Reason::ReplaySuspected);
                }
                prints.push(take.to_bytes());
                all.push(take);
            }
            let is_enough = all.len() >= TAKES as usize;
            let enrolled = is_enough.then(|| engine.enroll(all)).transpose()?;
            let voiceprint = enrolled
                .map(|enrolled| NewVoiceprint { bytes: enrolled.to_bytes(), model_id: enrolled.model().to_string() });
            Ok(Judged { prints, voiceprint })
        });
        judged.await.map_err(|_| UploadError::Judging("the models failed badly".to_owned()))
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

fn enrolled(take: &Take) -> Result<EnrolledTake, UploadError> {
    match (take.fault(), take.enrolled()) {
        (None, Some(enrolled)) => Ok(enrolled),
        (fault, _) => Err(UploadError::Take(fault.unwrap_or(Reason::NoSpeech))),
    }
}
