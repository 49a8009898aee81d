use super::{CHUNK, VadConfig};
use crate::types::Clip8k;

/// Milliseconds in a chunk.
const CHUNK_MS: u32 = (CHUNK as u32 * 1000) / Clip8k::RATE_HZ;

/// When a turn is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EndpointConfig {
    /// What counts as speech; the same as for a recorded clip.
    pub speech: VadConfig,
    /// After this much trailing silence speech has paused, in milliseconds.
    pub pause_ms: u32,
    /// Trailing silence that ends a complete phrase, in milliseconds.
    pub complete_silence_ms: u32,
    /// Trailing silence that ends anything else, in milliseconds.
    pub silence_ms: u32,
    /// Share of the expected net speech from which on a phrase is complete.
    pub complete_share: f32,
    /// A turn without speech ends after this long, in milliseconds.
    pub no_speech_ms: u32,
    /// Any turn ends after this long, in milliseconds.
    pub max_turn_ms: u32,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            speech: VadConfig::default(),
            pause_ms: 224,
            complete_silence_ms: 500,
            silence_ms: 900,
            complete_share: 0.8,
            no_speech_ms: 5_000,
            max_turn_ms: 15_000,
        }
    }
}

/// Why a turn is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Nothing more was said for a while.
    Silence,
    /// The phrase is complete and nothing more was said for a moment.
    Complete,
    /// The turn took as long as a turn may.
    TooLong,
    /// Nobody spoke.
    NoSpeech,
}

/// What happened in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointEvent {
    /// The caller began to speak, for the first time or again after a pause.
    Began,
    /// The caller stopped; the turn may be over.
    Paused,
    /// The turn is over; nothing follows.
    Ended(EndReason),
}

/// Tells from speech probabilities when a caller has finished.
#[derive(Clone, Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    expected_ms: Option<u32>,
}

impl Endpoint {
    /// At the beginning of a turn.
    ///
    /// `expected_ms` is the net speech of what the caller is to say, where that is known.
    pub fn new(config: EndpointConfig, expected_ms: Option<u32>) -> Self {
        Self { config, expected_ms }
    }

    /// Hears the next chunk's speech probability.
    pub fn hear(&mut self, _probability: f32) -> Option<EndpointEvent> {
        todo!()
    }

    /// From now on the phrase counts as complete: the voice has been recognised beyond doubt.
    pub fn set_complete(&mut self) {
        todo!()
    }

    /// Whether as much was said as was expected.
    pub fn is_complete(&self) -> bool {
        todo!()
    }

    /// Why the turn is over, if it is.
    pub fn ended(&self) -> Option<EndReason> {
        todo!()
    }

    /// Speech without its pauses so far, in milliseconds.
    pub fn net_speech_ms(&self) -> u32 {
        todo!()
    }

    /// Silence since the last speech, in milliseconds; since the turn's beginning where there was none.
    pub fn trailing_silence_ms(&self) -> u32 {
        todo!()
    }
}
