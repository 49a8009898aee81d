use super::{Engine, EngineError, Examined};
use crate::models::SpeechStream;
use crate::types::Clip8k;
use crate::vad::{CHUNK, EndReason, Endpoint, EndpointConfig, EndpointEvent, Gate, QualityLimits};

/// Samples by which a turn's audio grows: 4 s, so that a frame in two hundred allocates.
const BLOCK: usize = 4 * Clip8k::RATE_HZ as usize;

/// Samples in a millisecond.
const SAMPLES_PER_MS: usize = Clip8k::RATE_HZ as usize / 1000;

/// One turn of one stream, heard while it is spoken.
///
/// It computes next to nothing itself, and never blocks. Samples go in by [`push`](Self::push); [`step`](Self::step)
/// says what to do next, until it is idle: show chunks of many streams to the model at once by [`Engine::hear`] and
/// give each back by [`heard`](Self::heard), or deal with an event.
#[derive(Debug)]
pub struct Live {
    audio: Vec<i16>,
    /// The most samples a turn can have.
    most: usize,
    /// One for each chunk that was heard, or kept back by the gate.
    probabilities: Vec<f32>,
    /// None while the chunk is out.
    ear: Option<Box<Ear>>,
    /// The next chunk to show to the model: behind those decided on while the gate keeps chunks back.
    next: usize,
    /// The gate has let the first undecided chunk through, and those before it.
    is_passing: bool,
    gate: Gate,
    endpoint: Endpoint,
    event: Option<LiveEvent>,
}

/// The next step of a turn.
#[derive(Debug)]
pub enum LiveStep {
    /// Nothing: more samples are needed, or a chunk is out.
    Idle,
    /// Show this to the model and give it back.
    Hear(Chunk),
    /// Something happened.
    Event(LiveEvent),
}

/// An event of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    /// The caller began to speak, for the first time or again after a pause.
    Began,
    /// The caller paused: examine what is there, it may be all there will be.
    Speculate,
    /// The turn is over; nothing follows.
    Ended(EndReason),
}

/// 32 ms of a stream, and what was kept back before it, on their way to the speech model and back. Cheap to move.
#[derive(Debug)]
pub struct Chunk(pub(super) Box<Ear>);

/// The model's state of a stream, and the next chunk; one for the whole turn.
#[derive(Debug)]
pub(super) struct Ear {
    stream: SpeechStream,
    /// Chunks that were kept back, to be shown first: a second of them when a caller begins to speak, else none.
    before: Vec<[f32; CHUNK]>,
    samples: [f32; CHUNK],
    /// The model's probabilities for the chunks before, and then for the chunk.
    said: Vec<f32>,
}

impl Ear {
    /// One that has heard nothing of its stream yet.
    pub(super) fn new(stream: SpeechStream) -> Box<Self> {
        Box::new(Self { stream, before: Vec::new(), samples: [0.0; CHUNK], said: Vec::new() })
    }

    /// Passes over chunks, the last of which is given; see [`SpeechStream::skip`].
    pub(super) fn skip(&mut self, last: &[f32; CHUNK], chunks: usize) {
        self.stream.skip(last, chunks);
    }

    /// Goes out with a chunk, and with those before it that were kept back.
    pub(super) fn show(
        mut self: Box<Self>,
        before: impl Iterator<Item = [f32; CHUNK]>,
        samples: &[f32; CHUNK],
    ) -> Chunk {
        self.before.extend(before);
        self.samples = *samples;
        Chunk(self)
    }
}

/// The audio of a turn so far: the clip, and the speech probability of each of its chunks.
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
        Live::new(self.models.speech_stream(), config, expected_ms)
    }

    /// Shows chunks of several turns to the speech model, and what was kept back before them. Blocks.
    ///
    /// # Errors
    /// [`EngineError::Model`] when the model fails: the turns they come from are lost.
    pub fn hear(&self, chunks: &mut [Chunk]) -> Result<(), EngineError> {
        let inferences = chunks.iter().map(|chunk| chunk.0.before.len() + 1).max().unwrap_or(0);
        (0..inferences).try_for_each(|_| self.hear_some(chunks))
    }

    /// Shows the next 32 ms of each chunk that is not [heard](Chunk::is_heard), in one inference. Blocks.
    ///
    /// # Errors
    /// As [`hear`](Self::hear).
    pub fn hear_some(&self, chunks: &mut [Chunk]) -> Result<(), EngineError> {
        let (mut batch, mut answers) = (Vec::with_capacity(chunks.len()), Vec::with_capacity(chunks.len()));
        for chunk in chunks.iter_mut().filter(|chunk| !chunk.is_heard()) {
            let Ear { stream, before, samples, said } = &mut *chunk.0;
            batch.push((stream, before.get(said.len()).unwrap_or(samples)));
            answers.push(said);
        }
        let probabilities = self.models.speech_step(&mut batch)?;
        for (said, probability) in answers.into_iter().zip(probabilities) {
            said.push(probability);
        }
        Ok(())
    }

    /// Examines what was heard of a turn. Blocks.
    ///
    /// Does for a stream what [`examine`](Self::examine) does for a recording. Where the speech is still the same as in
    /// an `earlier` examination of the same turn, the voice is taken over from it and only the quality is measured
    /// again.
    ///
    /// # Errors
    /// [`EngineError`] when a model fails.
    pub fn examine_live(
        &self,
        heard: &Heard,
        limits: &QualityLimits,
        earlier: Option<&Examined>,
    ) -> Result<Examined, EngineError> {
        self.examine_heard(&heard.clip, &heard.probabilities, limits, earlier)
    }
}

