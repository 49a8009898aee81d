//! The print of an enrollment take, and the byte form of takes, which the store encrypts.
//!
//! `cpvp`, version, length of the model's id and the id, number of takes, values per embedding (u16); then per take the
//! net speech in ms (u32) and the values (f32). All little-endian, nothing after. A change of the form takes a new
//! version.

use super::{Embedding, ModelId, ScoreError};
use crate::types::bytes::{BadBytes, Reader};

const MAGIC: [u8; 4] = *b"cpvp";
const VERSION: u8 = 1;

/// The voice kept of one enrollment take.
#[derive(Clone, Debug, PartialEq)]
pub struct TakePrint {
    /// The voice.
    pub embedding: Embedding,
    /// Speech without its pauses, in milliseconds.
    pub net_speech_ms: u32,
}

impl TakePrint {
    /// The byte form, to be encrypted before it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        write_takes(std::slice::from_ref(self))
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`ScoreError::Format`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ScoreError> {
        let [take] = <[Self; 1]>::try_from(read_takes(bytes)?).map_err(|_| BadBytes::Content("not a single take"))?;
        Ok(take)
    }
}

/// Writes takes of one model.
pub(super) fn write_takes(takes: &[TakePrint]) -> Vec<u8> {
    let (model, values) =
        takes.first().map_or(("", 0), |take| (take.embedding.model().as_str(), take.embedding.values().len()));
    let mut bytes = MAGIC.to_vec();
    bytes.extend([VERSION, model.len() as u8]);
    bytes.extend(model.as_bytes());
    bytes.push(takes.len() as u8);
    bytes.extend((values as u16).to_le_bytes());
    for take in takes {
        bytes.extend(take.net_speech_ms.to_le_bytes());
        bytes.extend(take.embedding.values().iter().flat_map(|value| value.to_le_bytes()));
    }
    bytes
}

/// Reads takes of one model.
pub(super) fn read_takes(bytes: &[u8]) -> Result<Vec<TakePrint>, BadBytes> {
    let mut reader = Reader::of_form(bytes, MAGIC, VERSION)?;
    let model = ModelId::from(reader.text()?);
    let (count, values) = (reader.u8()?, usize::from(reader.u16()?));
    let mut takes = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let net_speech_ms = reader.u32()?;
        takes.push(TakePrint { embedding: Embedding::read(&mut reader, model.clone(), values)?, net_speech_ms });
    }
    reader.end()?;
    Ok(takes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by hand from the form: model `m`, one take of 1000 ms, the embedding (1, 0).
    const ONE: &[u8] = b"cpvp\x01\x01m\x01\x02\0\xe8\x03\0\0\0\0\x80\x3f\0\0\0\0";

    #[test]
    fn the_form_is_the_documented_one() {
        let embedding = Embedding::unit("m".into(), vec![7.0, 0.0]).unwrap();
        let takes = vec![TakePrint { embedding, net_speech_ms: 1_000 }];
        assert_eq!(write_takes(&takes), ONE);
        assert_eq!(read_takes(ONE), Ok(takes));
    }

    #[test]
    fn another_version_or_kind_is_refused() {
        for (at, byte, why) in
            [(0, b'x', BadBytes::OtherKind), (4, 2, BadBytes::OtherVersion), (6, 0xff, BadBytes::NotText)]
        {
            let mut bytes = ONE.to_vec();
            bytes[at] = byte;
            assert_eq!(read_takes(&bytes), Err(why));
        }
        assert_eq!(read_takes(&[ONE, &[0]].concat()), Err(BadBytes::LeftOver));
        let mut longer = ONE.to_vec();
        longer[16] = 0x40;
        assert!(matches!(read_takes(&longer), Err(BadBytes::Content(_))));
        assert_eq!(TakePrint::from_bytes(&longer).unwrap_err().code(), "score_format");
    }

    #[test]
    fn bytes_cut_off_anywhere_are_refused() {
        for end in 0..ONE.len() {
            assert_eq!(read_takes(&ONE[..end]), Err(BadBytes::CutOff));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..60),
            flips in any::<(prop::sample::Index, u8)>(),
        ) {
            let _ = read_takes(&bytes);
            let mut bytes = [ONE, &bytes].concat();
            let at = flips.0.index(bytes.len());
            bytes[at] = flips.1;
            let _ = read_takes(&bytes);
        }
    }
}
