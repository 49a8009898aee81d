use std::time::{Duration, Instant};

use super::hear::Heard;
use super::view::Measured;
use super::{Upload, UploadError};
use crate::dialog::{Risk, Suspicion};
use crate::engine::{AskedFor, Bar, Claim, Claimed, Enrolled};
use crate::liveness::Fingerprint;
use crate::phrase::Challenge;
use crate::scoring::Learned;
use crate::session::Client;
use crate::session::claim::Held;
use crate::session::clients::counted_as;
use crate::session::give_way::give_way;
use crate::session::judge::{self, Fault, Judgement};
use crate::session::outcome::Outcome;
use crate::session::service::Service;
use crate::session::step::count_attempt;
use crate::store::{Caller, Scope, Used};
use crate::types::{AttemptId, Verdict};

/// Mismatches of a day from which on an upload is suspect, as a call is.
const FAILURES: u32 = 2;

/// A client's wish to have a user verified.
#[derive(Clone, Default)]
pub struct VerifyRequest {
    /// The application's id of the user.
    pub user_id: String,
    /// What the user was asked to say. Digits are a challenge of the application's own; any other text stands for the sentence
    /// that the user enrolled with, and the take is compared with how that sounded.
    pub phrase: Option<String>,
    /// The challenge of `POST /v1/challenges` that is answered, in place of a phrase.
    pub challenge_id: Option<String>,
    /// The take.
    pub audio: Upload,
    /// The application has another proof of who it is, so that the voiceprint may follow the voice.
    pub assured: bool,
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
    pub(super) measured: Measured,
}

/// What is known of a user whose take comes.
pub(in crate::session) struct Known {
    who: Claimed,
    learned: Option<Learned>,
    learned_version: u32,
    earlier: Vec<Fingerprint>,
    /// Mismatches of the last day.
    failures: u32,
    /// What the voice must reach beyond the usual: there were others that it could have been.
    raised_by: f32,
}

impl Known {
    /// The same of somebody's voiceprint that is kept elsewhere, and who was one of so many.
    #[must_use]
    pub(in crate::session) fn instead(self, enrolled: Enrolled, of: usize) -> Self {
        Self { who: Claimed::Caller(Box::new(enrolled)), raised_by: (of.max(1) as f32).ln(), ..self }
    }
}

impl Service {
    /// Verifies a user by the passphrase they enrolled with.
    ///
    /// # Errors
    /// [`UploadError`]; nothing is accepted then.
    pub async fn verify_upload(&self, client: &Client, request: VerifyRequest) -> Result<Verified, UploadError> {
        client.must(Scope::Verify)?;
        if request.assured {
            client.must_be_back_end()?.must(Scope::Enroll)?;
        }
        let caller = self.enrolled_user(client, &request.user_id).await?;
        let asked = match &request.challenge_id {
            Some(id) => AskedFor::Challenge(self.redeem_challenge(client, id).await?),
            None => asked(request.phrase.as_deref()),
        };
        // What the store knows is read while the engine listens.
        let (heard, known) = tokio::join!(self.hear_upload(request.audio, false), self.known(&caller));
        self.judge_upload(client, &caller, heard?, known?, asked, request.assured).await
    }

    /// What a user's takes are held against.
    pub(in crate::session) async fn known(&self, caller: &Caller) -> Result<Known, UploadError> {
        let failed = |fault: Fault| UploadError::Judging(fault.to_string());
        let (who, learned, learned_version, earlier) = self.claimed(caller.id).await.map_err(failed)?;
        let failures = self.store().recent_failures(caller.id, self.now()).await?;
        Ok(Known { who, learned, learned_version, earlier, failures, raised_by: 0.0 })
    }

    /// Holds a take against a user's voiceprint and writes the attempt down.
    pub(in crate::session) async fn judge_upload(
        &self,
        client: &Client,
        caller: &Caller,
        heard: Heard,
        known: Known,
        asked: AskedFor,
        is_assured: bool,
    ) -> Result<Verified, UploadError> {
        let (take, mut engine) = heard.only()?;
        let failed = |fault: Fault| UploadError::Judging(fault.to_string());
        let now = self.now();
        let Known { who, learned, learned_version, earlier, failures, raised_by } = known;
        let learning_progress = learned.as_ref().map_or(0.0, Learned::progress);
        let refuses_replays = self.config().verification.replay;
        let claim = Claim { who, asked, is_late: false, refuses_replays, learned, earlier, before: Vec::new() };
        let held = Held { claim, learned_version, is_assured };
        let mut risk = Risk::default();
        if failures >= FAILURES {
            risk = risk.and(Suspicion::RecentFailures);
        }
        if let Ok(voice) = &take.voice
            && self.watched(&caller.tenant, Some(caller.id), voice).await?.is_some()
        {
            risk = risk.and(Suspicion::Watched);
        }
        let strictness = self.config().api.strictness;
        let bar = Bar {
            strictness,
            site: self.site_threshold(strictness),
            raised_by: risk.raises_by() + raised_by,
            ask_again_within: self.config().verification.ask_again_within,
            last_mismatch: false,
            last_bad_take: false,
        };
        let service = self.clone();
        let judged = tokio::task::spawn_blocking(move || -> Result<_, Fault> {
            give_way();
            let begun = Instant::now();
            let assessment = service.engine().verify(&held.claim, &take, &bar)?;
            let kept = service.kept(&held, &take, &assessment)?;
            let outcome = Outcome::Verified { verdict: assessment.verdict };
            let judgement = Judgement { outcome, assessment: Some(assessment), kept, voiceprint: None };
            Ok((judgement, begun.elapsed()))
        });
        let judged = judged.await.map_err(|_| UploadError::Judging("the models failed badly".to_owned()))?;
        let (judgement, more) = judged.map_err(failed)?;
        engine += more;
        let measured = Measured { signals: judgement.assessment.map(|assessment| assessment.signals), risk };
        let judge = move |standing| judge::result(judgement, standing, None);
        let used = Used { key: client.key.id.clone(), what: counted_as };
        let (attempt, outcome) = self.store().judge_upload(caller.id, now, &self.config().lockout, used, judge).await?;
        let Ok(Outcome::Verified { verdict }) = Outcome::from_json(&outcome) else {
            return Err(UploadError::Judging("the outcome is not readable".to_owned()));
        };
        count_attempt(&verdict);
        tracing::info!(%attempt, verdict = verdict.code(), "judged an upload");
        Ok(Verified { verdict, attempt, engine, learning_progress, measured })
    }
}

/// Fewer digits than this are too few for a challenge: one impostor in a thousand would have said them.
const FEWEST_DIGITS: usize = 4;

/// What a phrase of the application's asks for.
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
