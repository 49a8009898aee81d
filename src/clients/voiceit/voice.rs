//! Enrollment, verification and identification by phrase.

use std::time::Duration;

use super::{VoiceIt, VoiceItError};
use crate::clients::client::Client;
use crate::clients::permission::WholeAccount;
use crate::clients::uploads::{Probe, UploadError, Verified};
use crate::engine::{self, AskedFor, EnrolledTake, Take};
use crate::judging::{Agreement, Enrollment, Fault, TAKES, Upload};
use crate::store::{Caller, NewPhraseTake, PhraseTake, StoreError};
use crate::types::{Reason, Verdict};
use crate::wire::EnrollmentView;

/// Takes of one phrase that make a voiceprint.
const ENOUGH: usize = TAKES as usize;

/// Users of a group that is looked through: as many as `VoiceIt`'s own. Each user more is one more that a voice may be
/// taken for.
const MOST_USERS: usize = 50;

/// Audio with what should be said in it.
#[derive(Clone, Default)]
pub struct VoiceItProbe {
    /// Its language.
    pub language: String,
    /// The sentence.
    pub phrase: String,
    /// The audio.
    pub audio: VoiceItSource,
}

/// Where audio comes from.
#[derive(Clone)]
pub enum VoiceItSource {
    /// With the request.
    File(Upload),
    /// From a URL.
    Url(String),
}

impl Default for VoiceItSource {
    fn default() -> Self {
        Self::File(Upload::default())
    }
}

/// An enrollment take that was kept.
#[derive(Clone, Debug)]
pub struct VoiceItEnrolled {
    /// Its number.
    pub id: i64,
    /// The sentence.
    pub text: String,
}

/// The result of a verification.
#[derive(Clone, Debug)]
pub struct VoiceItVerified {
    /// How it ended.
    pub verdict: Verdict,
    /// 0 to 100; in steps for a key without the scope `scores`.
    pub confidence: f32,
    /// The sentence.
    pub text: String,
    /// After a cooldown: when to try again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// Who it was.
#[derive(Clone, Debug)]
pub struct VoiceItIdentified {
    /// The user.
    pub user: Option<String>,
    /// How sure that is.
    pub verified: VoiceItVerified,
}

impl VoiceIt {
    /// A user's enrollment takes.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`].
    pub async fn enrollments(
        &self,
        client: &Client<WholeAccount>,
        user: &str,
    ) -> Result<Vec<EnrollmentView>, VoiceItError> {
        let caller = self.user(client, user).await?;
        let view = |take: PhraseTake| EnrollmentView {
            voice_enrollment_id: take.id,
            content_language: take.language,
            text: take.phrase,
            created_at: take.made_at.as_millisecond(),
        };
        Ok(self.cx.store.phrase_takes(caller.id).await?.into_iter().map(view).collect())
    }

    /// Deletes one of a user's enrollment takes, or all.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`]; [`VoiceItError::Absent`] for a number that none has.
    pub async fn forget(&self, client: &Client<WholeAccount>, user: &str, id: Option<i64>) -> Result<(), VoiceItError> {
        let caller = self.user(client, user).await?;
        let gone = self.cx.store.forget_phrase_takes(caller.id, id, self.cx.now()).await?;
        if gone == 0 && id.is_some() { Err(VoiceItError::Absent("enrollment")) } else { Ok(()) }
    }

