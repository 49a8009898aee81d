//! A calibration of the operator's own, as `callprint calibrate` writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::models::Library;
use crate::scoring::Calibration;

/// The only form there is yet.
pub const SCHEMA: u32 = 1;
/// A file is a page of text; more is something else.
const MOST_BYTES: u64 = 64 * 1024;
/// No weight or threshold comes near: the largest shipped is 30.
const LARGEST: f32 = 1_000.0;

/// Weights and thresholds for one revision of one model, and where they come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationFile {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The speaker model's id.
    pub model: String,
    /// The sha256 of the model's file: a calibration holds for one revision.
    pub revision: String,
    /// The day it was made.
    pub made: String,
    /// By the names of [`Calibration::FEATURES`]: all of them and no others.
    pub weights: BTreeMap<String, f32>,
    /// The lowest ratios that are accepted.
    pub thresholds: Thresholds,
    /// The data that it was fitted on.
    pub data: FittedOn,
    /// Error rates on speakers it was not fitted on.
    #[serde(default)]
    pub validation: Vec<Measured>,
}

/// The lowest log-likelihood ratios that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are those of `scoring::Calibration`, which says what they are")]
pub struct Thresholds {
    pub llr_at_far_1pct: f32,
    pub llr_at_far_0_1pct: f32,
    pub llr_at_far_0_01pct: f32,
}

/// The data that a calibration was fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedOn {
    /// Lists, or the operator's attempts.
    pub source: String,
    /// Different speakers.
    pub speakers: usize,
    /// Trials of the enrolled speaker.
    pub targets: usize,
    /// Trials of another speaker.
    pub impostors: usize,
    /// Nominal rates whose thresholds had to be extrapolated, for want of impostors.
    pub extrapolated: Vec<String>,
}

/// Rates on speakers who were not fitted on; fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The rate aimed at, as `strictness` spells it.
    pub nominal: String,
    /// Impostors accepted.
    pub far: f64,
    /// Targets rejected.
    pub frr: f64,
}

/// Why a calibration file was not taken.
#[derive(Debug, Error)]
pub enum CalibrationError {
    /// The file cannot be read.
    #[error("cannot read the calibration {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not what `callprint calibrate` writes.
    #[error("{}: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The fault.
        problem: String,
    },
    /// The file belongs to another model, or another revision of it.
    #[error(
        "{} was fitted on {made_for}, but {running} is running: scores of one say nothing of the other; \
         run `callprint calibrate` again, or leave models.calibration empty",
        path.display()
    )]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// Id and revision in the file.
        made_for: String,
        /// Id and revision loaded.
        running: String,
    },
}

impl CalibrationError {
    /// The stable machine code, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "calibration_unreadable",
            Self::Format { .. } => "calibration_format",
            Self::OtherModel { .. } => "calibration_other_model",
        }
    }
}

impl CalibrationFile {
    /// Reads a file and holds it to the models that are loaded.
    ///
    /// # Errors
    /// [`CalibrationError`] says what is wrong with it.
    pub fn read(path: &Path, models: &Library) -> Result<Self, CalibrationError> {
        let unreadable = |source| CalibrationError::Unreadable { path: path.to_owned(), source };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        let refuse = |problem: String| CalibrationError::Format { path: path.to_owned(), problem };
        if bytes > MOST_BYTES {
            return Err(refuse(format!("it has {bytes} bytes, a calibration at most {MOST_BYTES}")));
        }
        let found = Self::parse(&std::fs::read_to_string(path).map_err(unreadable)?).map_err(refuse)?;
        let running = (models.voice_id().to_string(), revision(models));
        if (&found.model, &found.revision) != (&running.0, &running.1) {
            let name = |model: &str, revision: &str| format!("{model} ({}…)", revision.get(..12).unwrap_or(revision));
            return Err(CalibrationError::OtherModel {
                path: path.to_owned(),
                made_for: name(&found.model, &found.revision),
                running: name(&running.0, &running.1),
            });
        }
        Ok(found)
    }

