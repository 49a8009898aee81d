use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use super::backend_file::BackendFile;
pub use super::phrase_part::{ChallengeScale, PhrasePart, PhraseScale, TextPart};
use super::{ModelError, files};
use crate::scoring;

/// The layout of the manifest that this build reads.
const SCHEMA: u32 = 1;

/// Joins the ids of two models that are heard together.
pub(super) const PLUS: char = '+';

/// The content of `manifest.toml` about the models beside it. An unknown key is refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The manifest's layout.
    pub schema: u32,
    /// Every model there is.
    #[serde(rename = "model")]
    pub models: Vec<Entry>,
    /// The folder it was read from; file names are relative to it.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// One model: which file it is, where it comes from, what it takes and gives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name; voiceprints are bound to a speaker model's.
    pub id: String,
    /// Its purpose.
    pub role: Role,
    /// Whether it is taken when the configuration names none.
    pub default: bool,
    /// The file's name.
    pub file: String,
    /// The file's hash, in lower-case hex.
    pub sha256: String,
    /// The file's size.
    pub bytes: u64,
    /// SPDX name of the licence.
    pub licence: String,
    /// The licence's text.
    pub licence_file: String,
    /// The package it was taken from.
    pub origin: Origin,
    /// The script that made it.
    pub made_by: String,
    /// The rate it hears.
    pub sample_rate_hz: u32,
    /// Tensors in, in order.
    pub inputs: Vec<Tensor>,
    /// Tensors out, in order.
    pub outputs: Vec<Tensor>,
    /// A speaker model's features.
    pub front_end: Option<FrontEnd>,
    /// A speaker model's projection.
    pub backend: Option<BackendFile>,
    /// The calibration of a speaker model's scores; a second model's is that of both models together.
    pub calibration: Option<Calibration>,
    /// A phrase encoder's projection and calibration.
    pub phrase: Option<PhrasePart>,
    /// A phrase decoder's tokens and calibration.
    pub text: Option<TextPart>,
    /// Which speaker models a second model is heard beside.
    pub beside: Option<Beside>,
    /// Measured figures, for people.
    pub figures: Option<toml::Table>,
}

/// A model's purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Tells speech from everything else.
    Vad,
    /// Turns speech into a voice.
    Speaker,
    /// Turns speech into frames of what is said.
    PhraseEncoder,
    /// Weighs texts against the encoder's frames.
    PhraseDecoder,
    /// Tells synthetic speech from a person's. Opened when first asked; a manifest may do without.
    Spoof,
    /// Turns speech into a voice, to be heard beside a speaker model and never alone.
    Opinion,
}

/// The package a model was taken from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The registry.
    pub registry: String,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The path inside.
    pub path: String,
    /// The package file's hash.
    pub sha256: String,
}

/// A tensor's name, element type and shape.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    #[serde(rename = "type")]
    pub element: ElementType,
    /// Its lengths.
    pub shape: Vec<Dimension>,
}

/// One length of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Dimension {
    /// A fixed length.
    Fixed(usize),
    /// The name of a length that varies.
    Named(String),
}

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ElementType {
    /// 32-bit floating point.
    F32,
    /// 64-bit integers.
    I64,
    /// Yes or no.
    Bool,
}

/// The features a speaker model was measured with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are the constants of `features`, which says what they are")]
pub struct FrontEnd {
    pub frame_ms: u32,
    pub shift_ms: u32,
    pub preemphasis: f32,
    pub window: String,
    pub mel_bins: usize,
    pub mel_low_hz: f32,
    pub mel_high_hz: f32,
    pub bins_used: usize,
    pub floor_ratio: f32,
}

/// How a second model is heard.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The speaker models that it was measured beside.
    pub speakers: Vec<String>,
    /// The weight of its likeness; the speaker model's weighs the rest of one.
    pub share: f32,
}

/// The calibration of a speaker model's scores, and where it was measured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Weights and thresholds, each under its own key.
    #[serde(flatten)]
    pub scale: scoring::Calibration,
    /// The lowest cosine between two takes of one enrollment.
    pub min_take_agreement: f32,
    /// The recordings that the numbers come from, and how far they carry.
    pub fitted_on: String,
}

impl Manifest {
    /// Reads and checks `manifest.toml` of a folder.
    ///
    /// # Errors
    /// [`ModelError::Unreadable`] or [`ModelError::Manifest`].
    pub(super) fn read(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join(files::MANIFEST);
        let refuse = |problem: String| ModelError::Manifest { path: path.clone(), problem };
        let text = String::from_utf8(files::read(&path)?).map_err(|_| refuse("it is not UTF-8".to_owned()))?;
        let mut manifest: Self = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        manifest.check().map_err(refuse)?;
        folder.clone_into(&mut manifest.folder);
        Ok(manifest)
    }

    /// The model of a role: the one called `id`, or the role's default when `id` is empty.
    ///
    /// # Errors
    /// [`ModelError::Unknown`].
    pub(super) fn select(&self, role: Role, id: &str) -> Result<&Entry, ModelError> {
        let mut of_role = self.models.iter().filter(|entry| entry.role == role);
        let wanted = |entry: &&Entry| if id.is_empty() { entry.default } else { entry.id == id };
        of_role.clone().find(wanted).ok_or_else(|| ModelError::Unknown {
            wanted: id.to_owned(),
            known: of_role.by_ref().map(|entry| entry.id.clone()).collect(),
        })
    }

