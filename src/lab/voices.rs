//! The voiceprints that the lists' enrollment rows make. Used by `eval` and `calibrate`.

use serde::Serialize;

use super::listen::HeardTake;
use super::lists::{Lists, Recording};
use crate::engine::Engine;
use crate::phrase::Frames;
use crate::scoring::{TakePrint, Voiceprint};
use crate::vad::QualityLimits;

/// A recording that is too poor, and why.
#[derive(Debug, Serialize)]
pub(super) struct VoiceFault {
    pub(super) recording: String,
    pub(super) reason: &'static str,
}

impl VoiceFault {
    pub(super) fn of(recording: &Recording, reason: &'static str) -> Self {
        Self { recording: recording.name.clone(), reason }
    }
}

/// The voiceprints made of the lists' takes.
pub(super) struct Voices {
    pub(super) voiceprints: Vec<Option<Voiceprint>>,
    /// The words in the takes of each.
    pub(super) words: Vec<Vec<Frames>>,
    pub(super) failed_takes: Vec<VoiceFault>,
    pub(super) takes_differ: Vec<String>,
}

/// Makes a voiceprint of each enrollment row from those of its takes that a line would have taken.
pub(super) fn enroll<'h>(engine: &Engine, lists: &Lists, heard: impl Fn(usize) -> &'h HeardTake) -> Voices {
    let mut voices =
        Voices { voiceprints: Vec::new(), words: Vec::new(), failed_takes: Vec::new(), takes_differ: Vec::new() };
    for enrollment in &lists.enrollments {
        let (mut prints, mut words) = (Vec::new(), Vec::new());
        for &take in &enrollment.takes {
            match enrollment_print(heard(take)) {
                Ok((print, said)) => {
                    prints.push(print);
                    words.extend(said);
                }
                Err(reason) => voices.failed_takes.push(VoiceFault::of(&lists.recordings[take], reason)),
            }
        }
        let voiceprint = Voiceprint::new(prints).ok();
        if voiceprint.as_ref().is_some_and(|print| print.agreement().min < engine.least_agreement()) {
            let names: Vec<&str> = enrollment.takes.iter().map(|&take| lists.recordings[take].name.as_str()).collect();
            voices.takes_differ.push(format!("{}: {}", enrollment.model, names.join(", ")));
        }
        voices.voiceprints.push(voiceprint);
        voices.words.push(words);
    }
    voices
}

fn enrollment_print(heard: &HeardTake) -> Result<(TakePrint, Option<Frames>), &'static str> {
    let take = heard.take.as_ref().map_err(|code| *code)?;
    if let Some(reason) = take.quality.fault(&QualityLimits::ENROLL) {
        return Err(reason.code());
    }
    let words = take.words.as_ref().map(|words| words.frames().clone());
    Ok((take.print().ok_or("unavailable")?, words))
}
