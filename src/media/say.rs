//! Sounds that are played into a stream before the caller speaks.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use super::dialect::Dialect;
use crate::audio::mulaw;
use crate::twiml::Sound;
use crate::types::media::Out;

/// What tells that everything sent before it was played.
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

/// What is played into a stream before the caller speaks.
#[derive(Clone, Default)]
pub(crate) struct Speech {
    sounds: Vec<Sound>,
}

impl Speech {
    /// The operator's sentences, then the tone.
    pub(crate) fn new(mut sounds: Vec<Sound>, with_tone: bool) -> Self {
        sounds.extend(with_tone.then(|| Sound::clone(&TONE)));
        Self { sounds }
    }

    /// How long it takes.
    pub(super) fn length_ms(&self) -> u32 {
        (self.sounds.iter().map(|sound| sound.len()).sum::<usize>() / PER_MS) as u32
    }

    /// The messages that have it played, and tell when it was.
    pub(super) fn messages(&self, dialect: Dialect, stream_id: &str) -> Vec<String> {
        let mut messages: Vec<_> =
            self.sounds.iter().map(|sound| dialect.write(&Out::Audio(sound), stream_id)).collect();
        if !messages.is_empty() {
            messages.push(dialect.write(&Out::Mark(PLAYED), stream_id));
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_comes_after_the_sentences_and_a_mark_after_both() {
        let sentence: Sound = vec![0xff; 8_000].into();
        let speech = Speech::new(vec![sentence], true);
        assert_eq!(speech.length_ms(), 1_250);
        let messages = speech.messages(Dialect::Twilio, "MZ1");
        let media = messages.iter().filter(|message| message.contains(r#""event":"media""#)).count();
        assert_eq!((media, messages.len()), (2, 3));
        assert!(messages[2].contains(r#""event":"mark""#) && messages[2].contains(PLAYED));
    }

    #[test]
    fn nothing_to_play_is_no_message() {
        assert!(Speech::default().messages(Dialect::Twilio, "MZ1").is_empty());
    }

    #[test]
    fn the_tone_is_neither_faint_nor_cut_off() {
        let peak = TONE.iter().map(|&byte| mulaw::to_linear(byte).unsigned_abs()).max();
        assert!((6_000..9_000).contains(&peak.unwrap()), "{peak:?}");
    }
}
