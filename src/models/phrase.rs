use ort::session::Session;
use ort::value::TensorRef;
use serde::Deserialize;

use super::contract::{Expected, check_entry};
use super::manifest::{ElementType, Entry};
use super::pool::Pool;
use super::session::Opener;
use super::{ModelError, files};
use crate::phrase::{ENCODED, PhraseCalibration, Sound, Space};
use crate::types::Clip16k;

const INPUTS: [Expected<'static>; 2] =
    [("input_values", ElementType::F32, &[None, None]), ("attention_mask", ElementType::I64, &[None, None])];
const OUTPUTS: [Expected<'static>; 1] = [("last_hidden_state", ElementType::F32, &[None, None, Some(ENCODED)])];

/// The phrase encoder's frames of a sound, for the decoder and for comparison.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// `[frames, 288]`, the silences included.
    pub(super) frames: Vec<f32>,
    /// Samples at 16 kHz that they were made of.
    pub(super) samples: usize,
    sound: std::ops::Range<usize>,
}

impl Encoded {
    /// The frames of speech `[frames, 288]`, without the silences around it.
    pub fn speech(&self) -> &[f32] {
        let last = self.frames.len() / ENCODED;
        let (from, to) = (self.sound.start.min(last), self.sound.end.min(last));
        &self.frames[from * ENCODED..to * ENCODED]
    }
}

/// The phrase encoder: Moonshine's.
#[derive(Debug)]
pub(super) struct PhraseEncoder {
    id: String,
    sessions: Pool<Session>,
    /// From its frames to comparable ones.
    pub(super) space: Space,
    /// The calibration of distances.
    pub(super) calibration: PhraseCalibration,
}

/// The file with a projection's numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpaceNumbers {
    #[serde(rename = "about")]
    _about: String,
    centre: Vec<f32>,
    directions: Vec<Vec<f32>>,
}

impl PhraseEncoder {
    pub(super) fn load(entry: &Entry, opener: &Opener) -> Result<Self, ModelError> {
        check_entry(entry, &INPUTS, &OUTPUTS)?;
        if entry.sample_rate_hz != Clip16k::RATE_HZ {
            let rate = entry.sample_rate_hz;
            return Err(entry.contract(format!("it hears {rate} Hz, this build feeds {} Hz", Clip16k::RATE_HZ)));
        }
        let part = entry.phrase.as_ref().ok_or_else(|| entry.contract("it has no part phrase"))?;
        let path = opener.folder.join(&part.space.file);
        let bytes = files::read_checked(&path, &part.space.sha256)?;
        let refuse = |problem: String| ModelError::Manifest { path: path.clone(), problem };
        let numbers: SpaceNumbers = serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
        let space = Space::new(&entry.id, numbers.centre, numbers.directions);
        Ok(Self {
            id: entry.id.clone(),
            space: space.map_err(|error| refuse(error.to_string()))?,
            calibration: part.calibration(),
            sessions: opener.open(entry)?,
        })
    }

    /// Encodes a sound; every value is finite.
    pub(super) fn encode(&self, sound: &Sound) -> Result<Encoded, ModelError> {
        let failed = |problem: String| ModelError::Inference { model: self.id.clone(), problem };
        let mut session = self.sessions.borrow();
        let frames = run(&mut session, sound.samples()).map_err(|error| failed(error.to_string()))?;
        if frames.is_empty() || !frames.len().is_multiple_of(ENCODED) || frames.iter().any(|value| !value.is_finite()) {
            return Err(failed(format!("its output is not frames of {ENCODED} finite values")));
        }
        Ok(Encoded { frames, samples: sound.samples().len(), sound: sound.frames() })
    }
}

/// Samples in, frames out.
fn run(session: &mut Session, samples: &[f32]) -> ort::Result<Vec<f32>> {
    let shape = [1, samples.len()];
    let mask = vec![1_i64; samples.len()];
    let outputs = session.run(ort::inputs![
        "input_values" => TensorRef::from_array_view((shape, samples))?,
        "attention_mask" => TensorRef::from_array_view((shape, &mask[..]))?,
    ])?;
    let (_, frames) = outputs["last_hidden_state"].try_extract_tensor::<f32>()?;
    Ok(frames.to_vec())
}
