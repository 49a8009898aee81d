use serde::Serialize;

use super::VoiceItError;
use super::error::code_of;
use crate::engine::{self, AskedFor, EnrolledTake};
use crate::session::give_way::give_way;
use crate::session::service::Service;
use crate::session::{Client, Upload, UploadError, Verified};
use crate::store::{Caller, NewPhraseTake, NewVoiceprint, PhraseTake, StoreError};
use crate::types::{Reason, Verdict};

/// Takes of one phrase that are compared with.
const ENOUGH: usize = 3;

/// Users of a group that is looked through: as many as `VoiceIt`'s own, since each one more is one more that a voice may be taken for.
const MOST_USERS: usize = 50;

/// Audio with what should be said in it.
#[derive(Clone, Default)]
pub struct VoiceItProbe {
    /// Its language.
    pub language: String,
    /// The sentence.
    pub phrase: String,
    /// The audio.
    pub audio: Source,
}

/// Where audio comes from.
#[derive(Clone)]
pub enum Source {
    /// With the request.
    File(Upload),
    /// From a URL.
    Url(String),
}

impl Default for Source {
    fn default() -> Self {
        Self::File(Upload::default())
    }
}

/// An enrollment take, as clients see it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrollmentView {
    /// Its number.
    pub voice_enrollment_id: i64,
    /// Its language.
    pub content_language: String,
    /// The sentence.
    pub text: String,
    /// When it came, in milliseconds since 1970.
    pub created_at: i64,
}

/// An enrollment take that was kept.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Its number.
    pub id: i64,
    /// The sentence.
    pub text: String,
}

/// What a verification came to.
#[derive(Clone, Debug)]
pub struct VoiceItVerified {
    /// `VoiceIt`'s code.
    pub code: &'static str,
    /// 0 to 100; in steps for a key without the scope `scores`.
    pub confidence: f32,
    /// The sentence.
    pub text: String,
    /// After a cooldown: when to try again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// Who it was.
#[derive(Clone, Debug)]
pub struct Identified {
    /// The user.
    pub user: Option<String>,
    /// How sure that is.
    pub verified: VoiceItVerified,
}

impl Service {
    /// A user's enrollment takes.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`].
    pub async fn voiceit_enrollments(&self, client: &Client, user: &str) -> Result<Vec<EnrollmentView>, VoiceItError> {
        let caller = self.voiceit_user(client, user).await?;
        let view = |take: PhraseTake| EnrollmentView {
            voice_enrollment_id: take.id,
            content_language: take.language,
            text: take.phrase,
            created_at: take.made_at.as_millisecond(),
        };
        Ok(self.store().phrase_takes(caller.id).await?.into_iter().map(view).collect())
    }

    /// Deletes one of a user's enrollment takes, or all.
    ///
    /// # Errors
    /// [`VoiceItError::UserUnknown`]; [`VoiceItError::Absent`] for a number that none has.
    pub async fn voiceit_forget(&self, client: &Client, user: &str, id: Option<i64>) -> Result<(), VoiceItError> {
        let caller = self.voiceit_user(client, user).await?;
        let gone = self.store().forget_phrase_takes(caller.id, id, self.now()).await?;
        if gone == 0 && id.is_some() { Err(VoiceItError::Absent("enrollment")) } else { Ok(()) }
    }

