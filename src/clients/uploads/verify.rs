//! Verification by upload.

use std::time::Duration;

use super::{Upload, UploadError, Uploads};
use crate::clients::client::Client;
use crate::clients::keys::counted_as;
use crate::clients::permission::{ByKey, Enroll, Verifies, Verify};
use crate::dialog::{Risk, Suspicion};
use crate::engine::{AskedFor, Signals, Take};
use crate::judging::{Fault, Outcome, Snapshot, Terms, meters};
use crate::phrase::Challenge;
use crate::store::{Caller, StoreError, Used};
use crate::types::{AttemptId, Verdict};

/// Mismatches of a day from which on an upload is suspect, as a call is.
const FAILURES: u32 = 2;

/// A client's request to have a user verified.
#[derive(Clone, Default)]
pub struct VerifyRequest {
    /// The application's id of the user.
    pub user_id: String,
    /// The words that the user was asked to say. Digits are a challenge of the application's own; any other text stands
    /// for the sentence that the user enrolled with, and the take is compared with how that sounded.
    pub phrase: Option<String>,
    /// The challenge of `POST /v1/challenges` that is answered, in place of a phrase.
    pub challenge_id: Option<String>,
    /// The take.
    pub audio: Upload,
    /// The application has another proof of who it is, so that the voiceprint may follow the voice. That takes a key
    /// which could enroll the user as well.
    pub assured: Option<Client<ByKey<Enroll>>>,
}

/// An attempt that is written down.
#[derive(Clone, Debug)]
pub struct Verified {
    /// How it ended.
    pub verdict: Verdict,
    /// The attempt's id.
    pub attempt: AttemptId,
    /// How long the engine was at it.
    pub engine: Duration,
    /// How far the voiceprint had followed its user's voice, 0 to 1.
    pub learning_progress: f32,
    pub(super) measured: Measurements,
}

/// The measurements of an attempt, before the client's permission is looked at.
#[derive(Clone, Debug)]
pub(super) struct Measurements {
    pub(super) signals: Option<Signals>,
    pub(super) risk: Risk,
}

/// A user's take, to be verified.
pub(crate) struct Probe {
    /// The take.
    pub(crate) take: Take,
    /// How long the engine worked on it so far.
    pub(crate) engine: Duration,
    /// Everything that it is held against.
    pub(crate) snapshot: Snapshot,
    /// The sentence or challenge to be said.
    pub(crate) asked: AskedFor,
    /// Users that the speaker could have been taken for.
    pub(crate) one_of: usize,
    /// The application has a second proof of who it is.
    pub(crate) is_assured: bool,
}

impl Uploads {
    /// Verifies a user by the passphrase they enrolled with.
    ///
    /// # Errors
    /// [`UploadError`]; nothing is accepted then.
    pub async fn verify_upload(
        &self,
        client: &Client<Verify>,
        request: VerifyRequest,
    ) -> Result<Verified, UploadError> {
        let user = client.user(&request.user_id)?;
        let caller = self.enrolled_user(&user).await?;
        let asked = match &request.challenge_id {
            Some(id) => AskedFor::Challenge(self.redeem_challenge(client, id).await?),
            None => asked(request.phrase.as_deref()),
        };
        let (take, engine) = self.examine(request.audio).await?;
        // Not while the take is examined, which may wait for seconds: a copy of it that is verified meanwhile is seen.
        let snapshot = self.judge.snapshot_of_upload(caller.id).await?;
        let probe = Probe { take, engine, snapshot, asked, one_of: 1, is_assured: request.assured.is_some() };
        self.verify_take(client, &caller, probe).await
    }

    /// Verifies a take and writes the attempt down.
    ///
    /// # Errors
    /// [`UploadError`]; nothing is accepted then.
    pub(in crate::clients) async fn verify_take<P: Verifies>(
        &self,
        client: &Client<P>,
        caller: &Caller,
        probe: Probe,
    ) -> Result<Verified, UploadError> {
        let Probe { take, engine, snapshot, asked, one_of, is_assured } = probe;
        let now = self.cx.now();
        let learning_progress = snapshot.learning_progress();
        let is_suspect = snapshot.failures >= FAILURES;
        let risk = Risk::default();
        let terms = Terms {
            asked,
            until: None,
            strictness: self.cx.config.api.strictness,
            risk: if is_suspect { risk.and(Suspicion::RecentFailures) } else { risk },
            one_of,
            ask_again_within: self.cx.config.verification.ask_again_within,
            last_mismatch: false,
            last_bad_take: false,
            is_assured,
        };
        let judgement = self.judge.verify(take, snapshot, terms).await?;
        let engine = engine + judgement.engine;
        let measured = Measurements {
            signals: judgement.assessment.map(|assessment| assessment.signals),
            risk: judgement.risk.clone(),
        };
        let settle = move |standing| judgement.settled(standing, None);
        let used = Used { key: client.key().id.clone(), what: counted_as };
        let lockout = &self.cx.config.lockout;
        let judged = self.cx.store.judge_upload(caller.id, now, lockout, used, settle).await;
        let (attempt, outcome) = judged.map_err(|error| match error {
            StoreError::NoConsent => UploadError::OptedOut,
            StoreError::UnknownCaller => UploadError::ProfileNotFound,
            error => error.into(),
        })?;
        let Outcome::Verified { verdict } = Outcome::from_json(&outcome).map_err(Fault::Outcome)? else {
            return Err(Fault::Unwanted.into());
        };
        meters::count_attempt(&verdict);
        tracing::info!(%attempt, verdict = verdict.code(), "judged an upload");
        Ok(Verified { verdict, attempt, engine, learning_progress, measured })
    }
}

/// Fewer digits than this are too few for a challenge: one impostor in a thousand would have said them.
const FEWEST_DIGITS: usize = 4;

/// The task that a phrase of the application's stands for.
fn asked(phrase: Option<&str>) -> AskedFor {
    let text = phrase.unwrap_or_default();
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && !",.-".contains(*c)).collect();
    let is_digits = digits.len() >= FEWEST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<Challenge>() {
        Ok(challenge) if is_digits => AskedFor::Challenge(challenge),
        _ => AskedFor::Passphrase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_challenge_and_other_words_the_enrolled_sentence() {
        for text in ["4 7 2, 9 1 3", "472913", "4-7-2-9"] {
            assert!(matches!(asked(Some(text)), AskedFor::Challenge(_)), "{text}");
        }
        for text in ["Never forget tomorrow is a new day", "472", "4 7 2 apple", "", "1234567890123"] {
            assert_eq!(asked(Some(text)), AskedFor::Passphrase, "{text}");
        }
        assert_eq!(asked(None), AskedFor::Passphrase);
    }
}
