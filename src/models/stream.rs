use std::sync::OnceLock;

use crate::vad::CHUNK;

/// Samples of the chunk before that Silero is shown again at 8 kHz.
const CONTEXT: usize = 32;
/// Samples the model is shown at once.
pub(super) const WINDOW: usize = CONTEXT + CHUNK;
/// Layers of the recurrent state.
pub(super) const LAYERS: usize = 2;
/// Values of a layer of the recurrent state, for each stream.
pub(super) const WIDTH: usize = 128;
/// Values of one stream's recurrent state.
pub(super) const STATE: usize = LAYERS * WIDTH;

/// Chunks of line noise every stream begins with, and after which the noise repeats: half a second.
///
/// A model that has heard nothing yet misses speech that begins at once, as in a recording that starts inside a word:
/// with the noise the equal-error rate of `digits`/`var` fell from 1.7 to 1.3 % (same phrase) and 2.7 to 2.1 % (other).
/// Digital silence does the same for such clips, but then takes the line's own noise for an onset, and speech began 0.4
/// s too early.
pub(super) const WARM_UP: usize = 16;

/// Level of that noise, which goes on under the whole stream: −60 dBFS, a quiet line's. Root mean square, full scale 1.
///
/// Digital silence, which lines that suppress silence have in every pause, makes the model deaf: after half a second of
/// it whole words at −20 dBFS were given a probability below 0.1. See `docs/endpoint.md` for what that cost. Speech
/// below −58 dBFS is lost in it; what is below −48 is refused as too quiet anyway.
const LINE_NOISE: f32 = 0.001;

/// The speech model's memory of one stream between two chunks: 1.2 kB.
///
/// A chunk that is never shown to the model is made known by [`skip`](Self::skip).
#[derive(Clone, Debug, PartialEq)]
pub struct SpeechStream {
    /// The recurrent state: two layers of 128.
    pub(super) state: [f32; STATE],
    /// The last samples before the next chunk, as the model heard them.
    pub(super) context: [f32; CONTEXT],
    /// Chunks so far: where in the line noise the next one lies.
    pub(super) at: usize,
}

impl SpeechStream {
    /// A stream that has heard nothing, not even silence; callers get one that has, from the model.
    pub(crate) fn cold() -> Self {
        Self { state: [0.0; STATE], context: [0.0; CONTEXT], at: 0 }
    }

    /// Passes over chunks, the last of which is given: the recurrent state stays, the next chunk still sees what went
    /// before it.
    pub fn skip(&mut self, last: &[f32; CHUNK], chunks: usize) {
        self.at += chunks.saturating_sub(1);
        let window = self.window(last);
        self.advance(&window);
    }

    /// The model's input for the next chunk: the samples before it, and the chunk over the noise of a line.
    pub(super) fn window(&self, chunk: &[f32; CHUNK]) -> [f32; WINDOW] {
        let mut window = [0.0; WINDOW];
        window[..CONTEXT].copy_from_slice(&self.context);
        let noise = &line_noise()[self.at % WARM_UP];
        for ((heard, sample), noise) in window[CONTEXT..].iter_mut().zip(chunk).zip(noise) {
            *heard = sample + noise;
        }
        window
    }

    /// Goes on to the chunk after the one that a window holds.
    pub(super) fn advance(&mut self, window: &[f32; WINDOW]) {
        self.context.copy_from_slice(&window[CHUNK..]);
        self.at += 1;
    }
}

/// White noise, the same every time: a linear congruential generator's upper half.
pub(super) fn line_noise() -> &'static [[f32; CHUNK]; WARM_UP] {
    static NOISE: OnceLock<[[f32; CHUNK]; WARM_UP]> = OnceLock::new();
    NOISE.get_or_init(|| {
        let mut state = 12345_u32;
        let mut sample = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as f32 / 32768.0 - 1.0) * LINE_NOISE * 3.0_f32.sqrt()
        };
        std::array::from_fn(|_| std::array::from_fn(&mut sample))
    })
}
