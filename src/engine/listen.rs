//! A conversation, heard while it goes on: whose voice is it?
//!
//! Two sides, each with its own ear. What the customer says is kept without its pauses, at most ten seconds of it;
//! every two seconds of new speech the newest four are examined, and a running mean of what was found is compared with
//! the voiceprint. What the agent says is counted, and where it is louder the customer's track is left out: it may be
//! an echo. With one of −12 dB, false accepts at the threshold for 1 % were 0.15 % so, and 0.77 % without (`callprint
//! eval --listen --echo 12` with and without `--one-track`, `sentences`/`tel`).

mod side;
#[cfg(test)]
mod tests;
mod voice;

use side::{Moment, Side};
use voice::RunningVoice;
pub use voice::{Sample, Spoken};

use serde::{Deserialize, Serialize};

use super::verdict::{Evidence, Stage, decide_ongoing};
use super::{Chunk, Engine, EngineError};
use crate::models::SpeechStream;
use crate::scoring::Voiceprint;
use crate::types::{Clip8k, Cosine, Llr, Strictness, Verdict};
use crate::vad::CHUNK;

/// Milliseconds in a chunk.
const CHUNK_MS: u64 = CHUNK as u64 * 1000 / Clip8k::RATE_HZ as u64;

/// How much later the agent's words may come back on the customer's track, in milliseconds.
///
/// The longest echo of a mobile call over the public network; ITU-T G.131 calls one way of 400 ms unacceptable.
const ECHO_MS: u64 = 500;

/// How long a stretch waits for the agent's track to be heard up to its end, in milliseconds: the tracks of a call come
/// within a frame or two of each other, and one that does not come holds up nothing.
const PATIENCE_MS: u64 = 1_000;

/// The shortest run of chunks that is kept where an agent speaks as well: 256 ms, a syllable.
const SHORTEST_RUN: usize = 8;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Whose voice is in question.
    Customer,
    /// The other one.
    Agent,
}

/// A conversation while it goes on. Computes next to nothing itself, and never blocks; see [`Live`](super::Live).
#[derive(Debug)]
pub struct Conversation {
    customer: Side,
    agent: Side,
    voice: RunningVoice,
    /// Customer's speech left out because the agent was louder, in chunks.
    left_out: u64,
    is_ending: bool,
    is_over: bool,
}

/// The next step of a conversation.
#[derive(Debug)]
pub enum ConversationStep {
    /// Nothing: more samples are needed, or something is out.
    Idle,
    /// Show this to the speech model and give it back.
    Hear(Party, Chunk),
    /// Examine this on a blocking thread and give back what was found.
    Examine(Spoken),
    /// All there was has been heard and examined: what the verdict is to be made of.
    Over,
}

/// The state of a conversation so far. Kept for the audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Showing {
    /// The customer's speech without its pauses, in milliseconds.
    pub customer_ms: u32,
    /// The agent's.
    pub agent_ms: u32,
    /// The customer's speech that was compared.
    pub compared_ms: u32,
    /// The customer's speech that was left out because the agent was louder.
    pub left_out_ms: u32,
    /// Likeness to the voiceprint; none before anything was compared.
    pub cosine: Option<Cosine>,
    /// The likeness, calibrated.
    pub llr: Option<Llr>,
    /// The lowest `llr` that is accepted at the end.
    pub threshold: Option<Llr>,
}

impl Engine {
    /// A conversation that begins now.
    pub fn conversation(&self) -> Conversation {
        Conversation::new(&self.models.speech_stream())
    }

    /// Examines speech of a conversation, by the speaker model alone. Blocks.
    ///
    /// A second model would cost five times as much every two seconds of speech, where more speech tells more.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails.
    pub fn examine_spoken(&self, spoken: &Spoken) -> Result<Sample, EngineError> {
        let features = self.fbank.compute(&spoken.clip, 0..spoken.clip.samples().len());
        Ok(Sample { voice: self.first_voice(&features)?, new_ms: spoken.new_ms })
    }

    /// Compares a conversation with a voiceprint as far as it went; a verdict as soon as there is one.
    ///
    /// Without a verdict it has to go on; once it is [`ConversationStep::Over`] there always is one.
    pub fn weigh(
        &self,
        voiceprint: &Voiceprint,
        conversation: &Conversation,
        strictness: Strictness,
    ) -> (Option<Verdict>, Showing) {
        let threshold = self.models.speaker().calibration.threshold(strictness);
        let heard_ms = conversation.voice.examined_ms();
        let scored = conversation.voice.mean().map(|voice| self.score_first(voiceprint, voice, heard_ms));
        let evidence = match &scored {
            _ if voiceprint.model() != self.model() => Some(Evidence::Incomparable),
            Some(Err(_)) => Some(Evidence::Incomparable),
            Some(Ok((_, llr))) => Some(Evidence::Voice { llr: *llr, threshold }),
            None => None,
        };
        let stage = Stage {
            spoken_ms: conversation.customer.net_speech_ms(),
            compared_ms: heard_ms,
            is_over: conversation.is_over,
        };
        let (cosine, llr) = scored.and_then(Result::ok).unzip();
        let showing = Showing { cosine, llr, threshold: Some(threshold), ..conversation.showing() };
        (decide_ongoing(evidence, stage), showing)
    }
}

