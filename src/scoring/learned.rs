//! Changes of a voice learned after it enrolled, and their byte form, which the store encrypts.
//!
//! `cpln`, version, days (u32), the last day (i32), number of voices (u8); then per voice the length of its model's id
//! (u8) and the id, values (u16), and the values (f32). All little-endian, nothing after.

use super::embedding::scale_to_unit;
use super::{Embedding, ModelId, ScoreError};
use crate::types::bytes::Reader;

const MAGIC: [u8; 4] = *b"cpln";
const VERSION: u8 = 1;

/// Days on which a take was accepted before anything changes: never by a single call.
const FIRST: u32 = 2;

/// Days until as much is learned as will be.
const FULL: u32 = 8;

/// The share of the newest take in what is learned, once there are more than a few: five sessions are remembered.
const NEWEST: f32 = 0.2;

/// The most that what was learned counts beside the original takes.
///
/// With 0.5 an impostor whose every other take passes gains twice as much by patience; the tests show it.
const MOST: f32 = 0.35;

/// The lowest cosine of the adapted direction to the original one: whatever is learned, the original takes stay the
/// voiceprint.
const NEAR: f32 = 0.95;

/// A voice as learned: its direction lately, beside that of the original takes, which are never changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    days: u32,
    last_day: i32,
    voices: Vec<Embedding>,
}

impl Learned {
    /// The learned voice after a first take.
    pub fn first(voices: Vec<Embedding>, day: i32) -> Self {
        Self { days: 1, last_day: day, voices }
    }

    /// The learned voice after one more take; none on a day that has had one.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when the take is from other models.
    pub fn after(&self, take: &[Embedding], day: i32) -> Result<Option<Self>, ScoreError> {
        if day <= self.last_day {
            return Ok(None);
        }
        let days = self.days.saturating_add(1);
        let share = (1.0 / days as f32).max(NEWEST);
        let mut voices = Vec::with_capacity(self.voices.len());
        for known in &self.voices {
            let new = take.iter().find(|new| new.model() == known.model()).ok_or_else(|| mismatch(known, take))?;
            voices.push(mixed(known, new, share)?);
        }
        Ok(Some(Self { days, last_day: day, voices }))
    }

    /// How much has been learned, from 0 to 1.
    pub fn progress(&self) -> f32 {
        if self.days < FIRST { 0.0 } else { (self.days as f32 / FULL as f32).min(1.0) }
    }

    /// An original direction, drawn towards what was learned, within its bounds.
    ///
    /// # Errors
    /// [`ScoreError::ModelMismatch`] when nothing was learned of that model's voice.
    pub fn adapt(&self, original: &Embedding) -> Result<Embedding, ScoreError> {
        let known = self.voices.iter().find(|known| known.model() == original.model());
        let known = known.ok_or_else(|| mismatch(original, &self.voices))?;
        let mut share = MOST * self.progress();
        loop {
            let adapted = mixed(original, known, share)?;
            // The share falls geometrically towards 0, where the cosine is 1.
            if adapted.cosine(original)?.0 >= NEAR {
                return Ok(adapted);
            }
            share *= 0.9;
        }
    }

    /// The byte form, to be encrypted before it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        bytes.extend(self.days.to_le_bytes());
        bytes.extend(self.last_day.to_le_bytes());
        bytes.push(self.voices.len() as u8);
        for voice in &self.voices {
            let id = voice.model().as_str();
            bytes.push(id.len() as u8);
            bytes.extend(id.as_bytes());
            bytes.extend((voice.values().len() as u16).to_le_bytes());
            bytes.extend(voice.values().iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`ScoreError::Format`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ScoreError> {
        let mut reader = Reader::of_form(bytes, MAGIC, VERSION)?;
        let (days, last_day, count) = (reader.u32()?, reader.i32()?, reader.u8()?);
        let mut voices = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (model, values) = (ModelId::from(reader.text()?), usize::from(reader.u16()?));
            voices.push(Embedding::read(&mut reader, model, values)?);
        }
        reader.end()?;
        Ok(Self { days, last_day, voices })
    }
}

fn mismatch(left: &Embedding, others: &[Embedding]) -> ScoreError {
    let right = others.first().map_or_else(|| ModelId::from(""), |other| other.model().clone());
    ScoreError::ModelMismatch { left: left.model().clone(), right }
}

/// The direction between two, at a share of the way to the second.
fn mixed(first: &Embedding, second: &Embedding, share: f32) -> Result<Embedding, ScoreError> {
    first.check_comparable(second)?;
    let mix = |(a, b): (&f32, &f32)| a * (1.0 - share) + b * share;
    let mut values: Vec<f32> = first.values().iter().zip(second.values()).map(mix).collect();
    match scale_to_unit(&mut values) {
        Ok(()) => Ok(Embedding::stored(first.model().clone(), values)),
        // Opposite directions cancel out: what was known stands.
        Err(ScoreError::NoDirection) => Ok(first.clone()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
