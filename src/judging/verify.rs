//! Verifying: a take held against a snapshot of the store, on the terms of its call or its client.

use std::time::{Duration, Instant};

use super::{Enrollment, Fault, Judge, Outcome, Snapshot, TakeRecords};
use crate::dialog::{Risk, Standing, Suspicion};
use crate::engine::{Asked, AskedFor, Assessment, Bar, Claim, Engine, Take, Voice};
use crate::liveness::Fingerprint;
use crate::scoring::TakePrint;
use crate::store::{NewAttempt, NewLearning, NewVoiceprint, TakeResult, Watched};
use crate::types::{Llr, Reason, RecordingSid, Strictness, Timestamp, Verdict};

/// How far below its threshold a voice may be to count with the next take: about the difference between two takes of a
/// caller.
///
/// A voice further off may be another person's, and would drag the caller's own down.
const COMBINED_WITHIN: f32 = 5.0;

/// The terms of a verification.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The sentence or challenge to be said.
    pub(crate) asked: AskedFor,
    /// The deadline of a challenge: takes that begin later are late.
    pub(crate) until: Option<Timestamp>,
    /// The rate of false accepts aimed at.
    pub(crate) strictness: Strictness,
    /// Signs against the attempt, known before a word is said.
    pub(crate) risk: Risk,
    /// Voiceprints that the speaker could have been taken for: more than one raise the threshold by the logarithm.
    pub(crate) one_of: usize,
    /// How far below acceptance a probe may be to be asked again.
    pub(crate) ask_again_within: f32,
    /// Another mismatch would be one too many.
    pub(crate) last_mismatch: bool,
    /// Another bad take would be one too many.
    pub(crate) last_bad_take: bool,
    /// The application has a second proof of who it is.
    pub(crate) is_assured: bool,
}

/// The result of judging a take, before the standing of the caller has its say.
pub(crate) struct Judgement {
    /// The outcome.
    pub(crate) outcome: Outcome,
    /// The measurements of a verification.
    pub(crate) assessment: Option<Assessment>,
    /// The risk that raised the threshold, with the watch-list's share.
    pub(crate) risk: Risk,
    /// How long the engine worked.
    pub(crate) engine: Duration,
    watch_hit: Option<Watched>,
    records: TakeRecords,
    voiceprint: Option<NewVoiceprint>,
}

impl Judgement {
    /// A judgement that measures nothing.
    pub(crate) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            assessment: None,
            risk: Risk::default(),
            engine: Duration::ZERO,
            watch_hit: None,
            records: TakeRecords::default(),
            voiceprint: None,
        }
    }

    /// An enrollment take that was accepted; with a voiceprint it completes one.
    pub(crate) fn enrolled(Enrollment { mut prints, voiceprint }: Enrollment) -> Self {
        let judgement = Self {
            records: TakeRecords { print: prints.pop(), ..TakeRecords::default() },
            ..Self::of(Outcome::Enrolled { is_ready: voiceprint.is_some() })
        };
        Self { voiceprint, ..judgement }
    }

    /// The rows to be written down: a caller in cooldown gets no verdict on their voice, however it sounded.
    pub(crate) fn settled(self, standing: Standing, delete_recording: Option<RecordingSid>) -> TakeResult {
        let Self { mut outcome, assessment, watch_hit, records, voiceprint, .. } = self;
        if let Outcome::Verified { verdict } = &mut outcome {
            match standing {
                Standing::Clear => {}
                Standing::Cooldown { until } => *verdict = Verdict::Cooldown { until },
                Standing::Locked => *verdict = Verdict::Reject { reason: Reason::LockedOut },
            }
        }
        let attempt = match outcome {
            Outcome::Verified { verdict } => Some(NewAttempt {
                verdict,
                signals: assessment.map(|assessment| serde_json::json!(assessment.signals).to_string()),
            }),
            _ => None,
        };
        let TakeRecords { print, heard, learned } = records;
        let outcome = outcome.to_json();
        TakeResult { outcome, attempt, print, heard, learned, voiceprint, watch_hit, delete_recording }
    }
}

