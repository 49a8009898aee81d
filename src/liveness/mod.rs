//! Whether a take is live: fingerprints of recordings, and how alike two of them are.
//!
//! People never say a phrase twice in the same way. A recording played again has the same peaks at the same moments,
//! whatever telephone, loudspeaker or room lies between. A [`Fingerprint`] keeps where the spectrum of a take has peaks
//! (landmarks) and where it stands out or dips (cells), and [`Fingerprint::likeness`] looks for one offset and one
//! speed at which both agree with those of an earlier take.
//!
//! A take is judged as a whole: what counts is the share that one offset explains. A word that happens to be the same
//! convicts no caller, and words cut out of several recordings and put together are not found either. Against that
//! helps a challenge.

mod bytes;
mod compare;
mod error;
mod grid;
mod landmark;
mod score;
mod spectrum;

use std::ops::Range;

use crate::types::Clip8k;
pub use error::LivenessError;
use grid::Cells;
use landmark::Landmark;
pub use score::{REPLAYED, ReplayScore, worst};
use spectrum::{Analyser, HOP, WINDOW};

/// Frames that a fingerprint has at most: 10 s, as much of a take as is scored.
pub const MAX_FRAMES: usize = (10 * Clip8k::RATE_HZ as usize - WINDOW) / HOP + 1;

/// The fingerprint of a take, to recognise its recording again. About 1.8 kB for a second.
///
/// It holds no audio and no levels: of each 16 ms the bands (31 Hz wide, 281 to 3281 Hz) that stand out or dip by more
/// than 2 dB, and up to six peaks. Words, melody and tempo can be read off it, and a program could make something buzz
/// the phrase; the sound of the voice cannot be had back. It is personal data all the same, to be kept like a
/// voiceprint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    cells: Vec<Cells>,
    landmarks: Vec<Landmark>,
}

/// Takes fingerprints. Cheap to clone; clones share the tables.
#[derive(Clone, Debug)]
pub struct Fingerprinter(Analyser);

impl Default for Fingerprinter {
    fn default() -> Self {
        Self::new()
    }
}

impl Fingerprinter {
    /// Plans the transform and computes the tables.
    pub fn new() -> Self {
        Self(Analyser::new())
    }

    /// Takes the fingerprint of a stretch of a clip: where its speech is, with margins.
    ///
    /// A range beyond the clip is cut to it, and one of more than 10 s to its beginning. Less than 64 ms leave nothing.
    pub fn fingerprint(&self, clip: &Clip8k, range: Range<usize>) -> Fingerprint {
        let end = range.end.min(clip.samples().len());
        let start = range.start.min(end);
        let end = end.min(start + (MAX_FRAMES - 1) * HOP + WINDOW);
        let spectrum = self.0.spectrum(&clip.samples()[start..end]);
        let active = grid::active(&spectrum);
        Fingerprint { cells: grid::cells(&spectrum, &active), landmarks: landmark::landmarks(&spectrum, &active) }
    }
}

impl Fingerprint {
    /// How much of this take, the probe, is an earlier one played again.
    ///
    /// Finds it through telephones, codecs, loudspeakers and rooms, cut at the ends, and at a speed up to 4 % off, with
    /// the pitch or without.
    pub fn likeness(&self, earlier: &Self) -> ReplayScore {
        ReplayScore::of(compare::compare(self, earlier).likeness())
    }

