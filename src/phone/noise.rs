//! The noise of a silent line, and how it is told from speech.

use crate::audio::mulaw;
use crate::types::Clip8k;

/// Samples in a millisecond.
pub(super) const PER_MS: usize = Clip8k::RATE_HZ as usize / 1000;
/// Silence is measured in steps of 20 ms, a line's packet.
pub(super) const STEP: usize = 20 * PER_MS;
/// A caller reaches for the keypad in 200 ms.
pub(super) const REACH: usize = 200 * PER_MS;
/// Noise of a silent line, as in our fixtures.
pub(super) const LINE_NOISE_DBFS: f32 = -62.0;
/// Lower levels are silence: above a line's noise (about −62 dBFS), below the quietest speech we take (−52 dBFS).
const SILENCE_DBFS: f32 = -56.0;
/// Pauses of a clip are found over five steps: shorter than most pauses, longer than a pitch period.
const QUIET_STEPS: usize = 5;

pub(super) fn is_silence(samples: &[f32]) -> bool {
    dbfs(samples) < SILENCE_DBFS
}

pub(super) fn dbfs(samples: &[f32]) -> f32 {
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32;
    10.0 * power.max(1e-12).log10()
}

/// The sound from the first to the last step that is not silent.
pub(super) fn trimmed(sound: &[f32]) -> &[f32] {
    let loud = |samples: &[f32]| !is_silence(samples);
    let first = sound.chunks(STEP).position(loud);
    let last = sound.chunks(STEP).rposition(loud);
    match (first, last) {
        (Some(first), Some(last)) => &sound[first * STEP..((last + 1) * STEP).min(sound.len())],
        _ => &[],
    }
}

/// The background level of the caller's place: that of the quietest moment.
pub(super) fn background_dbfs(clip: &[f32]) -> f32 {
    clip.windows(QUIET_STEPS * STEP).step_by(STEP).map(dbfs).reduce(f32::min).unwrap_or(LINE_NOISE_DBFS)
}

/// One sample in a telephone line's code.
pub(super) fn coded(sample: f32) -> u8 {
    mulaw::from_linear((sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16)
}

/// One sample as a telephone line carries it.
pub(super) fn over_the_line(sample: f32) -> f32 {
    f32::from(mulaw::to_linear(coded(sample))) / 32768.0
}

/// White noise, the same in every run.
pub(super) struct Noise {
    amplitude: f32,
    state: u32,
}

impl Noise {
    pub(super) fn at(dbfs: f32) -> Self {
        // Uniform noise of amplitude a has a power of a²/3.
        Self { amplitude: 10f32.powf(dbfs / 20.0) * 3f32.sqrt(), state: 1 }
    }

    /// A linear congruential generator with the constants of Numerical Recipes; its high bits are noise enough.
    pub(super) fn next(&mut self) -> f32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let unit = (self.state >> 8) as f32 / (1u32 << 24) as f32;
        (2.0 * unit - 1.0) * self.amplitude
    }
}
