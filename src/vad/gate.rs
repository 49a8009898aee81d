use super::CHUNK;

/// A chunk with less probability of speech than this was silent: half of where speech may end.
const SILENT: f32 = 0.08;

/// A chunk with this many times the floor's power may hold speech: 3 dB.
///
/// 6 dB hid whole words of noisy recordings; speech at 3 dB below the noise is beyond any use.
const MARGIN: f32 = 2.0;

/// Lowest floor: −72 dBFS, the finest step of a telephone line.
const LOWEST: f32 = 6.3e-8;

/// One silent chunk's share in the floor: it follows a changing line within about a second.
const PACE: f32 = 0.05;

/// Keeps chunks that are plainly silence away from the speech model.
///
/// The floor is the running power of what the model itself found silent. A chunk is kept back once the model has found
/// silence for a while and as long as chunks are no louder than the floor; speech, and whatever the model is not sure
/// about, always passes.
///
/// The model's state stays as it was at the last chunk that passed. Before the next one passes, the last
/// [`LOOK_BACK`](Self::LOOK_BACK) of those kept back have to be shown after all: the model remembers about a second,
/// and without them the first and last chunk of speech move in more recordings.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    floor: f32,
    /// Power of the last chunk that was asked about.
    power: f32,
    /// Silent chunks in a row that the model has heard.
    silent: u32,
}

impl Gate {
    /// As many silent chunks in a row are heard by the model before the first is kept back: one second.
    pub const HANGOVER: u32 = 31;

    /// Chunks that were kept back and have to be shown before the next one that passes: one second.
    pub const LOOK_BACK: usize = 31;

    /// Whether a chunk has to be shown to the speech model; its probability then goes to [`learn`](Self::learn).
    pub fn passes(&mut self, chunk: &[f32; CHUNK]) -> bool {
        self.power = chunk.iter().map(|sample| sample * sample).sum::<f32>() / CHUNK as f32;
        let is_kept = self.silent >= Self::HANGOVER && self.power <= MARGIN * self.floor.max(LOWEST);
        if is_kept {
            self.follow();
        }
        !is_kept
    }

    /// Learns the speech probability of the chunk that passed last.
    pub fn learn(&mut self, probability: f32) {
        if probability < SILENT {
            self.silent = self.silent.saturating_add(1);
            self.follow();
        } else {
            self.silent = 0;
        }
    }

    fn follow(&mut self) {
        let pace = if self.floor == 0.0 { 1.0 } else { PACE };
        self.floor += pace * (self.power - self.floor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of a given power, in steps of 0.1.
    fn noise(seed: u32, power: f32) -> [f32; CHUNK] {
        let mut state = seed;
        std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * (3.0 * power).sqrt()
        })
    }

    /// The chunks of these powers that pass when the model finds this probable to be speech.
    fn passed(gate: &mut Gate, chunks: usize, power: f32, probability: f32) -> usize {
        let mut passed = 0;
        for n in 0..chunks {
            if gate.passes(&noise(n as u32, power)) {
                gate.learn(probability);
                passed += 1;
            }
        }
        passed
    }

    #[test]
    fn a_second_of_silence_is_heard_and_no_more_of_it() {
        for power in [0.0, 1e-9, 1e-6, 1e-3] {
            let mut gate = Gate::default();
            assert_eq!(passed(&mut gate, 3_000, power, 0.01), Gate::HANGOVER as usize, "{power}");
        }
    }

    #[test]
    fn what_is_louder_than_the_noise_always_passes() {
        let mut gate = Gate::default();
        passed(&mut gate, 100, 1e-6, 0.01);
        assert_eq!(passed(&mut gate, 50, 4e-6, 0.9), 50);
        // Speech has reset the count: silence is heard for a second again.
        assert_eq!(passed(&mut gate, 100, 1e-6, 0.01), Gate::HANGOVER as usize);
    }

    #[test]
    fn nothing_is_kept_back_while_the_model_is_not_sure() {
        let mut gate = Gate::default();
        assert_eq!(passed(&mut gate, 300, 1e-6, 0.1), 300);
    }

    #[test]
    fn the_floor_follows_a_line_that_grows_louder() {
        let mut gate = Gate::default();
        passed(&mut gate, 100, 1e-6, 0.01);
        // Ten times the power passes until it has become the floor: within a second.
        assert!(passed(&mut gate, 300, 1e-5, 0.01) <= 31);
    }
}