    /// The byte form, which the store encrypts.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes::write(self)
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`LivenessError::Format`] for whatever [`to_bytes`](Self::to_bytes) does not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LivenessError> {
        Ok(bytes::read(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::audio::line_model::{self, Dice};
    use crate::audio::{resample, wav};
    use crate::config::AudioLimits;
    use crate::types::Llr;

    const VOICES: [&str; 10] = ["anna", "ben", "carla", "dave", "emma", "frank", "grace", "hugo", "ivan", "jack"];
    /// Takes by synthetic voices that are nearer copies of each other than a person's takes ever are.
    const NEAR_COPIES: [(&str, usize, usize); 2] = [("jack", 5, 6), ("frank", 5, 6)];

    fn samples(name: &str) -> Vec<f32> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio").join(format!("{name}.wav"));
        let limits = AudioLimits { max_bytes: 1 << 20, max_seconds: 30.0 };
        resample::to_8k(&wav::decode(&std::fs::read(path).unwrap(), &limits).unwrap()).samples().to_vec()
    }

    fn print(samples: &[f32]) -> Fingerprint {
        Fingerprinter::new().fingerprint(&Clip8k::new(samples), 0..samples.len())
    }

    #[test]
    fn the_same_recording_is_found_however_it_comes() {
        for voice in ["anna", "ben", "carla", "hugo"] {
            let original = samples(&format!("{voice}_pass_1"));
            let kept = print(&original);
            let twice = line_model::mulaw(&line_model::mulaw(&line_model::gain(&original, -7.3)));
            let ways = [
                ("the same bits", original.clone()),
                ("a line twice", twice),
                ("louder", line_model::mulaw(&line_model::gain(&original, 6.0))),
                ("16 kHz and back", line_model::through_16k(&original).unwrap()),
                ("Opus", line_model::opus(&original, 12_000).unwrap()),
                ("ends cut", original[5_000..original.len() - 4_000].to_vec()),
                ("2 % slower", line_model::speed(&original, 0.98)),
                ("2 % faster", line_model::speed(&original, 1.02)),
                ("2 % longer, same pitch", line_model::stretch(&original, 1.02)),
                ("2 % shorter, same pitch", line_model::stretch(&original, 0.98)),
            ];
            for (way, changed) in ways {
                let score = print(&changed).likeness(&kept);
                assert!(score.is_replay(), "{voice}, {way}: {score:?}");
            }
            for throw in 0..3 {
                let room = line_model::replay(&original, &mut Dice::new(throw, voice));
                let score = print(&room).likeness(&kept);
                assert!(score.is_replay(), "{voice}, room {throw}: {score:?}");
            }
        }
    }

    #[test]
    fn another_take_of_the_same_words_is_fresh() {
        for voice in VOICES {
            let takes: Vec<_> = (1..=6).map(|n| print(&samples(&format!("{voice}_pass_{n}")))).collect();
            for probe in 0..6 {
                for earlier in (0..6).filter(|&earlier| earlier != probe) {
                    let pair = (voice, probe.min(earlier) + 1, probe.max(earlier) + 1);
                    let score = takes[probe].likeness(&takes[earlier]);
                    assert!(!score.is_replay() || NEAR_COPIES.contains(&pair), "{pair:?}: {score:?}");
                }
            }
        }
    }

    #[test]
    fn a_tone_that_lasts_makes_no_replay_of_two_voices() {
        let with_tone = |name: &str, at: usize| {
            let tone = |n: usize| 0.05 * (std::f32::consts::TAU * 1_000.0 * (n + at) as f32 / 8_000.0).sin();
            print(&samples(name).iter().enumerate().map(|(n, sample)| sample + tone(n)).collect::<Vec<_>>())
        };
        let score = with_tone("ben_pass_1", 0).likeness(&with_tone("anna_pass_1", 3));
        assert!(!score.is_replay(), "{score:?}");
    }

    #[test]
    fn nothing_is_like_nothing() {
        let silence = print(&vec![0.0; 24_000]);
        let voice = print(&samples("ben_pass_1"));
        for (probe, earlier) in [(&silence, &silence), (&silence, &voice), (&voice, &silence)] {
            assert!(!probe.likeness(earlier).is_replay());
        }
        assert_eq!(print(&[0.1; 511]), Fingerprint::default());
        assert!(!Fingerprint::default().likeness(&voice).is_replay());
    }

    #[test]
    fn a_fingerprint_is_small_and_ends_after_ten_seconds() {
        let three_seconds = print(&samples("ben_pass_1")[..24_000]);
        assert!(three_seconds.to_bytes().len() < 6_000, "{}", three_seconds.to_bytes().len());
        let long: Vec<f32> = samples("ben_pass_1").into_iter().cycle().take(200_000).collect();
        let long = print(&long);
        assert_eq!(long.cells.len(), MAX_FRAMES);
        assert_eq!(Fingerprint::from_bytes(&long.to_bytes()), Ok(long));
    }

    #[test]
    fn a_range_beyond_the_clip_is_cut_to_it() {
        let samples = samples("ben_pass_1");
        let (clip, printer) = (Clip8k::new(&*samples), Fingerprinter::new());
        assert_eq!(printer.fingerprint(&clip, 4_000..usize::MAX), print(&samples[4_000..]));
        assert_eq!(printer.fingerprint(&clip, 90_000..95_000), Fingerprint::default());
    }

    #[test]
    fn the_score_that_convicts_counts() {
        let scores = [0.1, 0.5, 0.3].map(ReplayScore::of);
        assert_eq!(worst(scores), Some(scores[1]));
        assert_eq!(worst([]), None);
        assert!(scores[1].llr < REPLAYED && scores[0].llr > Llr(0.0));
    }
}
