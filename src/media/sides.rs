//! Both tracks of a conversation, and the examination of its speech.

use tokio_util::task::AbortOnDropHandle;

use super::Media;
use super::speech_batch::SpeechTrack;
use crate::audio::AudioError;
use crate::audio::stream::Assembler;
use crate::engine::{Party, Sample, Spoken};
use crate::judging::{Fault, Judge};
use crate::types::media::MediaFormat;

/// One party's track: its frames put together, and its way to the speech model.
pub(super) struct Side {
    pub(super) assembler: Assembler,
    pub(super) track: SpeechTrack,
    /// Samples that came.
    samples: u64,
}

/// Both tracks of a stream.
pub(super) struct Sides {
    pub(super) customer: Side,
    pub(super) agent: Side,
}

impl Side {
    fn new(media: &Media, format: MediaFormat, in_order: bool) -> Result<Self, AudioError> {
        Ok(Self { assembler: Assembler::new(format, in_order)?, track: media.batcher.track(), samples: 0 })
    }

    /// Puts a frame in its place; `out` has the samples that are due then.
    pub(super) fn push(&mut self, seq: Option<u64>, at_ms: Option<u64>, bytes: &[u8], out: &mut Vec<i16>) {
        out.clear();
        self.assembler.push(seq, at_ms, bytes, out);
        self.samples += out.len() as u64;
    }
}

impl Sides {
    pub(super) fn new(media: &Media, format: MediaFormat, in_order: bool) -> Result<Self, AudioError> {
        Ok(Self { customer: Side::new(media, format, in_order)?, agent: Side::new(media, format, in_order)? })
    }

    pub(super) fn of(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Customer => &mut self.customer,
            Party::Agent => &mut self.agent,
        }
    }

    /// How much of a conversation came, in milliseconds.
    pub(super) fn came_ms(&self) -> u64 {
        self.customer.samples.max(self.agent.samples) / 8
    }
}

/// Speech being examined on a blocking thread, one at a time.
#[derive(Default)]
pub(super) struct Examination(Option<AbortOnDropHandle<Result<Sample, Fault>>>);

impl Examination {
    /// Begins; there are as many at once as there are models, together with the takes that are judged.
    pub(super) fn begin(&mut self, judge: &Judge, spoken: Spoken) {
        let judge = judge.clone();
        self.0 = Some(AbortOnDropHandle::new(tokio::spawn(async move { judge.examine_spoken(spoken).await })));
    }

    /// What was found, once; never, while nothing is examined.
    pub(super) async fn found(&mut self) -> Result<Sample, Fault> {
        let Some(running) = &mut self.0 else { return std::future::pending().await };
        let found = running.await.unwrap_or(Err(Fault::Panicked));
        self.0 = None;
        found
    }
}
