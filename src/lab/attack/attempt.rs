//! The one place where the bench meets the engine: how a caller enrolls, and what becomes of an attempt.

use crate::command::recording;
use crate::engine::{AskedFor, Bar, Claim, Engine, Enrolled};
use crate::lab::lists::{Enrollment, Lists};
use crate::liveness::Fingerprint;
use crate::phrase::Challenge;
use crate::types::{Clip16k, Strictness, Verdict};
use crate::vad::QualityLimits;

/// An enrolled caller.
#[derive(Clone, Debug)]
pub(super) struct AttackedCaller {
    enrolled: Enrolled,
    /// Fingerprints of past attempts, to know them again.
    earlier: Vec<Fingerprint>,
}

/// The rules of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) strictness: Strictness,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Whether the voice alone would have been accepted.
    pub(super) by_voice: bool,
    /// Whether it was heard before, whatever the voice.
    pub(super) is_replay: bool,
    fingerprint: Option<Fingerprint>,
}

impl AttackedCaller {
    /// Enrolls a row of the list as a line does: takes too poor are left out, takes that do not agree make no caller.
    pub(super) fn enroll(engine: &Engine, lists: &Lists, row: &Enrollment) -> anyhow::Result<Option<Self>> {
        let mut takes = Vec::new();
        for &take in &row.takes {
            let Ok(clip) = recording::read(&lists.recordings[take].path)? else { continue };
            takes.extend(engine.examine(&clip, &QualityLimits::ENROLL)?.enrolled());
        }
        Ok(engine.enroll(takes).ok().map(|enrolled| Self { enrolled, earlier: Vec::new() }))
    }

    /// The caller after an attempt that was kept.
    pub(super) fn after(&self, judged: &Judged) -> Self {
        let mut after = self.clone();
        after.earlier.extend(judged.fingerprint.clone());
        after
    }
}

/// Tries to be verified as a caller, by the passphrase or by a challenge: the very verdict that a line gives.
pub(super) fn attempt(
    engine: &Engine,
    caller: &AttackedCaller,
    clip: &Clip16k,
    challenge: Option<&Challenge>,
    rules: Rules,
) -> anyhow::Result<Judged> {
    let bar = Bar { strictness: rules.strictness, last_mismatch: true, last_bad_take: true, ..Bar::default() };
    let take = engine.examine(clip, &QualityLimits::VERIFY)?;
    let asked = challenge.cloned().map_or(AskedFor::Passphrase, AskedFor::Challenge);
    let claim = Claim { asked, earlier: caller.earlier.clone(), ..Claim::of(caller.enrolled.clone()) };
    let assessment = engine.verify(&claim, &take, &bar)?;
    let findings = assessment.signals.findings;
    Ok(Judged {
        verdict: assessment.verdict,
        by_voice: findings.is_some_and(|findings| findings.voice.margin() >= 0.0),
        is_replay: findings.and_then(|findings| findings.replay).is_some_and(|replay| replay.margin() < 0.0),
        fingerprint: take.fingerprint,
    })
}
