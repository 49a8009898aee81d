use std::borrow::Cow;

use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, TensorRef};

use super::contract::{Expected, check_entry};
use super::manifest::{ElementType, Entry};
use super::phrase::Encoded;
use super::pool::Pool;
use super::session::Opener;
use super::{ModelError, files};
use crate::phrase::{ChallengeCalibration, ENCODED, Reading, Spelling, Tokens};

/// Layers that keep keys and values.
const LAYERS: usize = 6;
/// Attention heads of a layer.
const HEADS: usize = 8;
/// Values of a key, or of a value, in one head.
const WIDTH: usize = 36;
/// Tokens the model writes with.
const TOKENS: usize = 32_768;
/// Begins every text.
const BEGIN: i64 = 1;
/// The longest text that is weighed, in tokens: a challenge has at most 25, a long sentence 60.
const MAX_TOKENS: usize = 128;
/// Whose keys and values, and which: in the order of the model's inputs.
const KEPT: [(&str, &str); 4] = [("decoder", "key"), ("decoder", "value"), ("encoder", "key"), ("encoder", "value")];

/// The phrase decoder: Moonshine's. It weighs texts; it never writes one.
#[derive(Debug)]
pub(super) struct PhraseDecoder {
    id: String,
    sessions: Pool<Session>,
    names: Names,
    /// The tokens that texts are spelled in.
    pub(super) tokens: Tokens,
    /// The calibration of a challenge's fit.
    pub(super) calibration: ChallengeCalibration,
}

/// The names of keys and values, in the model's order: of what goes in, and of what comes out.
#[derive(Debug)]
struct Names {
    past: Vec<String>,
    present: Vec<String>,
}

impl Names {
    fn new() -> Self {
        let all = |prefix: &'static str| {
            let name = move |layer| KEPT.map(|(whose, what)| format!("{prefix}.{layer}.{whose}.{what}"));
            (0..LAYERS).flat_map(name).collect()
        };
        Self { past: all("past_key_values"), present: all("present") }
    }
}

impl PhraseDecoder {
    pub(super) fn load(entry: &Entry, opener: &Opener) -> Result<Self, ModelError> {
        let names = Names::new();
        check_contract(entry, &names)?;
        let part = entry.text.as_ref().ok_or_else(|| entry.contract("it has no part text"))?;
        let path = opener.folder.join(&part.tokens);
        let tokens = Tokens::read(&files::read_checked(&path, &part.sha256)?)
            .map_err(|error| ModelError::Manifest { path, problem: error.to_string() })?;
        if tokens.count() != TOKENS {
            return Err(entry.contract(format!("it has {} tokens, this build needs {TOKENS}", tokens.count())));
        }
        let (id, calibration) = (entry.id.clone(), part.calibration());
        Ok(Self { id, sessions: opener.open(entry)?, names, tokens, calibration })
    }

    /// How likely a text is for a sound.
    pub(super) fn read(&self, encoded: &Encoded, spelling: &Spelling) -> Result<Reading, ModelError> {
        let fits = |spelling: &Spelling| {
            (1..=MAX_TOKENS).contains(&spelling.tokens.len())
                && spelling.tokens.iter().all(|token| (*token as usize) < TOKENS)
                && spelling.slots.iter().all(|slot| {
                    slot.at < spelling.tokens.len() && slot.choices.iter().all(|choice| (*choice as usize) < TOKENS)
                })
        };
        if !fits(spelling) {
            return Err(self.failed(format!("a text of {} tokens cannot be weighed", spelling.tokens.len())));
        }
        let mut session = self.sessions.borrow();
        let logits = self.logits(&mut session, encoded, &spelling.tokens).map_err(|e| self.failed(e.to_string()))?;
        if logits.len() < spelling.tokens.len() * TOKENS || logits.iter().any(|value| !value.is_finite()) {
            return Err(self.failed("its output is not finite values for every token".to_owned()));
        }
        Ok(reading(&logits, spelling))
    }

