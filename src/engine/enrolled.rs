//! What is kept of a caller between calls, and its byte form, which the store encrypts.
//!
//! A take: `cpet`, version, then voice, words and fingerprint, each in its own byte form behind its length (u32). A caller:
//! `cpec`, version, number of takes (u8), each take behind its length. All little-endian, nothing after.

use thiserror::Error;

use crate::liveness::{Fingerprint, LivenessError};
use crate::phrase::{Frames, PhraseError};
use crate::scoring::{ModelId, ScoreError, TakePrint, Voiceprint};

const TAKE: [u8; 5] = *b"cpet\x01";
const CALLER: [u8; 5] = *b"cpec\x01";

/// What is kept of one take of an enrollment: never audio, and no transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct EnrolledTake {
    /// The voice.
    pub voice: TakePrint,
    /// What was said, as the phrase encoder hears it.
    pub words: Frames,
    /// How it sounded, to know a recording of it again.
    pub fingerprint: Fingerprint,
}

/// What is kept of a caller: voiceprint, phrase template and fingerprints.
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
    Format(&'static str),
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
        let mut reader = Reader::of(bytes, TAKE)?;
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

    /// What was said in each take.
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
        bytes.push(self.words.len() as u8);
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
        let mut reader = Reader::of(bytes, CALLER)?;
        let count = reader.take(1)?[0];
        let takes = (0..count).map(|_| EnrolledTake::from_bytes(reader.part()?)).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self::new(takes)?)
    }
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u32).to_le_bytes());
    bytes.extend_from_slice(part);
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn of(bytes: &'b [u8], head: [u8; 5]) -> Result<Self, EnrolledError> {
        match bytes.split_first_chunk() {
            Some((found, rest)) if *found == head => Ok(Self(rest)),
            Some((found, _)) if found[..4] == head[..4] => Err(EnrolledError::Format("another version")),
            _ => Err(EnrolledError::Format("another kind of data")),
        }
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8], EnrolledError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(EnrolledError::Format("cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn part(&mut self) -> Result<&'b [u8], EnrolledError> {
        let len = self.take(4)?.iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
        self.take(len)
    }

    fn end(&self) -> Result<(), EnrolledError> {
        if self.0.is_empty() { Ok(()) } else { Err(EnrolledError::Format("bytes are left over")) }
    }
}
