use super::{Engine, EngineError, Examined};
use crate::models::SpeechStream;
use crate::types::Clip8k;
use crate::vad::{CHUNK, EndReason, Endpoint, EndpointConfig, EndpointEvent, Gate};

/// Samples by which a turn's audio grows: 4 s, so that a frame in two hundred allocates.
const BLOCK: usize = 4 * Clip8k::RATE_HZ as usize;

/// One turn of one stream, heard while it is spoken.
///
/// It computes next to nothing itself, and never blocks. Samples go in by [`push`](Self::push); [`step`](Self::step) says
/// what to do next, until it is idle: show chunks of many streams to the model at once by [`Engine::hear`] and give each
/// back by [`heard`](Self::heard), or deal with an event.
#[derive(Debug)]
pub struct Live {
    audio: Vec<i16>,
    /// One for each chunk that was heard, or passed over.
    probabilities: Vec<f32>,
    /// Out while its chunk is.
    ear: Option<Box<SpeechStream>>,
    gate: Gate,
    endpoint: Endpoint,
    event: Option<LiveEvent>,
}

/// What to do next about a turn.
#[derive(Debug)]
pub enum LiveStep {
    /// Nothing: more samples are needed, or a chunk is out.
    Idle,
    /// Show this to the model and give it back.
    Hear(Chunk),
    /// Something happened.
    Event(LiveEvent),
}

/// What happened in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    /// The caller began to speak, for the first time or again after a pause.
    Began,
    /// The caller paused: examine what is there, it may be all there will be.
    Speculate,
    /// The turn is over; nothing follows.
    Ended(EndReason),
}

/// 32 ms of a stream, on its way to the speech model and back.
#[derive(Debug)]
pub struct Chunk {
    ear: Box<SpeechStream>,
    samples: [f32; CHUNK],
    probability: f32,
}

/// What was heard of a turn so far: the clip, and the speech probability of each of its chunks.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The audio, as far as it was heard.
    pub clip: Clip8k,
    /// One for each [`CHUNK`].
    pub probabilities: Vec<f32>,
}

impl Engine {
    /// A turn that begins now; see [`Endpoint::new`].
    pub fn live(&self, config: EndpointConfig, expected_ms: Option<u32>) -> Live {
        Live {
            audio: Vec::new(),
            probabilities: Vec::new(),
            ear: Some(Box::new(self.models.speech_stream())),
            gate: Gate::default(),
            endpoint: Endpoint::new(config, expected_ms),
            event: None,
        }
    }

    /// Shows chunks of several turns to the speech model, in one inference. Blocks.
    ///
    /// # Errors
    /// [`EngineError::Model`] when the model fails: the turns they come from are lost.
    pub fn hear(&self, chunks: &mut [Chunk]) -> Result<(), EngineError> {
        let mut batch: Vec<_> = chunks.iter_mut().map(|chunk| (&mut *chunk.ear, &chunk.samples)).collect();
        let probabilities = self.models.speech_step(&mut batch)?;
        for (chunk, probability) in chunks.iter_mut().zip(probabilities) {
            chunk.probability = probability;
        }
        Ok(())
    }

    /// Examines what was heard of a turn. Blocks.
    ///
    /// Does for a stream what [`examine`](Self::examine) does for a recording. The voice is taken over from an `earlier`
    /// examination of the same turn, where the speech is still the same.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails.
    pub fn examine_live(
        &self,
        _heard: &Heard,
        _limits: &crate::vad::QualityLimits,
        _earlier: Option<&Examined>,
    ) -> Result<Examined, EngineError> {
        todo!()
    }
}

impl Live {
    /// Takes in samples at 8 kHz; after the end they are left alone.
    pub fn push(&mut self, samples: &[i16]) {
        if self.ended().is_some() {
            return;
        }
        if self.audio.capacity() < self.audio.len() + samples.len() {
            self.audio.reserve_exact(BLOCK.max(samples.len()));
        }
        self.audio.extend_from_slice(samples);
    }

    /// What to do next.
    pub fn step(&mut self) -> LiveStep {
        todo!()
    }

    /// Takes back a chunk that [`Engine::hear`] has seen to.
    pub fn heard(&mut self, chunk: Chunk) {
        self.ear = Some(chunk.ear);
        self.hear(chunk.probability);
    }

    fn hear(&mut self, probability: f32) {
        self.probabilities.push(probability);
        self.event = self.endpoint.hear(probability).map(|event| match event {
            EndpointEvent::Began => LiveEvent::Began,
            EndpointEvent::Paused => LiveEvent::Speculate,
            EndpointEvent::Ended(reason) => LiveEvent::Ended(reason),
        });
    }

    /// Copies what was heard so far, to be examined on another thread.
    pub fn so_far(&self) -> Heard {
        todo!()
    }

    /// Says that the voice was recognised beyond doubt: a complete phrase then ends at once.
    pub fn recognised(&mut self) {
        self.endpoint.set_complete();
    }

    /// Why the turn is over, if it is.
    pub fn ended(&self) -> Option<EndReason> {
        self.endpoint.ended()
    }

    /// How the turn stands: speech so far, silence since.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}
