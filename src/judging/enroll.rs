//! Enrolling: takes of one passphrase, compared with each other, become a voiceprint.

use super::{Fault, Judge};
use crate::engine::{Engine, EnrolledTake, Take};
use crate::store::NewVoiceprint;
use crate::types::Reason;

/// Takes of one voiceprint.
pub(crate) const TAKES: u32 = 3;

/// When takes are compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// Once there are enough for a voiceprint.
    WhenComplete,
    /// With each take: an application that is told take by take which of them is not like those before.
    WithEachTake,
}

/// New takes, judged together with those before.
pub(crate) struct Enrollment {
    /// The new takes in their byte form.
    pub(crate) prints: Vec<Vec<u8>>,
    /// The voiceprint, once there are [`TAKES`].
    pub(crate) voiceprint: Option<NewVoiceprint>,
}

impl Judge {
    /// Judges new takes together with those kept before, in their byte forms; [`TAKES`] that agree make a voiceprint.
    ///
    /// The inner error tells the speaker what to do better: the quality of a take, [`Reason::ReplaySuspected`] for one
    /// that repeats another, [`Reason::TakesDiffer`], and with [`Agreement::WithEachTake`] [`Reason::PhraseMismatch`]
    /// for other words than before.
    ///
    /// # Errors
    /// [`Fault`] when takes kept before cannot be read, or takes that agree make no voiceprint.
    pub(crate) async fn enroll(
        &self,
        earlier: &[Vec<u8>],
        new: Vec<Take>,
        agreement: Agreement,
    ) -> Result<Result<Enrollment, Reason>, Fault> {
        let earlier = earlier.iter().map(|bytes| EnrolledTake::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
        let new = match new.iter().map(enrollable).collect::<Result<Vec<_>, _>>() {
            Ok(new) => new,
            Err(reason) => return Ok(Err(reason)),
        };
        match self.workers().compare(move |engine| compare(engine, earlier, new, agreement)).await? {
            Err(Reason::Unavailable) => Err(Fault::Voiceprint),
            judged => Ok(judged),
        }
    }
}

/// A take that is good enough to enroll.
fn enrollable(take: &Take) -> Result<EnrolledTake, Reason> {
    match (take.fault(), take.enrolled()) {
        (None, Some(enrolled)) => Ok(enrolled),
        (fault, _) => Err(fault.unwrap_or(Reason::NoSpeech)),
    }
}

fn compare(
    engine: &Engine,
    earlier: Vec<EnrolledTake>,
    new: Vec<EnrolledTake>,
    agreement: Agreement,
) -> Result<Enrollment, Reason> {
    let mut all = earlier;
    let mut prints = Vec::with_capacity(new.len());
    for take in new {
        if engine.is_repeated(&take, &all) {
            return Err(Reason::ReplaySuspected);
        }
        prints.push(take.to_bytes());
        all.push(take);
    }
    let is_complete = all.len() >= TAKES as usize;
    if agreement == Agreement::WithEachTake && all.len() > 1 {
        let words: Vec<_> = all.iter().map(|take| take.words.clone()).collect();
        engine.same_phrase(&words).map_err(|_| Reason::PhraseMismatch)?;
    }
    if !is_complete && agreement == Agreement::WhenComplete {
        return Ok(Enrollment { prints, voiceprint: None });
    }
    let enrolled = engine.enroll(all)?;
    let voiceprint =
        is_complete.then(|| NewVoiceprint { bytes: enrolled.to_bytes(), model_id: enrolled.model().to_string() });
    Ok(Enrollment { prints, voiceprint })
}