impl Judge {
    /// Holds a take against a snapshot: the only verification there is, by phone and by upload alike.
    ///
    /// A voice on the watch-list is one more suspicion, within the cap that [`Risk`] has for all of them.
    ///
    /// # Errors
    /// [`Fault`]; never a pass.
    pub(crate) async fn verify(&self, take: Take, snapshot: Snapshot, terms: Terms) -> Result<Judgement, Fault> {
        let site = self.own_threshold(terms.strictness);
        let may_learn = self.cx().config.verification.learn;
        let refuses_replays = self.cx().config.verification.replay;
        let day = self.cx().now().as_second().div_euclid(24 * 60 * 60) as i32;
        let uses_model = terms.asked != AskedFor::Passphrase;
        let judge = move |engine: &Engine| {
            let begun = Instant::now();
            let verification = Verification { take, snapshot, terms, site, refuses_replays };
            let judgement = verification.judge(engine, may_learn.then_some(day))?;
            Ok::<_, Fault>(Judgement { engine: begun.elapsed(), ..judgement })
        };
        if uses_model { self.workers().place().await.run(judge).await? } else { self.workers().compare(judge).await? }
    }
}

/// A voice on the watch-list that the take resembles.
fn watched(engine: &Engine, snapshot: &Snapshot, take: &Take) -> Result<Option<usize>, Fault> {
    match (&take.voice, snapshot.caller) {
        (Ok(voice), Some(_)) if !snapshot.watch_list.is_empty() => {
            let prints: Vec<TakePrint> = snapshot.watch_list.iter().map(|(_, print)| print.clone()).collect();
            Ok(engine.listed(&prints, voice)?.map(|(place, _)| place))
        }
        _ => Ok(None),
    }
}

/// One verification, on a thread of the pool.
struct Verification {
    take: Take,
    snapshot: Snapshot,
    terms: Terms,
    site: Option<Llr>,
    refuses_replays: bool,
}

impl Verification {
    /// `learn_on` is the day, where voiceprints may follow.
    fn judge(self, engine: &Engine, learn_on: Option<i32>) -> Result<Judgement, Fault> {
        let hit = watched(engine, &self.snapshot, &self.take)?;
        let Self { take, snapshot, terms, site, refuses_replays } = self;
        let Snapshot { who, learned, learned_version, earlier, before, mut watch_list, opened_at, .. } = snapshot;
        let risk = if hit.is_some() { terms.risk.and(Suspicion::Watched) } else { terms.risk };
        let bar = Bar {
            strictness: terms.strictness,
            site,
            raised_by: risk.raises_by() + (terms.one_of.max(1) as f32).ln(),
            ask_again_within: terms.ask_again_within,
            last_mismatch: terms.last_mismatch,
            last_bad_take: terms.last_bad_take,
        };
        let is_late = terms.until.zip(opened_at).is_some_and(|(until, at)| at > until);
        let claim = Claim { who, asked: terms.asked, is_late, refuses_replays, learned, earlier, before };
        let assessment = engine.verify(&claim, &take, &bar)?;
        let is_proved = terms.is_assured || assessment.signals.asked == Asked::Challenge;
        let learned = match learn_on.filter(|_| is_proved && assessment.signals.findings.is_some()) {
            Some(day) => engine.learn(&claim, &take, &assessment, day)?,
            None => None,
        };
        let learned = learned.map(|learned| NewLearning { from_version: learned_version, bytes: learned.to_bytes() });
        Ok(Judgement {
            records: TakeRecords { learned, ..records(&take, &assessment) },
            watch_hit: hit.map(|place| watch_list.swap_remove(place).0),
            risk,
            assessment: Some(assessment),
            ..Judgement::of(Outcome::Verified { verdict: assessment.verdict })
        })
    }
}

/// The records of a verification beyond its attempt, but for the learning.
fn records(take: &Take, assessment: &Assessment) -> TakeRecords {
    let Some(findings) = assessment.signals.findings else { return TakeRecords::default() };
    // Another person's takes must not push out the caller's own.
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
    TakeRecords { print, heard, learned: None }
}
