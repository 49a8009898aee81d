//! Sessions: a challenge, its answer, and the voice token that proves it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Probe, Uploads};
use crate::clients::client::{Client, NamedUser};
use crate::clients::permission::{ByKey, Verify};
use crate::clients::uploads::{UploadError, Verified};
use crate::engine::AskedFor;
use crate::judging::{Fault, Upload};
use crate::phrase::Challenge;
use crate::store::{AuthSession, Redeemed};
use crate::types::{CallerId, Reason, Tenant, Timestamp, Verdict};
use crate::wire::{AuthStarted, AuthVerified, VoiceTokenView};

/// The claims of a voice token.
#[derive(Serialize, Deserialize)]
struct VoiceClaims {
    iss: String,
    sub: String,
    tenant: Tenant,
    /// `voice`: the same secret signs tokens for other purposes.
    purpose: String,
    iat: i64,
    exp: i64,
    jti: String,
}

const PURPOSE: &str = "voice";

impl Uploads {
    /// Begins a session: the user is asked for something random.
    ///
    /// # Errors
    /// [`UploadError`].
    pub async fn start_auth(&self, client: &Client<Verify>, user: &str) -> Result<AuthStarted, UploadError> {
        let caller = self.enrolled_user(&client.user(user)?).await?;
        let challenge = Challenge::digits(rand::random());
        let (now, ttl) = (self.cx.now(), self.cx.config.api.session_ttl_s);
        let expires_at = now.saturating_add(std::time::Duration::from_secs(ttl)).unwrap_or(Timestamp::MAX);
        let session = AuthSession { caller: caller.id, challenge: challenge.to_string(), expires_at };
        let session_id = self.cx.store.begin_auth(session, now).await?;
        Ok(AuthStarted { session_id, challenge: challenge.spoken(), expires_at })
    }

    /// Answers a session, which is used up before the answer is judged.
    ///
    /// # Errors
    /// [`UploadError`]; the user is not authenticated then.
    pub async fn verify_voice(
        &self,
        client: &Client<Verify>,
        session: &str,
        user: &str,
        audio: Upload,
    ) -> Result<AuthVerified, UploadError> {
        let user = client.user(user)?;
        let caller = self.enrolled_user(&user).await?;
        let session = match self.cx.store.redeem_auth(session, caller.id, self.cx.now()).await? {
            Redeemed::Good(session) => session,
            Redeemed::Used => return Err(UploadError::SessionUsed),
            Redeemed::Expired => return Err(UploadError::SessionExpired),
            Redeemed::Unknown => return Err(UploadError::SessionUnknown),
        };
        let challenge = session.challenge.parse().map_err(Fault::Challenge)?;
        let (take, engine) = self.examine(audio).await?;
        let snapshot = self.judge.snapshot_of_upload(caller.id).await?;
        let asked = AskedFor::Challenge(challenge);
        let probe = Probe { take, engine, snapshot, asked, one_of: 1, is_assured: false };
        let verified = self.verify_take(client, &caller, probe).await?;
        self.answer(&user, caller.id, &verified).await
    }

    async fn answer(
        &self,
        user: &NamedUser,
        caller: CallerId,
        verified: &Verified,
    ) -> Result<AuthVerified, UploadError> {
        let verdict = verified.verdict;
        if !verdict.is_accept() {
            return Ok(AuthVerified {
                success: false,
                decision: verdict.code(),
                voice_token: None,
                user_id: None,
                code: Some(match verdict {
                    Verdict::Retry { .. } => "voice_retry",
                    Verdict::Cooldown { .. } => "voice_cooldown",
                    _ => "voice_rejected",
                }),
                reason: verdict.reason().map(|reason| match reason {
                    Reason::VoiceMismatch => "low_similarity",
                    other => other.code(),
                }),
                retry_after_ms: verified.retry_after_ms(self.cx.now()),
            });
        }
        let (now, ttl) = (self.cx.now(), self.cx.config.api.token_ttl_s);
        let expires_at = now.saturating_add(std::time::Duration::from_secs(ttl)).unwrap_or(Timestamp::MAX);
        let claims = VoiceClaims {
            iss: self.cx.config.token.issuer.clone(),
            sub: user.id().to_owned(),
            tenant: user.tenant().clone(),
            purpose: PURPOSE.to_owned(),
            iat: now.as_second(),
            exp: expires_at.as_second(),
            jti: Uuid::new_v4().to_string(),
        };
        let token = self.signers.voice.sign(&claims)?;
        self.cx.store.issue_voice_token(&claims.jti, caller, expires_at, now).await?;
        Ok(AuthVerified {
            success: true,
            decision: verdict.code(),
            voice_token: Some(token),
            user_id: Some(user.id().to_owned()),
            code: None,
            reason: None,
            retry_after_ms: None,
        })
    }

    /// Says what a voice token is worth, and makes it worthless.
    ///
    /// # Errors
    /// [`UploadError::Store`].
    pub async fn verify_token(
        &self,
        client: &Client<ByKey<Verify>>,
        token: &str,
    ) -> Result<VoiceTokenView, UploadError> {
        let worthless = |error, message| VoiceTokenView {
            valid: false,
            user_id: None,
            iat: None,
            error: Some(error),
            message: Some(message),
        };
        let claims: Option<VoiceClaims> = self.signers.voice.read(token);
        let own = claims.filter(|claims| claims.purpose == PURPOSE && claims.tenant == *client.tenant());
        let Some(claims) = own else {
            return Ok(worthless("token_invalid", "not a voice token of this tenant"));
        };
        Ok(match self.cx.store.redeem_voice_token(&claims.jti, self.cx.now()).await? {
            Redeemed::Good(_) => VoiceTokenView {
                valid: true,
                user_id: Some(claims.sub),
                iat: Some(claims.iat),
                error: None,
                message: None,
            },
            Redeemed::Used => worthless("token_used", "the token was shown before"),
            Redeemed::Expired => worthless("token_expired", "the token has expired"),
            Redeemed::Unknown => worthless("token_invalid", "the token is not known, or its user was deleted"),
        })
    }
}
