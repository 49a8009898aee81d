//! The one place where the bench meets the engine: how a caller enrolls, and what becomes of an attempt.

use super::super::eval::lists::{Enrollment, Lists};
use crate::cli::recording;
use crate::engine::{Bar, Engine};
use crate::liveness::Fingerprint;
use crate::scoring::Voiceprint;
use crate::types::{Clip16k, Reason, Strictness, Verdict};
use crate::vad::QualityLimits;

/// Somebody who enrolled.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    voiceprint: Voiceprint,
    /// What is kept of the takes and of past attempts, to know them again.
    fingerprints: Vec<Fingerprint>,
}

/// What a line asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) strictness: Strictness,
    /// Whether the synthetic-speech model is asked.
    pub(super) synthetic: bool,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Whether the voice alone would have been accepted.
    pub(super) by_voice: bool,
    /// Whether it was heard before, whatever the voice.
    pub(super) is_replay: bool,
    fingerprint: Fingerprint,
}

impl Caller {
    /// Enrolls a row of the list as a line does: takes too poor are left out, takes that do not agree make nobody.
    pub(super) fn enroll(engine: &Engine, lists: &Lists, row: &Enrollment) -> anyhow::Result<Option<Self>> {
        let (mut prints, mut fingerprints) = (Vec::new(), Vec::new());
        for &take in &row.takes {
            let Ok(clip) = recording::read(&lists.recordings[take].path)? else { continue };
            let Some(print) = engine.examine(&clip, &QualityLimits::ENROLL)?.print() else { continue };
            prints.push(print);
            fingerprints.push(engine.fingerprint_clip(&clip)?.0);
        }
        Ok(engine.enroll(&prints).ok().map(|voiceprint| Self { voiceprint, fingerprints }))
    }

    /// The caller after an attempt that was kept.
    pub(super) fn after(&self, judged: &Judged) -> Self {
        let mut after = self.clone();
        after.fingerprints.push(judged.fingerprint.clone());
        after
    }
}

/// Lets somebody try to be a caller: the voice, then whether it was heard before, then whether a machine made it.
///
/// When a verdict of the engine comes to have these signals by itself, this is where to change it.
pub(super) fn attempt(engine: &Engine, caller: &Caller, clip: &Clip16k, rules: Rules) -> anyhow::Result<Judged> {
    let bar = Bar { strictness: rules.strictness, ..Bar::default() };
    let take = engine.examine(clip, &QualityLimits::VERIFY)?;
    let voice = engine.verify(Some(&caller.voiceprint), &take, &bar);
    let (fingerprint, speech) = engine.fingerprint_clip(clip)?;
    let by_voice = voice.verdict.is_accept();
    let is_replay = engine.replay(&fingerprint, &caller.fingerprints).is_some_and(|score| score.is_replay());
    let verdict = if by_voice && is_replay {
        Verdict::Reject { reason: Reason::ReplaySuspected }
    } else if by_voice && rules.synthetic {
        let risk = engine.spoof(clip, &speech)?.llr.0;
        let is_enough = voice.signals.llr.is_some_and(|llr| llr.0 + risk >= voice.signals.threshold.0);
        if is_enough { voice.verdict } else { Verdict::Retry { reason: Reason::SyntheticSuspected } }
    } else {
        voice.verdict
    };
    Ok(Judged { verdict, by_voice, is_replay, fingerprint })
}
