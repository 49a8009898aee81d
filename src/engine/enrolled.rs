//! The data kept of a caller between calls, and its byte form, which the store encrypts.
//!
//! A take: `cpet`, version, then voice, words and fingerprint, each in its own byte form behind its length (u32). A
//! caller: `cpec`, version, number of takes (u8), each take behind its length. All little-endian, nothing after.

use thiserror::Error;

use crate::liveness::{Fingerprint, LivenessError};
use crate::phrase::{Frames, PhraseError};
use crate::scoring::{ModelId, ScoreError, TakePrint, Voiceprint};
use crate::types::bytes::{BadBytes, Reader};

const TAKE: [u8; 4] = *b"cpet";
const CALLER: [u8; 4] = *b"cpec";
/// Of both forms.
const VERSION: u8 = 1;

/// The data kept of one enrollment take: never audio, and no transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct EnrolledTake {
    /// The voice.
    pub voice: TakePrint,
    /// The words, as the phrase encoder hears them.
    pub words: Frames,
    /// How it sounded, to know a recording of it again.
    pub fingerprint: Fingerprint,
}

/// The data kept of a caller: voiceprint, phrase template and fingerprints.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolled {
    voiceprint: Voiceprint,
    words: Vec<Frames>,
    fingerprints: Vec<Fingerprint>,
}

/// Bytes that are not what was kept of a caller.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EnrolledError {
    /// The bytes around the parts.
    #[error("not an enrollment: {0}")]
    Format(#[from] BadBytes),
    /// The voice's part.
    #[error(transparent)]
    Voice(#[from] ScoreError),
    /// The words' part.
    #[error(transparent)]
    Words(#[from] PhraseError),
    /// The fingerprint's part.
    #[error(transparent)]
    Fingerprint(#[from] LivenessError),
}

impl EnrolledError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "enrolled_format",
            Self::Voice(error) => error.code(),
            Self::Words(error) => error.code(),
            Self::Fingerprint(error) => error.code(),
        }
    }
}

impl EnrolledTake {
    /// The byte form, to be encrypted before it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = TAKE.to_vec();
        bytes.push(VERSION);
        for part in [self.voice.to_bytes(), self.words.to_bytes(), self.fingerprint.to_bytes()] {
            put(&mut bytes, &part);
        }
        bytes
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`EnrolledError`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrolledError> {
        let mut reader = Reader::of_form(bytes, TAKE, VERSION)?;
        let take = Self {
            voice: TakePrint::from_bytes(reader.part()?)?,
            words: Frames::from_bytes(reader.part()?)?,
            fingerprint: Fingerprint::from_bytes(reader.part()?)?,
        };
        reader.end()?;
        Ok(take)
    }
}

impl Enrolled {
    /// Makes one of takes; all count the same.
    ///
    /// # Errors
    /// [`ScoreError`] without takes, or when they are not all from one model.
    pub fn new(takes: Vec<EnrolledTake>) -> Result<Self, ScoreError> {
        let (mut voices, mut words, mut fingerprints) = (Vec::new(), Vec::new(), Vec::new());
        for take in takes {
            voices.push(take.voice);
            words.push(take.words);
            fingerprints.push(take.fingerprint);
        }
        Ok(Self { voiceprint: Voiceprint::new(voices)?, words, fingerprints })
    }

    /// The speaker model that made it.
    pub fn model(&self) -> &ModelId {
        self.voiceprint.model()
    }

    /// The voice.
    pub fn voiceprint(&self) -> &Voiceprint {
        &self.voiceprint
    }

    /// The words of each take.
    pub fn words(&self) -> &[Frames] {
        &self.words
    }

