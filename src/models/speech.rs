use ort::session::Session;
use ort::value::TensorRef;

use super::ModelError;
use super::contract::{Expected, check_entry};
use super::manifest::{ElementType, Entry};
use super::pool::Pool;
use super::session::Opener;
use super::stream::{LAYERS, STATE, SpeechStream, WARM_UP, WIDTH, WINDOW};
use crate::types::Clip8k;
use crate::vad::CHUNK;

const RATE: [i64; 1] = [Clip8k::RATE_HZ as i64];

const INPUTS: [Expected<'static>; 3] = [
    ("input", ElementType::F32, &[None, Some(WINDOW)]),
    ("state", ElementType::F32, &[Some(LAYERS), None, Some(WIDTH)]),
    ("sr", ElementType::I64, &[]),
];
const OUTPUTS: [Expected<'static>; 2] =
    [("output", ElementType::F32, &[None, Some(1)]), ("stateN", ElementType::F32, &[Some(LAYERS), None, Some(WIDTH)])];

/// The voice-activity model: Silero at 8 kHz.
#[derive(Debug)]
pub(super) struct SpeechModel {
    id: String,
    sessions: Pool<Session>,
    /// The first state of every stream: half a second of line noise was heard.
    warm: SpeechStream,
}

impl SpeechModel {
    pub(super) fn load(entry: &Entry, opener: &Opener) -> Result<Self, ModelError> {
        check_entry(entry, &INPUTS, &OUTPUTS)?;
        let mut model = Self { id: entry.id.clone(), sessions: opener.open(entry)?, warm: SpeechStream::cold() };
        let mut stream = SpeechStream::cold();
        for _ in 0..WARM_UP {
            model.step(&mut [(&mut stream, &[0.0; CHUNK])])?;
        }
        model.warm = stream;
        Ok(model)
    }

    /// A stream on which nothing was said yet.
    pub(super) fn stream(&self) -> SpeechStream {
        self.warm.clone()
    }

    /// One probability for each [`CHUNK`] of a clip; the last chunk is filled up with silence.
    pub(super) fn probabilities(&self, clip: &Clip8k) -> Result<Vec<f32>, ModelError> {
        let mut session = self.sessions.borrow();
        let mut stream = self.stream();
        let mut probabilities = Vec::with_capacity(clip.samples().len().div_ceil(CHUNK));
        for samples in clip.samples().chunks(CHUNK) {
            let mut chunk = [0.0; CHUNK];
            chunk[..samples.len()].copy_from_slice(samples);
            probabilities.extend(self.step_on(&mut session, &mut [(&mut stream, &chunk)])?);
        }
        Ok(probabilities)
    }

    /// The next chunk of each of several streams, in one inference.
    pub(super) fn step(&self, chunks: &mut [(&mut SpeechStream, &[f32; CHUNK])]) -> Result<Vec<f32>, ModelError> {
        if chunks.is_empty() { Ok(Vec::new()) } else { self.step_on(&mut self.sessions.borrow(), chunks) }
    }

    /// A failed inference leaves every stream as it was.
    fn step_on(
        &self,
        session: &mut Session,
        chunks: &mut [(&mut SpeechStream, &[f32; CHUNK])],
    ) -> Result<Vec<f32>, ModelError> {
        let batch = chunks.len();
        let (mut windows, mut state) = (Vec::with_capacity(batch * WINDOW), Vec::with_capacity(batch * STATE));
        for (stream, chunk) in &*chunks {
            windows.extend_from_slice(&stream.window(chunk));
        }
        // The model wants [layer, stream, value]; a stream keeps [layer, value].
        for layer in 0..LAYERS {
            state.extend(chunks.iter().flat_map(|(stream, _)| &stream.state[layer * WIDTH..][..WIDTH]));
        }
        let (probabilities, next) =
            run(session, batch, &windows, &state).map_err(|error| self.failed(error.to_string()))?;
        if probabilities.len() != batch || next.len() != state.len() {
            return Err(self.failed(format!("{batch} chunks gave {} probabilities", probabilities.len())));
        }
        if let Some(fault) = probabilities.iter().find(|probability| !(0.0..=1.0).contains(*probability)) {
            return Err(self.failed(format!("{fault} is no probability")));
        }
        for ((at, (stream, _)), window) in chunks.iter_mut().enumerate().zip(windows.as_chunks().0) {
            for (layer, kept) in stream.state.chunks_exact_mut(WIDTH).enumerate() {
                kept.copy_from_slice(&next[(layer * batch + at) * WIDTH..][..WIDTH]);
            }
            stream.advance(window);
        }
        Ok(probabilities)
    }

    fn failed(&self, problem: String) -> ModelError {
        ModelError::Inference { model: self.id.clone(), problem }
    }
}

/// Windows in, probabilities of speech and the next state out.
fn run(session: &mut Session, batch: usize, windows: &[f32], state: &[f32]) -> ort::Result<(Vec<f32>, Vec<f32>)> {
    let outputs = session.run(ort::inputs![
        "input" => TensorRef::from_array_view(([batch, WINDOW], windows))?,
        "state" => TensorRef::from_array_view(([LAYERS, batch, WIDTH], state))?,
        "sr" => TensorRef::from_array_view(([0_usize; 0], &RATE[..]))?,
    ])?;
    let (_, probabilities) = outputs["output"].try_extract_tensor::<f32>()?;
    let (_, next) = outputs["stateN"].try_extract_tensor::<f32>()?;
    Ok((probabilities.to_vec(), next.to_vec()))
}
