use std::sync::Arc;

/// Mono audio at 16 kHz, where recordings and streams meet.
///
/// Samples are full scale ±1.0. Cloning shares the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip16k(Arc<[f32]>);

/// Mono audio at 8 kHz, what the voice models listen to.
///
/// Samples are full scale ±1.0. Phone audio carries nothing above 4 kHz, so nothing is lost, and a
/// microphone's audio is brought to the same band as the phone's.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip8k(Arc<[f32]>);

macro_rules! clip {
    ($name:ident, $rate:literal) => {
        impl $name {
            /// Samples per second.
            pub const RATE_HZ: u32 = $rate;

            /// Wraps samples that already are at this rate.
            pub fn new(samples: impl Into<Arc<[f32]>>) -> Self {
                Self(samples.into())
            }

            /// The samples, full scale ±1.0.
            pub fn samples(&self) -> &[f32] {
                &self.0
            }

            /// Length in milliseconds, rounded down.
            pub fn duration_ms(&self) -> u64 {
                self.0.len() as u64 * 1000 / u64::from(Self::RATE_HZ)
            }
        }
    };
}

clip!(Clip16k, 16_000);
clip!(Clip8k, 8_000);
