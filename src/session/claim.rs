//! What a probe is held against, gathered from the store; and what is kept of it afterwards.

use super::judge::{Fault, Job};
use super::service::Service;
use crate::engine::{Asked, AskedFor, Assessment, Claim, Claimed, Enrolled, Take, Voice};
use crate::liveness::Fingerprint;
use crate::scoring::{Learned, TakePrint};
use crate::store::NewLearning;
use crate::types::{CallerId, Reason, Verdict};

/// How far below its threshold a voice may be to count with the next take: about what one take of a caller differs from another.
///
/// Further off it may be somebody else's, and would drag the caller's own down.
const COMBINED_WITHIN: f32 = 5.0;

/// What a verification is held against, and how often the voice was learned from.
pub(super) struct Held {
    pub claim: Claim,
    pub learned_version: u32,
    /// The application has a second proof of who it is.
    pub is_assured: bool,
}

/// What is kept of a verification, in byte forms.
#[derive(Default)]
pub(super) struct Kept {
    /// For the next takes of the call.
    pub print: Option<Vec<u8>>,
    /// To know a recording of it again.
    pub heard: Option<Vec<u8>>,
    /// What was learned.
    pub learned: Option<NewLearning>,
}

impl Service {
    /// What a take of this job is held against.
    pub(super) async fn held(&self, job: &Job) -> Result<Held, Fault> {
        let asked = match &job.asked {
            Some(asked) => AskedFor::Challenge(asked.code.parse().map_err(Fault::Challenge)?),
            None => AskedFor::Passphrase,
        };
        let opened_at = self.store().take(&job.call, job.turn).await?.map(|take| take.opened_at);
        let is_late = job.asked.as_ref().zip(opened_at).is_some_and(|(asked, at)| at > asked.until);
        let (who, learned, learned_version, earlier) = match job.caller {
            Some(caller) => self.claimed(caller).await?,
            None => (Claimed::Nobody { salt: self.salt(job).await? }, None, 0, Vec::new()),
        };
        let mut before = Vec::new();
        for bytes in self.store().probe_takes(&job.call).await? {
            let TakePrint { embedding, net_speech_ms } = TakePrint::from_bytes(&bytes)?;
            before.push(Voice { embedding, heard_ms: net_speech_ms });
        }
        let refuses_replays = self.config().verification.replay;
        let claim = Claim { who, asked, is_late, refuses_replays, learned, earlier, before };
        Ok(Held { claim, learned_version, is_assured: false })
    }

    pub(super) async fn claimed(
        &self,
        caller: CallerId,
    ) -> Result<(Claimed, Option<Learned>, u32, Vec<Fingerprint>), Fault> {
        let Some(stored) = self.store().voiceprint(caller).await? else {
            return Ok((Claimed::Nobody { salt: caller.0.as_u64_pair().1 }, None, 0, Vec::new()));
        };
        let enrolled = Enrolled::from_bytes(&stored.bytes)?;
        let learned = self.store().learned(caller).await?;
        let version = learned.version;
        let learned = learned.bytes.map(|bytes| Learned::from_bytes(&bytes)).transpose()?;
        let heard = self.store().heard(caller).await?;
        let earlier = heard.iter().map(|bytes| Fingerprint::from_bytes(bytes)).collect::<Result<_, _>>()?;
        Ok((Claimed::Caller(Box::new(enrolled)), learned, version, earlier))
    }

    /// The same for the same typed digits.
    async fn salt(&self, job: &Job) -> Result<u64, Fault> {
        let call = self.store().call(&job.call).await?;
        let claim = call.and_then(|call| call.claim).unwrap_or_default();
        // FNV-1a: nobody gains by finding another claim with the same salt.
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Ok(claim.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }

    /// What is kept of a verification beyond its attempt.
    pub(super) fn kept(&self, held: &Held, take: &Take, assessment: &Assessment) -> Result<Kept, Fault> {
        let signals = &assessment.signals;
        let Some(findings) = signals.findings else { return Ok(Kept::default()) };
        // Whoever is not the caller must not push out what the caller was heard saying.
        let is_own = findings.voice.margin() >= 0.0;
        let heard = take.fingerprint.as_ref().filter(|_| is_own).map(Fingerprint::to_bytes);
        let is_near = findings.voice.margin() >= -COMBINED_WITHIN;
        let is_voice_alone = is_near
            && assessment.verdict == Verdict::Retry { reason: Reason::VoiceMismatch }
            && findings.measured().skip(1).all(|(_, finding)| finding.margin() >= 0.0);
        let print = match (&take.voice, is_voice_alone) {
            (Ok(Voice { embedding, heard_ms }), true) => {
                Some(TakePrint { embedding: embedding.clone(), net_speech_ms: *heard_ms }.to_bytes())
            }
            _ => None,
        };
        let is_proved = held.is_assured || signals.asked == Asked::Challenge;
        let may_learn = self.config().verification.learn && is_proved;
        let learned = if may_learn {
            let day = self.now().as_second().div_euclid(24 * 60 * 60) as i32;
            self.engine().learn(&held.claim, take, assessment, day)?
        } else {
            None
        };
        let learned =
            learned.map(|learned| NewLearning { from_version: held.learned_version, bytes: learned.to_bytes() });
        Ok(Kept { print, heard, learned })
    }
}
