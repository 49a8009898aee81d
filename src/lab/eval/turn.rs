//! One recording heard as a turn of a call.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::line::{FRAME, Line};
use crate::engine::{Bar, Chunk, Engine, Examined, Live, LiveEvent, LiveStep, Take};
use crate::scoring::Voiceprint;
use crate::types::Clip8k;
use crate::vad::{self, EndReason, EndpointConfig, QualityLimits, VadConfig};

/// Samples in a millisecond.
const SAMPLES_PER_MS: usize = Clip8k::RATE_HZ as usize / 1000;

/// A recording on its line, to be heard in as many turns as there are voiceprints to try it against.
///
/// The gate decides by the audio and by what the model said of it, and neither depends on when a turn ends. So the
/// model is shown every chunk once, by a turn that hears all of the line, and each later turn is given the same answers
/// in the same order. An examination after the same length is the same too.
pub(super) struct EvalCaller<'a> {
    engine: &'a Engine,
    config: EndpointConfig,
    line: Line,
    /// The model's probabilities, in the order in which it was asked.
    said: Vec<Vec<f32>>,
    /// Where the recording's speech is, in samples: what the speech detector finds in all of it.
    speech: Vec<std::ops::Range<usize>>,
    /// By how much was heard, in milliseconds.
    examined: HashMap<u32, Examined>,
}

/// How one turn went.
#[derive(Clone, Debug)]
pub(super) struct TurnHeard {
    pub(super) take: Take,
    pub(super) end: End,
}

/// When a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) reason: EndReason,
    /// From the end of the last speech to that of the turn; none where speech remained, or there was none.
    pub(super) wait_ms: Option<u32>,
    /// Net speech after the turn's end.
    pub(super) lost_ms: u32,
    /// Net speech of the whole recording.
    pub(super) speech_ms: u32,
}

impl<'a> EvalCaller<'a> {
    /// Listens to all of a line.
    pub(super) fn listen(engine: &'a Engine, config: EndpointConfig, line: Line) -> anyhow::Result<Self> {
        let never = config.max_turn_ms;
        let patient = EndpointConfig {
            complete_silence_ms: never,
            recognised_silence_ms: never,
            silence_ms: never,
            incomplete_silence_ms: never,
            scant_silence_ms: never,
            no_speech_ms: never,
            ..config
        };
        let (mut turn, mut said) = (engine.live(patient, None), Vec::new());
        let hear = |chunk| {
            let mut chunks = [chunk];
            engine.hear(&mut chunks)?;
            let [chunk] = chunks;
            said.push(chunk.said().to_vec());
            Ok(chunk)
        };
        run(&mut turn, &line.samples, hear, |_, _| Ok(()))?;
        let heard = turn.so_far();
        let found = vad::segments(&heard.probabilities, heard.clip.samples().len(), &VadConfig::default());
        let speech = found.segments.into_iter().filter(|segment| segment.start < line.until).collect();
        Ok(Self { engine, config, line, said, speech, examined: HashMap::new() })
    }

    /// Hears a turn as a session does: examines in every pause, and is content with less from a voice that is clearly
    /// the voiceprint's.
    pub(super) fn turn(
        &mut self,
        voiceprint: Option<&Voiceprint>,
        expected_ms: Option<u32>,
    ) -> anyhow::Result<TurnHeard> {
        let mut live = self.engine.live(self.config, expected_ms);
        let (mut last, mut examined): (Option<Examined>, _) = (None, std::mem::take(&mut self.examined));
        let mut said = self.said.iter();
        let again = |mut chunk: Chunk| {
            // Where the model was not asked before there is no audio either.
            chunk.again(said.next().map_or(&[][..], Vec::as_slice));
            Ok(chunk)
        };
        let outcome = run(&mut live, &self.line.samples, again, |live, event| {
            if event == LiveEvent::Began {
                return Ok(());
            }
            let now = live.endpoint().elapsed_ms();
            let found = match examined.entry(now) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let heard = live.so_far();
                    unknown.insert(self.engine.examine_live(&heard, &QualityLimits::VERIFY, last.as_ref())?)
                }
            };
            last = Some(found.clone());
            let take = last.as_ref().map(|found| &found.take);
            let is_clearly = |(take, voiceprint)| self.engine.is_clearly(voiceprint, take, &Bar::default());
            if event == LiveEvent::Speculate && take.zip(voiceprint).is_some_and(is_clearly) {
                live.recognised();
            }
            Ok(())
        });
        self.examined = examined;
        outcome?;
        let (Some(last), Some(reason)) = (last, live.ended()) else {
            anyhow::bail!("a turn did not end within its {} ms", self.config.max_turn_ms)
        };
        let end = self.end(reason, live.endpoint().elapsed_ms() as usize * SAMPLES_PER_MS);
        Ok(TurnHeard { take: last.take, end })
    }

    fn end(&self, reason: EndReason, at: usize) -> End {
        let ms = |samples: usize| (samples / SAMPLES_PER_MS) as u32;
        let lost = self.speech.iter().map(|segment| segment.end.saturating_sub(segment.start.max(at))).sum();
        let until = self.speech.last().map(|segment| segment.end);
        End {
            reason,
            wait_ms: until.and_then(|until| at.checked_sub(until)).map(ms),
            lost_ms: ms(lost),
            speech_ms: ms(self.speech.iter().map(ExactSizeIterator::len).sum()),
        }
    }
}

/// Pushes frames and does what the turn asks for until it ends.
fn run(
    live: &mut Live,
    samples: &[i16],
    mut hear: impl FnMut(Chunk) -> anyhow::Result<Chunk>,
    mut deal_with: impl FnMut(&mut Live, LiveEvent) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for frame in samples.chunks(FRAME) {
        live.push(frame);
        loop {
            match live.step() {
                LiveStep::Idle => break,
                LiveStep::Hear(chunk) => live.heard(hear(chunk)?),
                LiveStep::Event(event) => deal_with(live, event)?,
            }
        }
        if live.ended().is_some() {
            break;
        }
    }
    Ok(())
}