impl Chunk {
    /// Whether the model has been shown all of it.
    pub fn is_heard(&self) -> bool {
        self.0.said.len() > self.0.before.len()
    }

    /// The model's probabilities, once [`Engine::hear`] has seen to it: of the chunks kept back before, then of the
    /// chunk.
    pub fn said(&self) -> &[f32] {
        &self.0.said
    }

    /// Takes what the model said when it was shown the same chunk of the same audio, in place of [`Engine::hear`].
    ///
    /// The model's own state stays behind: every later chunk of the turn has to be answered likewise.
    pub fn again(&mut self, said: &[f32]) {
        self.0.said.extend_from_slice(said);
    }

    /// Answers in the model's place.
    #[cfg(test)]
    pub(super) fn answer(&mut self, probability: impl Fn(&[f32; CHUNK]) -> f32) {
        let Ear { before, samples, said, .. } = &mut *self.0;
        said.extend(before.iter().chain([&*samples]).map(probability));
    }

    /// Comes back: what the model said of those before, and of the chunk.
    pub(super) fn back(mut self) -> (Box<Ear>, Vec<f32>, f32) {
        // A second of audio is not kept for the rest of the turn.
        self.0.before = Vec::new();
        let mut said = std::mem::take(&mut self.0.said);
        let last = said.pop().unwrap_or_default();
        (self.0, said, last)
    }
}

impl Live {
    fn new(stream: SpeechStream, config: EndpointConfig, expected_ms: Option<u32>) -> Self {
        Self {
            audio: Vec::new(),
            most: config.max_turn_ms as usize * SAMPLES_PER_MS + CHUNK,
            probabilities: Vec::new(),
            ear: Some(Ear::new(stream)),
            next: 0,
            is_passing: false,
            gate: Gate::default(),
            endpoint: Endpoint::new(config, expected_ms),
            event: None,
        }
    }

    /// Takes in samples at 8 kHz; what comes after the end is left alone.
    pub fn push(&mut self, samples: &[i16]) {
        let room = if self.ended().is_some() { 0 } else { self.most - self.audio.len() };
        let samples = &samples[..samples.len().min(room)];
        if self.audio.capacity() < self.audio.len() + samples.len() {
            self.audio.reserve_exact(BLOCK.max(samples.len()));
        }
        self.audio.extend_from_slice(samples);
    }

    /// The next step.
    pub fn step(&mut self) -> LiveStep {
        loop {
            if let Some(event) = self.event.take() {
                return LiveStep::Event(event);
            }
            let now = self.probabilities.len();
            if self.ended().is_some() || self.audio.len() < (now + 1) * CHUNK {
                return LiveStep::Idle;
            }
            if self.is_passing {
                let Some(ear) = self.ear.take() else { return LiveStep::Idle };
                let kept_back = (self.next..now).map(|at| self.chunk(at));
                return LiveStep::Hear(ear.show(kept_back, &self.chunk(now)));
            }
            if self.gate.passes(&self.chunk(now)) {
                self.pass(now);
            } else {
                self.hear(0.0);
            }
        }
    }

    /// Lets a chunk through, after those that the model has to be shown before it.
    fn pass(&mut self, now: usize) {
        let from = now.saturating_sub(Gate::LOOK_BACK);
        if self.next < from {
            let before = self.chunk(from - 1);
            let skipped = from - self.next;
            self.ear.iter_mut().for_each(|ear| ear.skip(&before, skipped));
            self.next = from;
        }
        self.is_passing = true;
    }

    /// Takes back a chunk that [`Engine::hear`] has seen to.
    pub fn heard(&mut self, chunk: Chunk) {
        let (ear, before, probability) = chunk.back();
        self.ear = Some(ear);
        for (kept_back, said) in self.probabilities[self.next..].iter_mut().zip(before) {
            *kept_back = said;
        }
        self.is_passing = false;
        self.gate.learn(probability);
        self.hear(probability);
        self.next = self.probabilities.len();
    }

    fn hear(&mut self, probability: f32) {
        self.probabilities.push(probability);
        self.event = self.endpoint.hear(probability).map(|event| match event {
            EndpointEvent::Began => LiveEvent::Began,
            EndpointEvent::Paused => LiveEvent::Speculate,
            EndpointEvent::Ended(reason) => LiveEvent::Ended(reason),
        });
    }

    fn chunk(&self, at: usize) -> [f32; CHUNK] {
        let mut chunk = [0.0; CHUNK];
        to_float(&self.audio[at * CHUNK..], &mut chunk);
        chunk
    }

    /// Copies what was heard so far, to be examined on another thread.
    pub fn so_far(&self) -> Heard {
        let samples = &self.audio[..self.probabilities.len() * CHUNK];
        let mut clip = vec![0.0; samples.len()];
        to_float(samples, &mut clip);
        Heard { clip: Clip8k::new(clip), probabilities: self.probabilities.clone() }
    }

    /// Says that what was heard is clearly the enrolled voice, so that less of a phrase is enough.
    pub fn recognised(&mut self) {
        self.endpoint.recognised();
    }

    /// Audio that came and was not heard yet, in milliseconds; less than a chunk when there is nothing to do.
    pub fn behind_ms(&self) -> u32 {
        ((self.audio.len() - self.probabilities.len() * CHUNK) / SAMPLES_PER_MS) as u32
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

fn to_float(samples: &[i16], out: &mut [f32]) {
    for (out, &sample) in out.iter_mut().zip(samples) {
        *out = f32::from(sample) / 32_768.0;
    }
}

#[cfg(test)]
mod tests;