    /// How each take sounded.
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// The byte form, to be encrypted before it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = CALLER.to_vec();
        bytes.extend([VERSION, self.words.len() as u8]);
        let takes = self.voiceprint.takes().iter().zip(&self.words).zip(&self.fingerprints);
        for ((voice, words), fingerprint) in takes {
            let take = EnrolledTake { voice: voice.clone(), words: words.clone(), fingerprint: fingerprint.clone() };
            put(&mut bytes, &take.to_bytes());
        }
        bytes
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`EnrolledError`] for other bytes, or for takes that make no voiceprint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrolledError> {
        let mut reader = Reader::of_form(bytes, CALLER, VERSION)?;
        let count = reader.u8()?;
        let takes = (0..count).map(|_| EnrolledTake::from_bytes(reader.part()?)).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self::new(takes)?)
    }
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u32).to_le_bytes());
    bytes.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::phrase::Challenge;
    use crate::scoring::{Embedding, Learned};

    /// Two frames, by hand from the form of [`Frames`].
    const WORDS: &[u8] = b"cpph\x01\x01m\x02\x02\0\x7f\x00\x81\x40";
    /// One frame and its landmark, by hand from the form of [`Fingerprint`].
    const FINGERPRINT: &[u8] = b"cpfp\x01\x01\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\x01";

    fn voice() -> Embedding {
        Embedding::unit("m".into(), vec![3.0, 4.0]).unwrap()
    }

    fn take() -> EnrolledTake {
        EnrolledTake {
            voice: TakePrint { embedding: voice(), net_speech_ms: 2_000 },
            words: Frames::from_bytes(WORDS).unwrap(),
            fingerprint: Fingerprint::from_bytes(FINGERPRINT).unwrap(),
        }
    }

    type Read = fn(&[u8]) -> bool;

    /// Every byte form that is stored, written and as its reader; whether the bytes were of the form.
    fn forms() -> [(Vec<u8>, Read); 7] {
        let enrolled = Enrolled::new(vec![take(), take()]).unwrap();
        let learned = Learned::first(vec![voice()], 20_000);
        [
            (enrolled.to_bytes(), |bytes| Enrolled::from_bytes(bytes).is_ok()),
            (take().to_bytes(), |bytes| EnrolledTake::from_bytes(bytes).is_ok()),
            (enrolled.voiceprint().to_bytes(), |bytes| Voiceprint::from_bytes(bytes).is_ok()),
            (learned.to_bytes(), |bytes| Learned::from_bytes(bytes).is_ok()),
            (WORDS.to_vec(), |bytes| Frames::from_bytes(bytes).is_ok()),
            (FINGERPRINT.to_vec(), |bytes| Fingerprint::from_bytes(bytes).is_ok()),
            (b"cpch\x01482913".to_vec(), |bytes| Challenge::from_bytes(bytes).is_ok()),
        ]
    }

    #[test]
    fn an_enrollment_comes_back_as_it_was() {
        let enrolled = Enrolled::new(vec![take(), take()]).unwrap();
        assert_eq!(Enrolled::from_bytes(&enrolled.to_bytes()), Ok(enrolled));
        assert!(forms().iter().all(|(bytes, read)| read(bytes)));
    }

    #[test]
    fn every_fault_around_the_parts_has_one_code() {
        for bytes in [&b"cpet"[..], b"cpex\x01", b"cpet\x02", b"cpet\x01\xff\xff\xff\xff"] {
            assert_eq!(EnrolledTake::from_bytes(bytes).unwrap_err().code(), "enrolled_format");
        }
        let longer = [take().to_bytes(), vec![0]].concat();
        assert_eq!(EnrolledTake::from_bytes(&longer), Err(EnrolledError::Format(BadBytes::LeftOver)));
    }

    #[test]
    fn no_form_is_read_when_cut_off() {
        for (at, (bytes, read)) in forms().iter().enumerate() {
            // A challenge has no length of its own: a shorter one is one.
            let is_open_ended = at == 6;
            assert!((0..bytes.len()).all(|end| is_open_ended || !read(&bytes[..end])), "form {at}");
        }
    }

    proptest! {
        #[test]
        fn cut_flipped_and_longer_bytes_of_any_form_give_a_value_or_an_error(
            cut in any::<prop::sample::Index>(),
            flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 0..6),
            more in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            for (bytes, read) in forms() {
                read(&bytes[..cut.index(bytes.len())]);
                let mut bytes = [bytes, more.clone()].concat();
                for (at, bit) in &flips {
                    let at = at.index(bytes.len());
                    bytes[at] ^= 1 << bit;
                }
                read(&bytes);
                read(&bytes[..cut.index(bytes.len())]);
            }
        }
    }
}
