use ort::session::Session;
use ort::value::TensorRef;

use super::ModelError;
use super::contract::{Expected, check_entry};
use super::manifest::{ElementType, Entry};
use super::pool::Pool;
use super::session::Opener;
use crate::types::Clip8k;
use crate::vad::CHUNK;

/// Samples of the chunk before that Silero is shown again at 8 kHz.
const CONTEXT: usize = 32;
/// Values of the recurrent state: two layers of 128, batch of one.
const STATE: usize = 2 * 128;
const RATE: [i64; 1] = [Clip8k::RATE_HZ as i64];

const INPUTS: [Expected<'static>; 3] = [
    ("input", ElementType::F32, &[Some(1), Some(CONTEXT + CHUNK)]),
    ("state", ElementType::F32, &[Some(2), Some(1), Some(128)]),
    ("sr", ElementType::I64, &[]),
];
const OUTPUTS: [Expected<'static>; 2] =
    [("output", ElementType::F32, &[Some(1), Some(1)]), ("stateN", ElementType::F32, &[Some(2), Some(1), Some(128)])];

/// The voice-activity model: Silero at 8 kHz.
#[derive(Debug)]
pub(super) struct SpeechModel {
    id: String,
    sessions: Pool<Session>,
}

impl SpeechModel {
    pub(super) fn load(entry: &Entry, opener: &Opener) -> Result<Self, ModelError> {
        check_entry(entry, &INPUTS, &OUTPUTS)?;
        Ok(Self { id: entry.id.clone(), sessions: opener.open(entry)? })
    }

    /// One probability for each [`CHUNK`] of a clip; the last chunk is filled up with silence.
    ///
    /// The recurrent state is this call's own: a failed inference leaves nothing behind.
    pub(super) fn probabilities(&self, clip: &Clip8k) -> Result<Vec<f32>, ModelError> {
        let mut session = self.sessions.borrow();
        let mut window = [0.0; CONTEXT + CHUNK];
        let mut state = vec![0.0; STATE];
        let mut probabilities = Vec::with_capacity(clip.samples().len().div_ceil(CHUNK));
        for chunk in clip.samples().chunks(CHUNK) {
            window.copy_within(CHUNK.., 0);
            window[CONTEXT..].fill(0.0);
            window[CONTEXT..CONTEXT + chunk.len()].copy_from_slice(chunk);
            let (probability, next) =
                step(&mut session, &window, &state).map_err(|error| self.failed(error.to_string()))?;
            if !(0.0..=1.0).contains(&probability) || next.len() != STATE {
                return Err(self.failed(format!("{probability} is no probability")));
            }
            state = next;
            probabilities.push(probability);
        }
        Ok(probabilities)
    }

    fn failed(&self, problem: String) -> ModelError {
        ModelError::Inference { model: self.id.clone(), problem }
    }
}

/// One window in, the probability of speech and the next state out.
fn step(session: &mut Session, window: &[f32], state: &[f32]) -> ort::Result<(f32, Vec<f32>)> {
    let outputs = session.run(ort::inputs![
        "input" => TensorRef::from_array_view(([1, window.len()], window))?,
        "state" => TensorRef::from_array_view(([2_usize, 1, 128], state))?,
        "sr" => TensorRef::from_array_view(([0_usize; 0], &RATE[..]))?,
    ])?;
    let (_, probability) = outputs["output"].try_extract_tensor::<f32>()?;
    let (_, next) = outputs["stateN"].try_extract_tensor::<f32>()?;
    Ok((probability.first().copied().unwrap_or(f32::NAN), next.to_vec()))
}
