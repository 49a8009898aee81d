use super::PhraseError;
use crate::types::bytes::{BadBytes, Reader};

/// The most frames of one take: ten seconds of 24 ms, and the two that overlap its ends.
pub(super) const MAX_FRAMES: usize = 419;

/// The most values of one frame; the encoder has 288.
pub(super) const MAX_WIDTH: usize = 255;

/// The largest value of a frame as it is kept: each frame is scaled so that its largest value is this.
const FULL: i8 = 127;

const MAGIC: [u8; 4] = *b"cpph";
const VERSION: u8 = 1;

/// The words of one take, as a row of directions: the template of a phrase.
///
/// One frame each 24 ms. Only directions count, so each frame is kept in one byte a value, scaled to its largest. What
/// was said can be compared with another take, not read.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    space: String,
    width: usize,
    values: Vec<i8>,
    /// One over each frame's length.
    inverse: Vec<f32>,
}

impl Frames {
    /// Rounds frames of `width` values each.
    ///
    /// # Errors
    /// [`PhraseError::Output`] for none, for too many, and for a frame without a direction.
    pub(super) fn round(space: &str, width: usize, frames: &[f32]) -> Result<Self, PhraseError> {
        let mut values = Vec::with_capacity(frames.len());
        for frame in frames.chunks_exact(width.max(1)) {
            let largest = frame.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            if !(largest.is_normal() && frame.iter().all(|value| value.is_finite())) {
                return Err(PhraseError::Output("a frame without a direction"));
            }
            values.extend(frame.iter().map(|value| (value / largest * f32::from(FULL)).round() as i8));
        }
        Self::new(space.to_owned(), width, values).map_err(PhraseError::Output)
    }

    fn new(space: String, width: usize, values: Vec<i8>) -> Result<Self, &'static str> {
        if !(1..=MAX_WIDTH).contains(&width)
            || space.len() > usize::from(u8::MAX)
            || !values.len().is_multiple_of(width)
        {
            return Err("another width than its model's");
        }
        if !(1..=MAX_FRAMES).contains(&(values.len() / width)) {
            return Err("no frame, or too many");
        }
        let is_scaled =
            |frame: &[i8]| frame.iter().map(|value| value.unsigned_abs()).max() == Some(FULL.unsigned_abs());
        if !values.chunks_exact(width).all(is_scaled) {
            return Err("a frame that is not scaled");
        }
        let inverse = values.chunks_exact(width).map(|frame| 1.0 / (product(frame, frame) as f32).sqrt()).collect();
        Ok(Self { space, width, values, inverse })
    }

    /// The model and projection that made them.
    pub fn space(&self) -> &str {
        &self.space
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.inverse.len()
    }

    /// One less the cosine between a frame and another's frame; both must be of one space.
    pub(super) fn unlikeness(&self, at: usize, other: &Self, other_at: usize) -> f32 {
        let product = product(self.frame(at), other.frame(other_at)) as f32;
        1.0 - product * self.inverse[at] * other.inverse[other_at]
    }

    fn frame(&self, at: usize) -> &[i8] {
        &self.values[at * self.width..][..self.width]
    }

    /// The byte form, to be encrypted before it is stored.
    ///
    /// `cpph`, version, length of the space's name and the name, values per frame (u8), frames (u16), the values. All
    /// little-endian, nothing after.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, self.space.len() as u8]);
        bytes.extend(self.space.as_bytes());
        bytes.push(self.width as u8);
        bytes.extend((self.count() as u16).to_le_bytes());
        bytes.extend(self.values.iter().map(|value| value.cast_unsigned()));
        bytes
    }

    /// Reads the byte form.
    ///
    /// # Errors
    /// [`PhraseError::Format`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PhraseError> {
        Self::read(bytes).map_err(|problem| PhraseError::Format("a stored phrase", problem))
    }

    fn read(bytes: &[u8]) -> Result<Self, BadBytes> {
        let mut reader = Reader::of_form(bytes, MAGIC, VERSION)?;
        let space = reader.text()?;
        let (width, count) = (usize::from(reader.u8()?), usize::from(reader.u16()?));
        let values = reader.take(count * width)?.iter().map(|byte| byte.cast_signed()).collect();
        reader.end()?;
        Self::new(space.to_owned(), width, values).map_err(BadBytes::Content)
    }
}

fn product(left: &[i8], right: &[i8]) -> i32 {
    left.iter().zip(right).map(|(left, right)| i32::from(*left) * i32::from(*right)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by hand from the form: space `m`, two frames of two values, (1, 0) and (−1, 0.5).
    const TWO: &[u8] = b"cpph\x01\x01m\x02\x02\0\x7f\x00\x81\x40";

    #[test]
    fn the_form_is_the_documented_one() {
        let frames = Frames::round("m", 2, &[3.0, 0.0, -0.2, 0.1]).unwrap();
        assert_eq!(frames.to_bytes(), TWO);
        assert_eq!(Frames::from_bytes(TWO), Ok(frames.clone()));
        // 1 − 127·(−127) / (127 · √(127² + 64²)), by hand.
        assert!((frames.unlikeness(0, &frames, 1) - 1.893_02).abs() < 1e-4);
    }

    #[test]
    fn frames_without_direction_are_refused() {
        for frames in [&[][..], &[0.0, 0.0], &[1.0, f32::NAN], &[f32::INFINITY, 1.0], &[1.0; 2 * MAX_FRAMES + 2]] {
            assert_eq!(Frames::round("m", 2, frames).unwrap_err().code(), "phrase_output");
        }
    }

    #[test]
    fn bytes_cut_off_anywhere_or_changed_in_kind_are_refused() {
        for end in 0..TWO.len() {
            assert_eq!(Frames::from_bytes(&TWO[..end]).unwrap_err().code(), "phrase_format");
        }
        for (at, byte) in [(0, b'x'), (4, 2), (6, 0xff), (7, 0), (8, 0), (8, 3), (10, 0x7e), (10, 0x80)] {
            let mut bytes = TWO.to_vec();
            bytes[at] = byte;
            assert_eq!(Frames::from_bytes(&bytes).unwrap_err().code(), "phrase_format", "{at} {byte}");
        }
        assert!(Frames::from_bytes(&[TWO, &[0]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(
            frames in prop::collection::vec(prop::collection::vec(-1.0_f32..1.0, 5), 1..20),
        ) {
            prop_assume!(frames.iter().all(|frame| frame.iter().any(|value| value.abs() > 1e-3)));
            let frames = Frames::round("space", 5, &frames.concat()).unwrap();
            prop_assert_eq!(Frames::from_bytes(&frames.to_bytes()), Ok(frames));
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            at in any::<prop::sample::Index>(),
            flip in any::<u8>(),
        ) {
            let _ = Frames::from_bytes(&bytes);
            let mut bytes = [TWO, &bytes].concat();
            let at = at.index(bytes.len());
            bytes[at] = flip;
            if let Ok(frames) = Frames::from_bytes(&bytes) {
                prop_assert_eq!(frames.to_bytes(), bytes);
            }
        }
    }
}
