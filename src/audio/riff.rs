//! Finds the format and the samples in a RIFF file, taking sizes that real writers get wrong.
//!
//! hound reads samples well, but takes the file's own sizes at their word and refuses odd chunks, unknown lengths of
//! the format chunk and G.711. So the walk is ours and hound gets a clean file; see `wav`.
//!
//! Forgiven are a RIFF size of any value; an odd chunk without its padding; a data size of 0 or of more than there is
//! (writers that stream never come back to fill it in): then the data reach to the end of the file. Not forgiven is a
//! file that ends before its samples begin.

use super::AudioError;

/// Plain linear samples.
pub(super) const PCM: u16 = 1;
/// IEEE floating point.
pub(super) const FLOAT: u16 = 3;
/// G.711 A-law.
pub(super) const ALAW: u16 = 6;
/// G.711 µ-law.
pub(super) const MULAW: u16 = 7;
/// The true tag stands in the sub-format.
const EXTENSIBLE: u16 = 0xfffe;

/// A sub-format is a GUID: the tag in its first two bytes, then these.
const SUB_FORMAT: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// The content of the `fmt ` chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// The encoding; never [`EXTENSIBLE`].
    pub(super) tag: u16,
    /// Interleaved channels.
    pub(super) channels: u16,
    /// Frames per second.
    pub(super) rate_hz: u32,
    /// Bits per sample as written.
    pub(super) bits: u16,
    /// Bytes a sample takes up in the file.
    pub(super) width: u16,
}

/// Finds the format and the data of a WAV file.
pub(super) fn find(bytes: &[u8]) -> Result<(Format, &[u8]), AudioError> {
    let Some((header, mut rest)) = bytes.split_at_checked(12) else { return Err(AudioError::NotWav) };
    if !header.starts_with(b"RIFF") || !header.ends_with(b"WAVE") {
        return Err(AudioError::NotWav);
    }
    let mut format = None;
    while let Some((id, size, body)) = chunk(rest) {
        if id == *b"data" {
            let format = format.ok_or(AudioError::Damaged("the samples come before their format"))?;
            return Ok((format, data(size, body)));
        }
        let content = body.get(..size).ok_or(AudioError::Damaged("a chunk reaches beyond the end"))?;
        if id == *b"fmt " && format.is_none() {
            format = Some(parse_format(content)?);
        }
        rest = after(size, body);
    }
    Err(AudioError::Damaged("the file ends before its samples"))
}

/// Splits off a chunk's id and size; the body is all that follows.
fn chunk(bytes: &[u8]) -> Option<([u8; 4], usize, &[u8])> {
    let (id, rest) = bytes.split_first_chunk::<4>()?;
    let (size, body) = rest.split_first_chunk::<4>()?;
    Some((*id, u32::from_le_bytes(*size) as usize, body))
}

/// The bytes after a chunk: odd ones are padded by a zero byte, though some writers forget.
fn after(size: usize, body: &[u8]) -> &[u8] {
    let rest = body.get(size..).unwrap_or_default();
    let is_padded = size % 2 == 1 && !rest.first().is_some_and(u8::is_ascii_graphic);
    rest.get(usize::from(is_padded)..).unwrap_or_default()
}

/// The data chunk's content, as far as there is any.
fn data(size: usize, body: &[u8]) -> &[u8] {
    // A size of 0 is either the truth, then nothing but whole chunks follows, or was never filled in.
    let never_filled_in = size == 0 && !is_chunks(body);
    if never_filled_in { body } else { &body[..size.min(body.len())] }
}

/// Whether bytes are whole chunks with printable names, to the end.
fn is_chunks(mut bytes: &[u8]) -> bool {
    while let Some((id, size, body)) = chunk(bytes) {
        if size > body.len() || !id.iter().all(|c| (b' '..=b'~').contains(c)) {
            return false;
        }
        bytes = after(size, body);
    }
    bytes.is_empty()
}

fn parse_format(chunk: &[u8]) -> Result<Format, AudioError> {
    let u16_at = |at: usize| chunk.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let u32_at = |at: usize| chunk.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let fields = || Some((u16_at(0)?, u16_at(2)?, u32_at(4)?, u16_at(12)?, u16_at(14)?));
    let (mut tag, channels, rate_hz, block, bits) = fields().ok_or(AudioError::Damaged("the format is cut off"))?;
    if tag == EXTENSIBLE {
        let sub_format = chunk.get(24..40).ok_or(AudioError::Damaged("the extensible format is cut off"))?;
        if sub_format[2..] != SUB_FORMAT {
            return Err(AudioError::Unsupported { tag, bits });
        }
        tag = u16::from_le_bytes([sub_format[0], sub_format[1]]);
    }
    // A sample may take up more bytes than its bits need; some writers leave the block size wrong or at 0.
    let needed = bits.div_ceil(8);
    let width = block.checked_div(channels).map_or(needed, |width| width.max(needed));
    Ok(Format { tag, channels, rate_hz, bits, width })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn riff(chunks: &[&[u8]]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WAVE", chunks.concat().as_slice()].concat()
    }

    /// 16-bit mono at 8 kHz.
    const FMT: &[u8] = b"fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0";

    #[test]
    fn samples_are_found_behind_other_chunks() {
        let file = riff(&[
            b"LIST\x03\0\0\0abc\0",
            FMT,
            b"fact\x04\0\0\0\0\0\0\0",
            b"data\x04\0\0\0\x01\x02\x03\x04",
            b"id3 \x02\0\0\0zz",
        ]);
        let (format, data) = find(&file).unwrap();
        assert_eq!(format, Format { tag: PCM, channels: 1, rate_hz: 8_000, bits: 16, width: 2 });
        assert_eq!(data, [1, 2, 3, 4]);
    }

    #[test]
    fn an_odd_chunk_may_lack_its_padding() {
        let file = riff(&[b"LIST\x03\0\0\0abc", FMT, b"data\x02\0\0\0\x01\x02"]);
        assert_eq!(find(&file).unwrap().1, [1, 2]);
    }

    #[test]
    fn a_data_size_that_was_never_filled_in_means_all_the_rest() {
        for size in [[0; 4], [0xff; 4], [200, 0, 0, 0]] {
            let file = riff(&[FMT, b"data", &size, &[9, 0, 7, 0, 1, 2, 3, 4, 5, 6]]);
            assert_eq!(find(&file).unwrap().1, [9, 0, 7, 0, 1, 2, 3, 4, 5, 6]);
        }
    }

    #[test]
    fn a_true_data_size_of_zero_is_no_samples() {
        assert!(find(&riff(&[FMT, b"data\0\0\0\0"])).unwrap().1.is_empty());
        assert!(find(&riff(&[FMT, b"data\0\0\0\0LIST\x04\0\0\0abcd"])).unwrap().1.is_empty());
    }

    #[test]
    fn what_ends_before_its_samples_is_damaged() {
        let cases: [Vec<u8>; 4] =
            [riff(&[]), riff(&[FMT]), riff(&[b"data\x02\0\0\0\x01\x02"]), riff(&[b"LIST\xff\0\0\0abc"])];
        for file in cases {
            assert_eq!(find(&file).unwrap_err().code(), "audio_damaged");
        }
        assert_eq!(find(b"RIFX\0\0\0\0WAVE"), Err(AudioError::NotWav));
        assert_eq!(find(b"RIFF\0\0\0\0AVI fmt "), Err(AudioError::NotWav));
        assert_eq!(find(b"RIFF"), Err(AudioError::NotWav));
    }
}
