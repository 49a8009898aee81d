//! The byte form of a fingerprint.
//!
//! `cpfp`, version, number of frames (u16), number of landmarks (u16); per frame twelve bytes of bands that stand out
//! and twelve of bands that dip; per landmark its frame (u16) and its line (u8), in order. All little-endian, nothing
//! after. A change of the form or of what a bit means takes a new version.

use super::grid::Cells;
use super::landmark::{Landmark, PER_FRAME};
use super::spectrum::{BANDS, LINES};
use super::{Fingerprint, MAX_FRAMES};
use crate::types::bytes::{BadBytes, Reader};

const MAGIC: [u8; 4] = *b"cpfp";
const VERSION: u8 = 1;
/// Bytes of a frame's bands, a bit each.
const PLANE: usize = BANDS / 8;

pub(super) fn write(fingerprint: &Fingerprint) -> Vec<u8> {
    let (cells, landmarks) = (&fingerprint.cells, &fingerprint.landmarks);
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    bytes.extend((cells.len() as u16).to_le_bytes());
    bytes.extend((landmarks.len() as u16).to_le_bytes());
    for cells in cells {
        bytes.extend(&cells.above.to_le_bytes()[..PLANE]);
        bytes.extend(&cells.below.to_le_bytes()[..PLANE]);
    }
    for landmark in landmarks {
        bytes.extend(landmark.frame.to_le_bytes());
        bytes.push(landmark.line);
    }
    bytes
}

pub(super) fn read(bytes: &[u8]) -> Result<Fingerprint, BadBytes> {
    let mut reader = Reader::of_form(bytes, MAGIC, VERSION)?;
    let (frames, landmarks) = (usize::from(reader.u16()?), usize::from(reader.u16()?));
    if frames > MAX_FRAMES || landmarks > frames * PER_FRAME {
        return Err(BadBytes::Content("more than a take has"));
    }
    let mut found = Fingerprint { cells: Vec::with_capacity(frames), landmarks: Vec::with_capacity(landmarks) };
    for _ in 0..frames {
        let cells = Cells { above: plane(&mut reader)?, below: plane(&mut reader)? };
        if cells.above & cells.below != 0 {
            return Err(BadBytes::Content("a band that stands out and dips"));
        }
        found.cells.push(cells);
    }
    for _ in 0..landmarks {
        let (frame, line) = (reader.u16()?, reader.u8()?);
        let landmark = Landmark { frame, line };
        let is_in_order = found.landmarks.last().is_none_or(|before| *before < landmark);
        if usize::from(frame) >= frames || usize::from(line) >= LINES || !is_in_order {
            return Err(BadBytes::Content("a landmark out of place"));
        }
        found.landmarks.push(landmark);
    }
    reader.end()?;
    Ok(found)
}

fn plane(reader: &mut Reader<'_>) -> Result<u128, BadBytes> {
    let mut whole = [0; 16];
    whole[..PLANE].copy_from_slice(&reader.array::<PLANE>()?);
    Ok(u128::from_le_bytes(whole))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by hand from the form: one frame in which band 0 stands out and band 95 dips, and its landmark on line
    /// 1.
    const ONE: &[u8] = b"cpfp\x01\x01\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\x01";

    fn one() -> Fingerprint {
        let cells = Cells { above: 1, below: 1 << 95 };
        Fingerprint { cells: vec![cells], landmarks: vec![Landmark { frame: 0, line: 1 }] }
    }

    #[test]
    fn the_form_is_the_documented_one() {
        assert_eq!(write(&one()), ONE);
        assert_eq!(read(ONE), Ok(one()));
        assert_eq!(read(&write(&Fingerprint::default())), Ok(Fingerprint::default()));
    }

    #[test]
    fn what_is_never_written_is_refused() {
        let changed = |at: usize, byte: u8| {
            let mut bytes = ONE.to_vec();
            bytes[at] = byte;
            read(&bytes)
        };
        for (at, byte, why) in [
            (0, b'x', BadBytes::OtherKind),
            (4, 2, BadBytes::OtherVersion),
            (6, 0xff, BadBytes::Content("more than a take has")),
            (7, 7, BadBytes::Content("more than a take has")),
            (21, 1, BadBytes::Content("a band that stands out and dips")),
            (33, 1, BadBytes::Content("a landmark out of place")),
            (35, 192, BadBytes::Content("a landmark out of place")),
        ] {
            assert_eq!(changed(at, byte), Err(why), "byte {at}");
        }
        assert_eq!(read(&[ONE, &[0]].concat()), Err(BadBytes::LeftOver));
        assert_eq!(Fingerprint::from_bytes(b"").unwrap_err().code(), "fingerprint_format");
        for end in 0..ONE.len() {
            assert_eq!(read(&ONE[..end]), Err(BadBytes::CutOff));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(
            frames in prop::collection::vec((any::<[u8; 12]>(), any::<[u8; 12]>()), 0..40),
            lines in prop::collection::btree_set((0..40_u16, 0..LINES as u8), 0..40),
        ) {
            let plane = |bytes: [u8; PLANE]| {
                let mut whole = [0; 16];
                whole[..PLANE].copy_from_slice(&bytes);
                u128::from_le_bytes(whole)
            };
            let cells: Vec<_> = frames.iter().map(|(above, below)| {
                let above = plane(*above);
                Cells { above, below: plane(*below) & !above }
            }).collect();
            let landmarks: Vec<_> = lines.into_iter().filter(|(frame, _)| usize::from(*frame) < cells.len())
                .map(|(frame, line)| Landmark { frame, line }).collect();
            prop_assume!(landmarks.len() <= cells.len() * PER_FRAME);
            let fingerprint = Fingerprint { cells, landmarks };
            prop_assert_eq!(read(&write(&fingerprint)), Ok(fingerprint.clone()));
            // Every fingerprint that can be read can be compared.
            let score = fingerprint.likeness(&one());
            prop_assert!(score.llr.0.is_finite() && (0.0..=1.2).contains(&score.likeness));
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            at in any::<prop::sample::Index>(),
            byte: u8,
        ) {
            let _ = read(&bytes);
            let mut bytes = [ONE, &bytes].concat();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = read(&bytes);
            if let Ok(fingerprint) = read(&bytes) {
                let _ = fingerprint.likeness(&fingerprint);
            }
        }
    }
}
