use super::speech::{CONTEXT, STATE};
use crate::vad::CHUNK;

/// What the speech model remembers of one stream between two chunks: 1.2 kB.
///
/// A chunk that is never shown to the model is made known by [`skip`](Self::skip).
#[derive(Clone, Debug, PartialEq)]
pub struct SpeechStream {
    /// The recurrent state: two layers of 128.
    pub(super) state: [f32; STATE],
    /// The last samples before the next chunk.
    pub(super) context: [f32; CONTEXT],
}

impl SpeechStream {
    /// A stream that has heard nothing, not even silence; callers get one that has, from the model.
    pub(crate) fn cold() -> Self {
        Self { state: [0.0; STATE], context: [0.0; CONTEXT] }
    }

    /// Passes over a chunk: the recurrent state stays, the next chunk still sees what went before it.
    pub fn skip(&mut self, chunk: &[f32; CHUNK]) {
        self.context.copy_from_slice(&chunk[CHUNK - CONTEXT..]);
    }
}