    /// Keeps a take of a phrase, if it is like those before.
    ///
    /// # Errors
    /// [`VoiceItError`]; nothing is kept then.
    pub async fn enroll(
        &self,
        client: &Client<WholeAccount>,
        user: &str,
        probe: VoiceItProbe,
    ) -> Result<VoiceItEnrolled, VoiceItError> {
        let caller = self.user(client, user).await?;
        let text = self.phrase(&probe.language, &probe.phrase)?;
        let audio = self.audio(probe.audio).await?;
        let (take, _) = self.uploads.examine(audio).await?;
        let takes = self.cx.store.phrase_takes(caller.id).await?;
        let (known, earlier) = (takes.len(), of_phrase(takes, &text));
        let enrollment = match self.judge.enroll(&earlier, vec![take], Agreement::WithEachTake).await? {
            Ok(enrollment) => enrollment,
            Err(Reason::PhraseMismatch) => return Err(VoiceItError::OtherWords),
            Err(Reason::TakesDiffer) => return Err(VoiceItError::OtherVoice),
            Err(reason) => return Err(UploadError::Take(reason).into()),
        };
        let Enrollment { mut prints, voiceprint } = enrollment;
        let bytes = prints.pop().unwrap_or_default();
        let (phrase, language) = (text.clone(), probe.language);
        let new = NewPhraseTake { caller: caller.id, phrase, language, bytes, known, voiceprint };
        match self.cx.store.add_phrase_take(new, self.cx.now()).await {
            Ok(id) => Ok(VoiceItEnrolled { id, text }),
            // Another take of the user came in between: a client that sends two at once sends one again.
            Err(StoreError::Overtaken) => Err(UploadError::Busy.into()),
            Err(StoreError::NoConsent) => Err(UploadError::OptedOut.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Verifies a user by a phrase.
    ///
    /// # Errors
    /// [`VoiceItError`]; no user is verified then.
    pub async fn verify(
        &self,
        client: &Client<WholeAccount>,
        user: &str,
        probe: VoiceItProbe,
    ) -> Result<VoiceItVerified, VoiceItError> {
        let caller = self.user(client, user).await?;
        let text = self.phrase(&probe.language, &probe.phrase)?;
        let enrolled = self.voice(&caller, &text).await?;
        let audio = self.audio(probe.audio).await?;
        let (take, engine) = self.uploads.examine(audio).await?;
        let verified = self.verify_against(client, &caller, (take, engine), enrolled, 1).await?;
        Ok(self.told(client, &verified, text))
    }

    /// Finds out which user of a group speaks, if one does.
    ///
    /// The nearest user is verified, and `ln N` is added to the threshold for N users: the group as a whole lets
    /// through no more impostors than a single user.
    ///
    /// # Errors
    /// [`VoiceItError`]; no user is verified then.
    pub async fn identify(
        &self,
        client: &Client<WholeAccount>,
        group: &str,
        probe: VoiceItProbe,
    ) -> Result<VoiceItIdentified, VoiceItError> {
        let group = self.group(client, group).await?;
        if group.users.len() > MOST_USERS {
            return Err(VoiceItError::GroupTooLarge(MOST_USERS));
        }
        let text = self.phrase(&probe.language, &probe.phrase)?;
        let mut users = Vec::new();
        for user in group.users {
            let caller = self.user(client, &user).await?;
            match self.voice(&caller, &text).await {
                Ok(enrolled) => users.push((user, caller, enrolled)),
                Err(VoiceItError::NotEnrolled | VoiceItError::NotOfPhrase) => {}
                Err(error) => return Err(error),
            }
        }
        let count = users.len();
        let audio = self.audio(probe.audio).await?;
        let (take, engine) = self.uploads.examine(audio).await?;
        let voice = take.voice.clone().map_err(UploadError::Take)?;
        let score = |enrolled: &engine::Enrolled| {
            self.judge.engine().score(enrolled.voiceprint(), &voice).map_or(f32::NEG_INFINITY, |(_, llr)| llr.0)
        };
        let nearest = users.into_iter().max_by(|(.., a), (.., b)| score(a).total_cmp(&score(b)));
        let Some((user, caller, enrolled)) = nearest else { return Err(VoiceItError::NotEnrolled) };
        let verified = self.verify_against(client, &caller, (take, engine), enrolled, count).await?;
        let user = verified.verdict.is_accept().then_some(user);
        Ok(VoiceItIdentified { user, verified: self.told(client, &verified, text) })
    }

    /// Verifies a take by a voiceprint of a phrase, found among `one_of` users.
    async fn verify_against(
        &self,
        client: &Client<WholeAccount>,
        caller: &Caller,
        (take, engine): (Take, Duration),
        enrolled: engine::Enrolled,
        one_of: usize,
    ) -> Result<Verified, VoiceItError> {
        let snapshot = self.judge.snapshot_of_upload(caller.id).await.map_err(UploadError::from)?;
        let snapshot = snapshot.with_voiceprint(enrolled);
        let asked = AskedFor::Passphrase;
        let probe = Probe { take, engine, snapshot, asked, one_of, is_assured: false };
        Ok(self.uploads.verify_take(client, caller, probe).await?)
    }

    /// The voiceprint that a user's takes of a phrase make.
    async fn voice(&self, caller: &Caller, phrase: &str) -> Result<engine::Enrolled, VoiceItError> {
        let takes = self.cx.store.phrase_takes(caller.id).await?;
        if takes.len() < ENOUGH {
            return Err(VoiceItError::NotEnrolled);
        }
        let takes = of_phrase(takes, phrase);
        if takes.len() < ENOUGH {
            return Err(VoiceItError::NotOfPhrase);
        }
        let takes = takes.iter().map(|bytes| EnrolledTake::from_bytes(bytes)).collect::<Result<Vec<_>, _>>();
        let enrolled = takes.map_err(Fault::from).and_then(|takes| Ok(engine::Enrolled::new(takes)?));
        Ok(enrolled.map_err(UploadError::from)?)
    }

    async fn audio(&self, source: VoiceItSource) -> Result<Upload, VoiceItError> {
        match source {
            VoiceItSource::File(upload) => Ok(upload),
            VoiceItSource::Url(url) => {
                let bytes = self.jobs.sender().fetch(&url, self.cx.config.audio.max_bytes).await;
                Ok(Upload { bytes: bytes.map_err(VoiceItError::Url)?, content_type: None })
            }
        }
    }

    fn told(&self, client: &Client<WholeAccount>, verified: &Verified, text: String) -> VoiceItVerified {
        VoiceItVerified {
            verdict: verified.verdict,
            confidence: 100.0 * verified.confidence(client),
            text,
            retry_after_ms: verified.retry_after_ms(self.cx.now()),
        }
    }
}

/// The takes of a phrase, in their byte form.
fn of_phrase(takes: Vec<PhraseTake>, phrase: &str) -> Vec<Vec<u8>> {
    takes.into_iter().filter(|take| take.phrase == phrase).map(|take| take.bytes).collect()
}