    /// Keeps a take of a phrase, if it is like those before.
    ///
    /// # Errors
    /// [`VoiceItError`]; nothing is kept then.
    pub async fn voiceit_enroll(
        &self,
        client: &Client,
        user: &str,
        probe: VoiceItProbe,
    ) -> Result<Enrolled, VoiceItError> {
        let caller = self.voiceit_user(client, user).await?;
        let text = self.voiceit_phrase(&probe.language, &probe.phrase)?;
        let audio = self.voiceit_audio(probe.audio).await?;
        let (take, _) = self.hear_upload(audio, false).await?.only()?;
        let new = match (take.fault(), take.enrolled()) {
            (None, Some(new)) => new,
            (fault, _) => return Err(UploadError::Take(fault.unwrap_or(Reason::NoSpeech)).into()),
        };
        let takes = self.store().phrase_takes(caller.id).await?;
        let (known, of_phrase) = (takes.len(), of_phrase(takes, &text)?);
        let engine = self.engine().clone();
        let judged = tokio::task::spawn_blocking(move || {
            give_way();
            if engine.is_repeated(&new, &of_phrase) {
                return Err(UploadError::Take(Reason::ReplaySuspected).into());
            }
            let bytes = new.to_bytes();
            let all: Vec<EnrolledTake> = of_phrase.into_iter().chain([new]).collect();
            let count = all.len();
            let words: Vec<_> = all.iter().map(|take| take.words.clone()).collect();
            if count > 1 && engine.same_phrase(&words).is_err() {
                return Err(VoiceItError::OtherWords);
            }
            let enrolled = engine.enroll(all).map_err(|reason| match reason {
                Reason::TakesDiffer => VoiceItError::OtherVoice,
                other => UploadError::Take(other).into(),
            })?;
            let voiceprint = NewVoiceprint { bytes: enrolled.to_bytes(), model_id: enrolled.model().to_string() };
            Ok((bytes, (count >= ENOUGH).then_some(voiceprint)))
        });
        let failed = |_| UploadError::Judging("the models failed badly".to_owned());
        let (bytes, voiceprint) = judged.await.map_err(failed)??;
        let (phrase, language) = (text.clone(), probe.language);
        let new = NewPhraseTake { caller: caller.id, phrase, language, bytes, known, voiceprint };
        match self.store().add_phrase_take(new, self.now()).await {
            Ok(id) => Ok(Enrolled { id, text }),
            // Another take of the user came in between: whoever sends two at once sends one again.
            Err(StoreError::Overtaken) => Err(UploadError::Busy.into()),
            Err(StoreError::NoConsent) => Err(UploadError::OptedOut.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Verifies a user by a phrase.
    ///
    /// # Errors
    /// [`VoiceItError`]; nobody is verified then.
    pub async fn voiceit_verify(
        &self,
        client: &Client,
        user: &str,
        probe: VoiceItProbe,
    ) -> Result<VoiceItVerified, VoiceItError> {
        let caller = self.voiceit_user(client, user).await?;
        let text = self.voiceit_phrase(&probe.language, &probe.phrase)?;
        let enrolled = self.voiceit_voice(&caller, &text).await?;
        let audio = self.voiceit_audio(probe.audio).await?;
        let heard = self.hear_upload(audio, false).await?;
        let known = self.known(&caller).await?.instead(enrolled, 1);
        let verified = self.judge_upload(client, &caller, heard, known, AskedFor::Passphrase, false).await?;
        Ok(self.voiceit_told(client, &verified, text))
    }

    /// Finds out which user of a group speaks, if one does.
    ///
    /// The nearest one is verified, and has to be as much nearer as there are users in the group: `ln N` on top of what one alone
    /// needs, so that the group as a whole lets through no more impostors than a single user.
    ///
    /// # Errors
    /// [`VoiceItError`]; nobody is verified then.
    pub async fn voiceit_identify(
        &self,
        client: &Client,
        group: &str,
        probe: VoiceItProbe,
    ) -> Result<Identified, VoiceItError> {
        let group = self.voiceit_group(client, group).await?;
        if group.users.len() > MOST_USERS {
            return Err(VoiceItError::GroupTooLarge(MOST_USERS));
        }
        let text = self.voiceit_phrase(&probe.language, &probe.phrase)?;
        let mut users = Vec::new();
        for user in group.users {
            let caller = self.voiceit_user(client, &user).await?;
            match self.voiceit_voice(&caller, &text).await {
                Ok(enrolled) => users.push((user, caller, enrolled)),
                Err(VoiceItError::NotEnrolled | VoiceItError::NotOfPhrase) => {}
                Err(error) => return Err(error),
            }
        }
        let count = users.len();
        let audio = self.voiceit_audio(probe.audio).await?;
        let heard = self.hear_upload(audio, false).await?;
        let voice = heard.takes.first().map(|take| take.voice.clone());
        let voice = voice.unwrap_or(Err(Reason::NoSpeech)).map_err(UploadError::Take)?;
        let score = |enrolled: &engine::Enrolled| {
            self.engine().score(enrolled.voiceprint(), &voice).map_or(f32::NEG_INFINITY, |(_, llr)| llr.0)
        };
        let nearest = users.into_iter().max_by(|(.., a), (.., b)| score(a).total_cmp(&score(b)));
        let Some((user, caller, enrolled)) = nearest else { return Err(VoiceItError::NotEnrolled) };
        let known = self.known(&caller).await?.instead(enrolled, count);
        let verified = self.judge_upload(client, &caller, heard, known, AskedFor::Passphrase, false).await?;
        let user = verified.verdict.is_accept().then_some(user);
        Ok(Identified { user, verified: self.voiceit_told(client, &verified, text) })
    }

    /// What a user's takes of a phrase come to.
    async fn voiceit_voice(&self, caller: &Caller, phrase: &str) -> Result<engine::Enrolled, VoiceItError> {
        let takes = self.store().phrase_takes(caller.id).await?;
        if takes.len() < ENOUGH {
            return Err(VoiceItError::NotEnrolled);
        }
        let takes = of_phrase(takes, phrase)?;
        if takes.len() < ENOUGH {
            return Err(VoiceItError::NotOfPhrase);
        }
        engine::Enrolled::new(takes).map_err(|error| UploadError::Judging(error.to_string()).into())
    }

    async fn voiceit_audio(&self, source: Source) -> Result<Upload, VoiceItError> {
        match source {
            Source::File(upload) => Ok(upload),
            Source::Url(url) => {
                let bytes = self.courier().fetch(&url, self.config().audio.max_bytes).await;
                Ok(Upload { bytes: bytes.map_err(VoiceItError::Url)?, content_type: None })
            }
        }
    }

    fn voiceit_told(&self, client: &Client, verified: &Verified, text: String) -> VoiceItVerified {
        VoiceItVerified {
            code: match verified.verdict {
                Verdict::Accept => "SUCC",
                verdict => verdict.reason().map_or("GERR", code_of),
            },
            confidence: 100.0 * verified.confidence(client),
            text,
            retry_after_ms: verified.retry_after_ms(self.now()),
        }
    }
}

/// The takes of a phrase.
fn of_phrase(takes: Vec<PhraseTake>, phrase: &str) -> Result<Vec<EnrolledTake>, VoiceItError> {
    let failed = |error: engine::EnrolledError| UploadError::Judging(error.to_string());
    let of_it = takes.into_iter().filter(|take| take.phrase == phrase);
    Ok(of_it.map(|take| EnrolledTake::from_bytes(&take.bytes)).collect::<Result<_, _>>().map_err(failed)?)
}
