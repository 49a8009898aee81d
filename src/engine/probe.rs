//! A probe held against a claim: every signal measured, and the verdict.

use super::assessment::{Assessment, Signals, Take, Voice};
use super::claim::{AskedFor, Claim, Claimed};
use super::findings::{CLEAR, Finding, Findings};
use super::verdict::{Bar, Evidence, decide};
use super::{Engine, EngineError, Enrolled, Words};
use crate::liveness::{Fingerprint, REPLAYED};
use crate::scoring::{Embedding, Learned, ScoreError};
use crate::types::{Cosine, Llr};

/// How far impostors' cosines spread, in standard deviations of those that random directions have.
///
/// Those of 192 values have 0.072; impostors of the same phrase 0.13 (`digits`, `var`).
const SPREAD: f32 = 1.8;

/// The agreement assumed where no takes were enrolled: that of most callers' takes.
const USUAL_AGREEMENT: Cosine = Cosine(0.75);

/// The measurements of a probe, and their verdict.
struct Measured {
    evidence: Evidence,
    cosine: Option<Cosine>,
    findings: Option<Findings>,
}

/// The voice of several takes of one verification.
fn together(before: &[Voice], voice: &Voice) -> Result<Voice, EngineError> {
    if before.is_empty() {
        return Ok(voice.clone());
    }
    let all: Vec<Voice> = before.iter().chain([voice]).cloned().collect();
    Ok(Voice::together(&all).ok_or(ScoreError::NoDirection)?)
}

impl Measured {
    const fn only(evidence: Evidence) -> Self {
        Self { evidence, cosine: None, findings: None }
    }
}

impl Engine {
    /// Compares a take with what is claimed. Blocks: a challenge is read by a model.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails, or what was enrolled cannot be compared. Never a pass.
    pub fn verify(&self, claim: &Claim, take: &Take, bar: &Bar) -> Result<Assessment, EngineError> {
        let threshold = self.voice_threshold(bar);
        let measured = match (take.heard(), &claim.who) {
            (Err(fault), _) => Measured::only(Evidence::Fault(fault)),
            (Ok(_), _) if claim.is_late => Measured::only(Evidence::TooLate),
            (Ok((voice, ..)), Claimed::Nobody { salt }) => {
                Measured::only(Evidence::Nobody { llr: self.decoy(voice, *salt)?, threshold })
            }
            (Ok(_), Claimed::Caller(caller)) if caller.model() != self.model() => {
                Measured::only(Evidence::Incomparable)
            }
            (Ok((voice, words, fingerprint)), Claimed::Caller(caller)) => {
                let adapted = claim.learned.as_ref().map(|learned| caller.voiceprint().adapted(learned)).transpose()?;
                let voiceprint = adapted.as_ref().unwrap_or(caller.voiceprint());
                let (cosine, llr) = self.score(voiceprint, &together(&claim.before, voice)?)?;
                let findings = Findings {
                    voice: Finding { llr, threshold },
                    words: Some(self.said(caller, words, &claim.asked, bar)?),
                    replay: self.fresh(caller, fingerprint, &claim.earlier).filter(|_| claim.refuses_replays),
                    // Advice: what the voice has left once the machine's odds are taken off, at most one in e.
                    synthetic: take
                        .spoof
                        .filter(|spoof| spoof.llr.0 < 0.0)
                        .map(|spoof| Finding { llr: Llr(llr.0 + spoof.llr.0), threshold }),
                };
                Measured { evidence: Evidence::Probe(findings), cosine: Some(cosine), findings: Some(findings) }
            }
        };
        let signals = Signals {
            quality: take.quality,
            cosine: measured.cosine,
            llr: measured.findings.map(|findings| findings.voice.llr),
            threshold,
            asked: claim.asked.kind(),
            takes: 1 + claim.before.len() as u32,
            findings: measured.findings,
            fused: measured.findings.map(|findings| findings.fused()),
        };
        Ok(Assessment { verdict: decide(measured.evidence, bar), signals })
    }

    /// The learned voice of a caller after an accepted take, if it is to be learned from.
    ///
    /// It must be beyond doubt, in all signals together and against the original takes alone: what was learned before
    /// must not open the way for more.
    ///
    /// # Errors
    /// [`EngineError::Score`] when take and voiceprint are from different models.
    pub fn learn(
        &self,
        claim: &Claim,
        take: &Take,
        assessment: &Assessment,
        day: i32,
    ) -> Result<Option<Learned>, EngineError> {
        let (Claimed::Caller(caller), Ok(voice)) = (&claim.who, &take.voice) else { return Ok(None) };
        let (_, original) = self.score(caller.voiceprint(), voice)?;
        let is_beyond_doubt = original.0 >= assessment.signals.threshold.0 + CLEAR;
        if !assessment.is_clear() || !is_beyond_doubt {
            return Ok(None);
        }
        let voices = vec![voice.embedding.clone()];
        Ok(match &claim.learned {
            Some(learned) => learned.after(&voices, day)?,
            None => Some(Learned::first(voices, day)),
        })
    }

    /// The ratio that the voice must reach.
    pub fn voice_threshold(&self, bar: &Bar) -> Llr {
        let own = bar.site.unwrap_or_else(|| self.threshold(bar.strictness));
        Llr(own.0 + bar.raised_by)
    }

    /// Whether what was asked for was said.
    fn said(&self, caller: &Enrolled, words: &Words, asked: &AskedFor, bar: &Bar) -> Result<Finding, EngineError> {
        Ok(match asked {
            AskedFor::Passphrase => Finding {
                llr: self.phrase(caller.words(), words, None)?.llr,
                threshold: self.phrase_threshold(bar.strictness),
            },
            AskedFor::Challenge(challenge) => Finding {
                llr: self.challenge(words, challenge)?.llr,
                threshold: self.challenge_threshold(bar.strictness),
            },
        })
    }

    /// Whether it was not heard before: when the caller enrolled, or in an earlier call.
    fn fresh(&self, caller: &Enrolled, probe: &Fingerprint, earlier: &[Fingerprint]) -> Option<Finding> {
        let score = self.replay(probe, caller.fingerprints().iter().chain(earlier))?;
        Some(Finding { llr: score.llr, threshold: REPLAYED })
    }

    /// A ratio such as an impostor's voice gets: the same for the same voice and claim, and spread like theirs.
    fn decoy(&self, voice: &Voice, salt: u64) -> Result<Llr, EngineError> {
        let values = voice.embedding.values();
        let mut state = salt;
        let random = values.iter().map(|_| {
            // The steps of SplitMix64: any salt will do.
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            (mixed >> 40) as f32 / (1_u32 << 24) as f32 - 0.5
        });
        let direction = Embedding::unit(voice.embedding.model().clone(), random.collect())?;
        let cosine = Cosine((direction.cosine(&voice.embedding)?.0 * SPREAD).clamp(-1.0, 1.0));
        let heard_s = voice.heard_ms as f32 / 1000.0;
        Ok(self.calibration.llr(cosine, heard_s, USUAL_AGREEMENT))
    }
}
