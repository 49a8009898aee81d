use std::sync::Arc;

/// Mono audio at 16 kHz, where recordings and streams meet.
///
/// Samples are full scale ±1.0. Cloning shares the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip16k {
    samples: Arc<[f32]>,
    line: Option<Clip8k>,
}

/// Mono audio at 8 kHz, what the voice models listen to.
///
/// Samples are full scale ±1.0. Phone audio carries nothing above 4 kHz, so nothing is lost, and a
/// microphone's audio is brought to the same band as the phone's.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip8k {
    samples: Arc<[f32]>,
}

macro_rules! clip {
    ($name:ident, $rate:literal $(, $other:ident: $value:expr)?) => {
        impl $name {
            /// Samples per second.
            pub const RATE_HZ: u32 = $rate;

            /// Wraps samples that already are at this rate.
            pub fn new(samples: impl Into<Arc<[f32]>>) -> Self {
                Self { samples: samples.into() $(, $other: $value)? }
            }

            /// The samples, full scale ±1.0.
            pub fn samples(&self) -> &[f32] {
                &self.samples
            }

            /// Length in milliseconds, rounded down.
            pub fn duration_ms(&self) -> u64 {
                self.samples.len() as u64 * 1000 / u64::from(Self::RATE_HZ)
            }
        }
    };
}

clip!(Clip16k, 16_000, line: None);
clip!(Clip8k, 8_000);

impl Clip16k {
    /// Keeps the samples of a telephone line beside what was made of them.
    #[must_use]
    pub fn with_line(self, line: Clip8k) -> Self {
        Self { line: Some(line), ..self }
    }

    /// The telephone's own samples, where the clip was made of them: nothing is lost on the way to 16 kHz and back.
    pub fn line(&self) -> Option<&Clip8k> {
        self.line.as_ref()
    }
}
