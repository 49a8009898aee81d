//! Both sides' ways to the speech model, and the examination of a conversation's speech.

use tokio_util::task::AbortOnDropHandle;

use super::Media;
use super::speech_batch::SpeechTrack;
use crate::engine::{Party, Sample, Spoken};
use crate::judging::{Fault, Judge};

/// Each side's way to the speech model.
pub(super) struct Sides {
    pub(super) customer: SpeechTrack,
    pub(super) agent: SpeechTrack,
}

impl Sides {
    pub(super) fn new(media: &Media) -> Self {
        Self { customer: media.batcher.track(), agent: media.batcher.track() }
    }

    pub(super) fn of(&self, party: Party) -> &SpeechTrack {
        match party {
            Party::Customer => &self.customer,
            Party::Agent => &self.agent,
        }
    }
}

/// Speech being examined by the compute pool, one at a time.
#[derive(Default)]
pub(super) struct Examination(Option<AbortOnDropHandle<Result<Sample, Fault>>>);

impl Examination {
    /// Begins; it waits for a worker together with the takes that are judged.
    pub(super) fn begin(&mut self, judge: &Judge, spoken: Spoken) {
        let judge = judge.clone();
        self.0 = Some(AbortOnDropHandle::new(tokio::spawn(async move { judge.examine_spoken(spoken).await })));
    }

    /// The sample that was found, once; never, while nothing is examined.
    pub(super) async fn found(&mut self) -> Result<Sample, Fault> {
        let Some(running) = &mut self.0 else { return std::future::pending().await };
        let found = running.await.unwrap_or(Err(Fault::Panicked));
        self.0 = None;
        found
    }
}