    /// Reads the text of a file; the complaint is for people.
    ///
    /// # Errors
    /// Refuses unknown and missing weights, and values that make no sense.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found: Self = toml::from_str(text).map_err(|error| error.to_string().trim().to_owned())?;
        if found.schema != SCHEMA {
            return Err(format!("schema {} is not {SCHEMA}: it was written by another version", found.schema));
        }
        let has: Vec<&str> = found.weights.keys().map(String::as_str).collect();
        if has.len() != Calibration::FEATURES.len() || Calibration::FEATURES.iter().any(|name| !has.contains(name)) {
            let wanted = Calibration::FEATURES.join(", ");
            return Err(format!("[weights] has {}, and must have {wanted}", has.join(", ")));
        }
        let thresholds = found.thresholds.rising();
        if found.weights.values().chain(&thresholds).any(|value| !value.is_finite() || value.abs() > LARGEST) {
            return Err(format!("a weight or threshold is not a number within ±{LARGEST}"));
        }
        if found.weights.get(Calibration::FEATURES[0]).is_some_and(|score| *score <= 0.0) {
            return Err("the weight of the score is not above 0: likeness would speak against the speaker".to_owned());
        }
        if !thresholds.is_sorted() {
            return Err("[thresholds] do not rise: a stricter aim cannot ask for less".to_owned());
        }
        Ok(found)
    }

    /// The weights and thresholds.
    pub fn calibration(&self, shipped: Calibration) -> Calibration {
        let weights = Calibration::FEATURES.map(|name| self.weights.get(name).copied().unwrap_or_default());
        shipped.with_weights(weights).with_thresholds(self.thresholds.rising())
    }
}

impl Thresholds {
    /// From the loosest aim to the strictest.
    pub const fn rising(self) -> [f32; 3] {
        [self.llr_at_far_1pct, self.llr_at_far_0_1pct, self.llr_at_far_0_01pct]
    }
}

/// The sha256 of the speaker model's file; with a second model, both with a plus between them.
pub fn revision(models: &Library) -> String {
    let hash = |id: &str| {
        let entry = models.manifest().models.iter().find(|entry| entry.id == id);
        entry.map(|entry| entry.sha256.clone()).unwrap_or_default()
    };
    models.voice_id().as_str().split('+').map(hash).collect::<Vec<_>>().join("+")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = r#"
schema = 1
model = "m"
revision = "00"
made = "2026-01-01"
[weights]
score = 30.0
score_by_ln_s = 0.0
ln_net_speech_s = -4.0
take_agreement = -9.0
offset = -4.0
[thresholds]
llr_at_far_1pct = 0.5
llr_at_far_0_1pct = 3.0
llr_at_far_0_01pct = 5.5
[data]
source = "lists"
speakers = 30
targets = 200
impostors = 3000
extrapolated = ["0.01%"]
"#;

    #[test]
    fn weights_and_thresholds_are_those_of_the_file() {
        let shipped = Calibration {
            score: 1.0,
            score_by_ln_s: 0.0,
            ln_net_speech_s: 1.0,
            take_agreement: 1.0,
            offset: 1.0,
            llr_at_far_1pct: 1.0,
            llr_at_far_0_1pct: 1.0,
            llr_at_far_0_01pct: 1.0,
        };
        let found = CalibrationFile::parse(GOOD).unwrap().calibration(shipped);
        assert_eq!((found.weights(), found.thresholds()), ([30.0, 0.0, -4.0, -9.0, -4.0], [0.5, 3.0, 5.5]));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        //   replaced, by, what the complaint names
        let table = [
            ("score = 30.0", "score = -1.0", "not above 0"),
            ("score = 30.0", "score = nan", "not a number"),
            ("score = 30.0", "skore = 30.0", "skore"),
            ("offset = -4.0", "", "must have"),
            ("llr_at_far_0_1pct = 3.0", "llr_at_far_0_1pct = 0.0", "do not rise"),
            ("schema = 1", "schema = 2", "schema 2"),
            ("made =", "by = 3\nmade =", "by"),
            ("revision = \"00\"", "", "revision"),
        ];
        for (from, to, names) in table {
            let complaint = CalibrationFile::parse(&GOOD.replace(from, to)).unwrap_err();
            assert!(complaint.contains(names), "{from} -> {to}: {complaint}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".{0,400}", at in 0..GOOD.len()) {
            let _ = CalibrationFile::parse(&text);
            let mut damaged = GOOD.to_owned();
            damaged.truncate(at);
            let _ = CalibrationFile::parse(&(damaged + &text));
        }
    }
}
