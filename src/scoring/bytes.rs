//! The byte form of takes, which the store encrypts.
//!
//! `cpvp`, version, length of the model's id and the id, number of takes, values per embedding (u16); then per take the net speech
//! in ms (u32) and the values (f32). All little-endian, nothing after. A change of the form takes a new version.

use super::{Embedding, ModelId, ScoreError, TakePrint};

const MAGIC: [u8; 4] = *b"cpvp";
const VERSION: u8 = 1;

/// Stored embeddings are of unit length; rounding moves it by less than this.
pub(super) const UNIT_WITHIN: f32 = 1e-3;

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
pub(super) fn read_takes(bytes: &[u8]) -> Result<Vec<TakePrint>, ScoreError> {
    let mut reader = Reader(bytes);
    if reader.array()? != MAGIC {
        return Err(ScoreError::Format("another kind of data"));
    }
    if reader.array()? != [VERSION] {
        return Err(ScoreError::Format("another version"));
    }
    let [id_len] = reader.array()?;
    let id = std::str::from_utf8(reader.take(usize::from(id_len))?).map_err(|_| ScoreError::Format("no model id"))?;
    let model = ModelId::from(id);
    let [count] = reader.array()?;
    let values = usize::from(u16::from_le_bytes(reader.array()?));
    let mut takes = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let net_speech_ms = u32::from_le_bytes(reader.array()?);
        let stored: Vec<f32> = reader.take(values * 4)?.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        let length = stored.iter().map(|value| value * value).sum::<f32>().sqrt();
        let is_unit = (length - 1.0).abs() < UNIT_WITHIN;
        if !is_unit {
            return Err(ScoreError::Format("an embedding that is not of unit length"));
        }
        takes.push(TakePrint { embedding: Embedding::stored(model.clone(), stored), net_speech_ms });
    }
    if reader.0.is_empty() { Ok(takes) } else { Err(ScoreError::Format("bytes are left over")) }
}

/// Bytes that are read from the front; what is missing is an error.
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

impl<'b> Reader<'b> {
    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8], ScoreError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(ScoreError::Format("cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ScoreError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ScoreError::Format("cut off"))?;
        self.0 = rest;
        Ok(*taken)
    }
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
        for (at, byte, why) in [(0, b'x', "another kind of data"), (4, 2, "another version"), (6, 0xff, "no model id")]
        {
            let mut bytes = ONE.to_vec();
            bytes[at] = byte;
            assert_eq!(read_takes(&bytes), Err(ScoreError::Format(why)));
        }
        assert_eq!(read_takes(&[ONE, &[0]].concat()), Err(ScoreError::Format("bytes are left over")));
        let mut longer = ONE.to_vec();
        longer[16] = 0x40;
        assert_eq!(read_takes(&longer).unwrap_err().code(), "score_format");
    }

    #[test]
    fn bytes_cut_off_anywhere_are_refused() {
        for end in 0..ONE.len() {
            assert_eq!(read_takes(&ONE[..end]), Err(ScoreError::Format("cut off")));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), flips in any::<(prop::sample::Index, u8)>()) {
            let _ = read_takes(&bytes);
            let mut bytes = [ONE, &bytes].concat();
            let at = flips.0.index(bytes.len());
            bytes[at] = flips.1;
            let _ = read_takes(&bytes);
        }
    }
}
