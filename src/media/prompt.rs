//! Sounds that are played into a stream before the caller speaks.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use crate::audio::mulaw;
use crate::twiml::Sound;
use crate::types::media::Out;

/// The name of the mark that comes back once everything sent before it was played.
const PLAYED: &str = "played";

/// Bytes of µ-law in a millisecond.
const PER_MS: usize = 8;

/// The tone after which to speak: 250 ms at 1000 Hz, as telephones have it, at −16 dBFS and faded at both ends.
static TONE: LazyLock<Sound> = LazyLock::new(|| {
    let samples = 250 * PER_MS;
    let tone = (0..samples).map(|at| {
        let edge = at.min(samples - 1 - at) as f64 / (10 * PER_MS) as f64;
        let wave = (TAU * 1000.0 * at as f64 / 8000.0).sin();
        mulaw::from_linear((wave * edge.min(1.0) * 0.22 * 32_767.0) as i16)
    });
    tone.collect()
});

/// Sounds that are played into a stream before the caller speaks.
#[derive(Clone, Default)]
pub(crate) struct Prompt {
    sounds: Vec<Sound>,
}

impl Prompt {
    /// The operator's sentences, then the tone.
    pub(crate) fn new(mut sounds: Vec<Sound>, with_tone: bool) -> Self {
        sounds.extend(with_tone.then(|| Sound::clone(&TONE)));
        Self { sounds }
    }

    /// How long it takes.
    pub(super) fn length_ms(&self) -> u32 {
        (self.sounds.iter().map(|sound| sound.len()).sum::<usize>() / PER_MS) as u32
    }

    /// The messages that have it played, and a mark that comes back once it was.
    pub(super) fn messages(&self) -> impl Iterator<Item = Out<'_>> {
        let mark = (!self.sounds.is_empty()).then_some(Out::Mark(PLAYED));
        self.sounds.iter().map(|sound| Out::Audio(sound)).chain(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_comes_after_the_sentences_and_a_mark_after_both() {
        let sentence: Sound = vec![0xff; 8_000].into();
        let prompt = Prompt::new(vec![sentence.clone()], true);
        assert_eq!(prompt.length_ms(), 1_250);
        let messages: Vec<_> = prompt.messages().collect();
        assert_eq!(messages, [Out::Audio(&sentence), Out::Audio(&TONE), Out::Mark(PLAYED)]);
    }

    #[test]
    fn nothing_to_play_is_no_message() {
        assert!(Prompt::default().messages().next().is_none());
    }

    #[test]
    fn the_tone_is_neither_faint_nor_cut_off() {
        let peak = TONE.iter().map(|&byte| mulaw::to_linear(byte).unsigned_abs()).max();
        assert!((6_000..9_000).contains(&peak.unwrap()), "{peak:?}");
    }
}
