use std::ops::Range;

/// Samples per probability: Silero's window at 8 kHz, 32 ms.
pub const CHUNK: usize = 256;

/// When a stretch of probabilities counts as speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VadConfig {
    /// Speech begins at this probability.
    pub threshold: f32,
    /// Speech may end below this probability.
    pub negative_threshold: f32,
    /// Shorter stretches of speech are dropped, in milliseconds.
    pub min_speech_ms: u32,
    /// Shorter pauses do not end a stretch, in milliseconds.
    pub min_silence_ms: u32,
    /// Margin kept before the first and after the last speech, in milliseconds.
    pub pad_ms: u32,
}

impl Default for VadConfig {
    fn default() -> Self {
        Self { threshold: 0.5, negative_threshold: 0.35, min_speech_ms: 100, min_silence_ms: 100, pad_ms: 100 }
    }
}

/// Where a clip's speech is, in samples at 8 kHz.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speech {
    /// The stretches of speech, in order, without margins.
    pub segments: Vec<Range<usize>>,
    /// From the first to the last speech, with margins: what is scored. Empty without speech.
    pub trimmed: Range<usize>,
    /// The stretches' length together, in milliseconds.
    pub net_speech_ms: u32,
}

/// Finds the speech of a clip of `samples` samples from its speech probabilities.
///
/// One probability per [`CHUNK`]; the last chunk may reach beyond the clip.
pub fn segments(_probabilities: &[f32], _samples: usize, _config: &VadConfig) -> Speech {
    todo!()
}
