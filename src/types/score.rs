use std::fmt;

use serde::{Deserialize, Serialize};

/// Cosine of the angle between two unit embeddings, −1 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Cosine(pub f32);

/// Calibrated log-likelihood ratio, natural logarithm: above 0 speaks for the same speaker.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Llr(pub f32);

/// The false-accept rate a line aims at; the threshold follows from the model's calibration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Strictness {
    /// One impostor in a hundred gets through.
    #[serde(rename = "1%")]
    Far1Pct,
    /// One impostor in a thousand gets through.
    #[default]
    #[serde(rename = "0.1%")]
    Far01Pct,
    /// One impostor in ten thousand gets through.
    #[serde(rename = "0.01%")]
    Far001Pct,
}

impl Strictness {
    /// Every strictness, the loosest first.
    pub const ALL: [Self; 3] = [Self::Far1Pct, Self::Far01Pct, Self::Far001Pct];

    /// The false-accept rate aimed at, as a fraction.
    pub const fn far(self) -> f32 {
        match self {
            Self::Far1Pct => 0.01,
            Self::Far01Pct => 0.001,
            Self::Far001Pct => 0.000_1,
        }
    }
}

impl fmt::Display for Strictness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Far1Pct => "1%",
            Self::Far01Pct => "0.1%",
            Self::Far001Pct => "0.01%",
        })
    }
}