    /// The speaker model called `id`, alone; or it and the second model that `id` names after a plus.
    ///
    /// Both defaults when `id` is empty; the default second model only if it is one beside the default speaker model.
    ///
    /// # Errors
    /// [`ModelError::Unknown`], or [`ModelError::Contract`] of a second model that was not measured beside that model.
    pub(super) fn select_speaker(&self, id: &str) -> Result<(&Entry, Option<&Entry>), ModelError> {
        if let Some((speaker, second)) = id.split_once(PLUS) {
            let (speaker, second) = (self.select(Role::Speaker, speaker)?, self.select(Role::Opinion, second)?);
            if !second.is_beside(speaker) {
                return Err(second.contract(format!("it was not measured beside {:?}", speaker.id)));
            }
            return Ok((speaker, Some(second)));
        }
        let speaker = self.select(Role::Speaker, id)?;
        let second = self.models.iter().find(|entry| id.is_empty() && entry.default && entry.is_beside(speaker));
        Ok((speaker, second))
    }

    fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!("schema {} is not {SCHEMA}, which this build reads", self.schema));
        }
        let mut seen = HashSet::new();
        for entry in &self.models {
            if !seen.insert(&entry.id) {
                return Err(format!("two models are called {:?}", entry.id));
            }
            entry.check().map_err(|problem| format!("model {:?}: {problem}", entry.id))?;
        }
        for role in [Role::Vad, Role::Speaker, Role::PhraseEncoder, Role::PhraseDecoder] {
            let defaults = self.models.iter().filter(|entry| entry.role == role && entry.default).count();
            if defaults != 1 {
                return Err(format!("role {role} has {defaults} default models, not one"));
            }
        }
        Ok(())
    }
}

impl Entry {
    pub(super) fn contract(&self, problem: impl Into<String>) -> ModelError {
        ModelError::Contract { model: self.id.clone(), problem: problem.into() }
    }

    fn is_beside(&self, speaker: &Self) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.speakers.contains(&speaker.id))
    }

    fn check(&self) -> Result<(), String> {
        let space = self.phrase.as_ref().map(|phrase| &phrase.space.file);
        let tokens = self.text.as_ref().map(|text| &text.tokens);
        let backend = self.backend.as_ref().map(|backend| &backend.file);
        let names = [Some(&self.file), Some(&self.licence_file), backend, space, tokens];
        if let Some(name) = names.into_iter().flatten().find(|name| !stays_inside(name)) {
            return Err(format!("{name:?} does not lie in the models' folder"));
        }
        let parts = [self.front_end.is_some(), self.backend.is_some(), self.calibration.is_some()];
        let has_them = match self.role {
            Role::Speaker | Role::Opinion => parts == [true; 3],
            Role::Vad | Role::PhraseEncoder | Role::PhraseDecoder | Role::Spoof => parts == [false; 3],
        };
        if !has_them {
            return Err("front_end, backend and calibration belong to a speaker model, all three".to_owned());
        }
        let phrase = (self.role == Role::PhraseEncoder, self.role == Role::PhraseDecoder);
        if phrase != (self.phrase.is_some(), self.text.is_some()) {
            return Err("phrase belongs to a phrase encoder, text to a phrase decoder".to_owned());
        }
        self.phrase.as_ref().map_or(Ok(()), PhrasePart::check)?;
        self.text.as_ref().map_or(Ok(()), TextPart::check)?;
        if self.beside.is_some() != (self.role == Role::Opinion) {
            return Err("an opinion says which speaker models it is beside, and nothing else does".to_owned());
        }
        if self.beside.as_ref().is_some_and(|beside| !(beside.share > 0.0 && beside.share < 1.0)) {
            return Err("the share of an opinion lies between 0 and 1".to_owned());
        }
        self.calibration.as_ref().map_or(Ok(()), Calibration::check)
    }
}

impl Calibration {
    fn check(&self) -> Result<(), String> {
        let (thresholds, weights) = (self.scale.thresholds(), self.scale.weights());
        if !thresholds.iter().chain(&weights).all(|value| value.is_finite()) {
            return Err("the calibration has values that are not numbers".to_owned());
        }
        if !thresholds.is_sorted_by(|lower, higher| lower < higher) || !self.scale.rises_with_likeness() {
            return Err("a stricter threshold must be higher, and likeness must raise the score".to_owned());
        }
        if !(-1.0..1.0).contains(&self.min_take_agreement) {
            return Err("min_take_agreement is no cosine below 1".to_owned());
        }
        Ok(())
    }
}

/// Whether a relative path names something below the folder it is joined to.
fn stays_inside(name: &str) -> bool {
    let path = Path::new(name);
    !name.is_empty() && path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vad => "vad",
            Self::Speaker => "speaker",
            Self::PhraseEncoder => "phrase_encoder",
            Self::PhraseDecoder => "phrase_decoder",
            Self::Spoof => "spoof",
            Self::Opinion => "opinion",
        })
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::I64 => "i64",
            Self::Bool => "bool",
        })
    }
}
