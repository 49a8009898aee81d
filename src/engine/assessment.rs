use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::claim::Asked;
use super::findings::{CLEAR, Findings};
use super::{EnrolledTake, SpoofScore, Words};
use crate::liveness::Fingerprint;
use crate::scoring::{Embedding, TakePrint};
use crate::types::{Cosine, Llr, Reason, Verdict};
use crate::vad::Quality;

/// One recording of one utterance, examined.
#[derive(Clone, Debug)]
pub struct Take {
    /// The quality of the recording.
    pub quality: Quality,
    /// The voice, or why the recording is too poor to have one.
    pub voice: Result<Voice, Reason>,
    /// The words; none of a recording that is too poor.
    pub words: Option<Words>,
    /// How it sounded; none of a recording that is too poor.
    pub fingerprint: Option<Fingerprint>,
    /// How much it sounded like a person; none where the engine does not listen for machines.
    pub spoof: Option<SpoofScore>,
}

/// The voice of a take, as the speaker model hears it.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    /// The voice as a direction.
    pub embedding: Embedding,
    /// How long it was heard, in milliseconds; the calibration weighs scores by it.
    ///
    /// The geometric mean of net speech and the span from its first to its last. Where noise hides speech from the
    /// detector, net speech comes out short, and a poor recording would earn a bonus for it: one such probe moved FRR
    /// at FAR 0.1 % of `digits`/`var` from 7.7 to 11.5 %. The span comes out long where a speaker pauses. For most
    /// takes they are the same.
    pub heard_ms: u32,
}

impl Voice {
    /// Joins the voices of several takes of one call; none of no takes, or of voices that cannot be compared.
    ///
    /// The mean of their directions, heard as long as all of them. Pairs of probes of one speaker, one take against
    /// two, by EER: `sentences` (1 and 2 s) 3.1 to 0.0 % in `var` and 3.0 to 1.8 % in `tel`, `digits` 0.35 to 0.17 %
    /// and 0.17 to 0. The mean of their ratios errs as often but costs more (Cllr 0.014 in place of 0.004,
    /// `digits`/`tel`); the highest gives an impostor two chances.
    pub fn together(voices: &[Self]) -> Option<Self> {
        let embedding = Embedding::mean(voices.iter().map(|voice| &voice.embedding)).ok()?;
        Some(Self { embedding, heard_ms: voices.iter().map(|voice| voice.heard_ms).sum() })
    }
}

/// A take, and where its speech is.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The findings.
    pub take: Take,
    /// From its first to its last speech, with margins, in samples at 8 kHz.
    pub trimmed: Range<usize>,
}

impl Take {
    /// The fault to tell the caller about, if there is one.
    pub fn fault(&self) -> Option<Reason> {
        self.voice.as_ref().err().copied()
    }

    /// Everything that was heard of it, or what is wrong with it.
    pub(super) fn heard(&self) -> Result<(&Voice, &Words, &Fingerprint), Reason> {
        let voice = self.voice.as_ref().map_err(|fault| *fault)?;
        match (&self.words, &self.fingerprint) {
            (Some(words), Some(fingerprint)) => Ok((voice, words, fingerprint)),
            _ => Err(Reason::Unavailable),
        }
    }

    /// The voice that is kept of the take when it enrolls; nothing of a faulty one.
    pub fn print(&self) -> Option<TakePrint> {
        let voice = self.voice.as_ref().ok()?;
        Some(TakePrint { embedding: voice.embedding.clone(), net_speech_ms: self.quality.net_speech_ms })
    }

    /// The part of the take that an enrollment keeps; none of a faulty take.
    pub fn enrolled(&self) -> Option<EnrolledTake> {
        let (_, words, fingerprint) = self.heard().ok()?;
        Some(EnrolledTake { voice: self.print()?, words: words.frames().clone(), fingerprint: fingerprint.clone() })
    }
}

/// A verdict, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// How the attempt ended.
    pub verdict: Verdict,
    /// The measurements.
    pub signals: Signals,
}

/// The measurements of a probe. They are kept for the audit and never spoken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// The quality of the recording.
    pub quality: Quality,
    /// Likeness to the voiceprint; none when nothing was compared.
    pub cosine: Option<Cosine>,
    /// The likeness, calibrated; none when nothing was compared.
    pub llr: Option<Llr>,
    /// The lowest `llr` that would have been accepted.
    pub threshold: Llr,
    /// The challenge that the caller was asked for.
    pub asked: Asked,
    /// Takes whose voices were put together, this one included.
    pub takes: u32,
    /// Every signal by itself; none when nothing was compared.
    pub findings: Option<Findings>,
    /// All of them in one number: accepted from 0 on.
    pub fused: Option<Llr>,
}

impl Assessment {
    /// Whether it accepts beyond doubt: more speech would hardly change it.
    pub fn is_clear(&self) -> bool {
        self.verdict.is_accept() && self.signals.fused.is_some_and(|fused| fused.0 >= CLEAR)
    }
}