impl Conversation {
    fn new(stream: &SpeechStream) -> Self {
        Self {
            customer: Side::new(stream.clone()),
            agent: Side::new(stream.clone()),
            voice: RunningVoice::default(),
            left_out: 0,
            is_ending: false,
            is_over: false,
        }
    }

    /// Takes in samples at 8 kHz; `until_ms` is when the last of them was spoken, since the stream began.
    pub fn push(&mut self, party: Party, samples: &[i16], until_ms: Option<u64>) {
        if !self.is_ending {
            self.side(party).push(samples, until_ms);
        }
    }

    /// The next step.
    pub fn step(&mut self) -> ConversationStep {
        for party in [Party::Agent, Party::Customer] {
            if let Some(chunk) = self.side(party).step() {
                return ConversationStep::Hear(party, chunk);
            }
        }
        self.agent.drop_speech();
        let is_heard = self.is_ending && self.behind_ms() < CHUNK_MS as u32;
        if is_heard {
            self.customer.close();
        }
        self.gather(is_heard);
        match self.voice.due(is_heard) {
            Some(spoken) => ConversationStep::Examine(spoken),
            None if is_heard && !self.voice.is_out() => {
                self.is_over = true;
                ConversationStep::Over
            }
            None => ConversationStep::Idle,
        }
    }

    /// Takes back a chunk that [`Engine::hear`] has seen to.
    pub fn heard(&mut self, party: Party, chunk: Chunk) {
        self.side(party).heard(chunk);
    }

    /// Takes back what [`Engine::examine_spoken`] has found.
    ///
    /// # Errors
    /// [`EngineError::Score`] when it is of another model.
    pub fn examined(&mut self, sample: &Sample) -> Result<(), EngineError> {
        self.voice.examined(sample)
    }

    /// Says that nothing follows: what is there is heard to its end.
    pub fn end(&mut self) {
        self.is_ending = true;
    }

    /// Audio that came and was not heard yet, in milliseconds.
    pub fn behind_ms(&self) -> u32 {
        self.customer.behind_ms().max(self.agent.behind_ms())
    }

    /// Up to when it was heard, in milliseconds since the stream began.
    pub fn heard_ms(&self) -> u64 {
        self.customer.heard_ms().max(self.agent.heard_ms())
    }

    /// The result without a voiceprint.
    pub fn showing(&self) -> Showing {
        Showing {
            customer_ms: self.customer.net_speech_ms(),
            agent_ms: self.agent.net_speech_ms(),
            compared_ms: self.voice.examined_ms(),
            left_out_ms: (self.left_out * CHUNK_MS) as u32,
            ..Showing::default()
        }
    }

    fn side(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Customer => &mut self.customer,
            Party::Agent => &mut self.agent,
        }
    }

    /// Takes the customer's stretches for which the agent's track is known.
    fn gather(&mut self, is_heard: bool) {
        loop {
            let (agent, heard_ms) = (&self.agent, self.customer.heard_ms());
            // Audio that came will be heard; missing audio may never come.
            let may_come = |until_ms| heard_ms < until_ms + PATIENCE_MS || agent.came_ms() >= until_ms;
            let is_known =
                |until_ms| is_heard || !agent.is_there() || agent.heard_ms() >= until_ms || !may_come(until_ms);
            let Some(stretch) = self.customer.take(is_known) else { return };
            let agent = &self.agent;
            for run in stretch.chunk_by(|(a, _), (b, _)| is_echo(a, agent) == is_echo(b, agent)) {
                let is_whole = run.len() == stretch.len();
                let speech = run.iter().filter(|(moment, _)| moment.is_speech).count() as u64;
                let is_louder = run.first().is_some_and(|(moment, _)| is_echo(moment, agent));
                if is_louder || (!is_whole && run.len() < SHORTEST_RUN) {
                    self.left_out += speech;
                    continue;
                }
                for (moment, samples) in run {
                    self.voice.push(samples, moment.is_speech);
                }
            }
        }
    }
}

/// Whether the agent was speaking louder, just then or as long before as an echo may take.
fn is_echo(moment: &Moment, agent: &Side) -> bool {
    let from_ms = moment.until_ms.saturating_sub(ECHO_MS);
    // Moments of the two sides do not begin together.
    let mut spoken = agent.moments(from_ms, moment.until_ms + CHUNK_MS).filter(|agent| agent.is_speech);
    spoken.any(|agent| agent.power > moment.power)
}