    /// The logits `[tokens, 32768]` of each token in its place: of the first after the beginning alone, then of the
    /// others.
    fn logits(&self, session: &mut Session, encoded: &Encoded, tokens: &[u32]) -> ort::Result<Vec<f32>> {
        let mask = vec![1_i64; encoded.samples];
        let none: Vec<DynValue> = Vec::new();
        let (mut logits, kept) = self.step(session, encoded, &mask, &[BEGIN], &none)?;
        let rest: Vec<i64> = tokens[..tokens.len() - 1].iter().map(|token| i64::from(*token)).collect();
        if !rest.is_empty() {
            logits.extend(self.step(session, encoded, &mask, &rest, &kept)?.0);
        }
        Ok(logits)
    }

    /// One inference; without `kept` the keys and values of the sound are computed, with it they are taken from there.
    fn step(
        &self,
        session: &mut Session,
        encoded: &Encoded,
        mask: &[i64],
        tokens: &[i64],
        kept: &[DynValue],
    ) -> ort::Result<(Vec<f32>, Vec<DynValue>)> {
        let (frames, is_later) = (encoded.frames.len() / ENCODED, [!kept.is_empty()]);
        let mut inputs: Vec<(Cow<str>, SessionInputValue)> = ort::inputs![
            "input_ids" => TensorRef::from_array_view(([1, tokens.len()], tokens))?,
            "encoder_hidden_states" => TensorRef::from_array_view(([1, frames, ENCODED], &encoded.frames[..]))?,
            "encoder_attention_mask" => TensorRef::from_array_view(([1, mask.len()], mask))?,
            "use_cache_branch" => TensorRef::from_array_view(([1], &is_later[..]))?,
        ];
        for (at, name) in self.names.past.iter().enumerate() {
            let value = match kept.get(at) {
                Some(value) => SessionInputValue::from(value),
                None => TensorRef::from_array_view(([1, HEADS, 0, WIDTH], &[0.0_f32; 0][..]))?.into(),
            };
            inputs.push((name.as_str().into(), value));
        }
        let mut outputs = session.run(inputs)?;
        let logits = outputs["logits"].try_extract_tensor::<f32>()?.1.to_vec();
        let kept = self.names.present.iter().filter_map(|name| outputs.remove(name)).collect();
        Ok((logits, kept))
    }

    fn failed(&self, problem: String) -> ModelError {
        ModelError::Inference { model: self.id.clone(), problem }
    }
}

fn check_contract(entry: &Entry, names: &Names) -> Result<(), ModelError> {
    let keys = [None, Some(HEADS), None, Some(WIDTH)];
    let kept = |names: &'_ [String]| names.iter().map(|name| (name.clone(), ElementType::F32)).collect::<Vec<_>>();
    let (past, present) = (kept(&names.past), kept(&names.present));
    let mut inputs: Vec<Expected> = vec![
        ("encoder_attention_mask", ElementType::I64, &[None, None]),
        ("input_ids", ElementType::I64, &[None, None]),
        ("encoder_hidden_states", ElementType::F32, &[None, None, Some(ENCODED)]),
    ];
    inputs.extend(past.iter().map(|(name, element)| (name.as_str(), *element, &keys[..])));
    inputs.push(("use_cache_branch", ElementType::Bool, &[Some(1)]));
    let mut outputs: Vec<Expected> = vec![("logits", ElementType::F32, &[None, None, Some(TOKENS)])];
    outputs.extend(present.iter().map(|(name, element)| (name.as_str(), *element, &keys[..])));
    check_entry(entry, &inputs, &outputs)
}

/// From logits to probabilities, of the text's tokens and of what could stand in its slots.
fn reading(logits: &[f32], spelling: &Spelling) -> Reading {
    let rows: Vec<&[f32]> = logits.chunks_exact(TOKENS).take(spelling.tokens.len()).collect();
    let largest = |row: &[f32]| row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let leads = rows.iter().zip(&spelling.tokens).map(|(row, token)| row[*token as usize] - largest(row)).collect();
    let slots = spelling.slots.iter().map(|slot| {
        let row = rows[slot.at];
        let largest = largest(row);
        let whole = largest + row.iter().map(|value| (value - largest).exp()).sum::<f32>().ln();
        slot.choices.iter().map(|choice| row[*choice as usize] - whole).collect()
    });
    Reading { leads, slots: slots.collect() }
}
