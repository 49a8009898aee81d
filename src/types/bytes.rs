//! Byte forms from outside, read from the front. Used by every module that keeps a form of its own.

use thiserror::Error;

/// Why bytes are not of the form that is read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadBytes {
    /// They do not begin as the form does.
    #[error("another kind of data")]
    OtherKind,
    /// They are of the form in another version.
    #[error("another version")]
    OtherVersion,
    /// They end too soon.
    #[error("cut off")]
    CutOff,
    /// They go on after the form's end.
    #[error("bytes are left over")]
    LeftOver,
    /// A text in them is not UTF-8.
    #[error("a text that is not UTF-8")]
    NotText,
    /// They hold a value that the form does not allow.
    #[error("{0}")]
    Content(&'static str),
}

/// Reads bytes from the front; missing bytes are an error. Numbers are little-endian.
#[derive(Clone, Debug)]
pub struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// Reads a form that begins with its first byte.
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Reads a form that begins with four bytes of its own and a version.
    ///
    /// # Errors
    /// [`BadBytes::OtherKind`], [`BadBytes::OtherVersion`] or [`BadBytes::CutOff`].
    pub fn of_form(bytes: &'b [u8], magic: [u8; 4], version: u8) -> Result<Self, BadBytes> {
        let mut reader = Self(bytes);
        if reader.array()? != magic {
            return Err(BadBytes::OtherKind);
        }
        if reader.u8()? == version { Ok(reader) } else { Err(BadBytes::OtherVersion) }
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] when there are fewer.
    pub fn take(&mut self, len: usize) -> Result<&'b [u8], BadBytes> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(BadBytes::CutOff)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] when there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], BadBytes> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BadBytes::CutOff)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] when there is none.
    pub fn u8(&mut self) -> Result<u8, BadBytes> {
        self.array().map(u8::from_le_bytes)
    }

    /// A number of two bytes.
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] when there are fewer.
    pub fn u16(&mut self) -> Result<u16, BadBytes> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number of four bytes.
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] when there are fewer.
    pub fn u32(&mut self) -> Result<u32, BadBytes> {
        self.array().map(u32::from_le_bytes)
    }

    /// A signed number of four bytes.
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] when there are fewer.
    pub fn i32(&mut self) -> Result<i32, BadBytes> {
        self.array().map(i32::from_le_bytes)
    }

    /// `count` numbers of four bytes with a point.
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] when there are fewer.
    pub fn f32s(&mut self, count: usize) -> Result<Vec<f32>, BadBytes> {
        let bytes = self.take(count.saturating_mul(4))?;
        Ok(bytes.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect())
    }

    /// A text behind its length (u8).
    ///
    /// # Errors
    /// [`BadBytes::CutOff`] or [`BadBytes::NotText`].
    pub fn text(&mut self) -> Result<&'b str, BadBytes> {
        let len = self.u8()?;
        as_text(self.take(usize::from(len))?)
    }

    /// A part behind its length (u32).
    ///
    /// # Errors
    /// [`BadBytes::CutOff`].
    pub fn part(&mut self) -> Result<&'b [u8], BadBytes> {
        let len = self.u32()?;
        self.take(usize::try_from(len).map_err(|_| BadBytes::CutOff)?)
    }

    /// All bytes that are left, as text.
    ///
    /// # Errors
    /// [`BadBytes::NotText`].
    pub fn rest_as_text(self) -> Result<&'b str, BadBytes> {
        as_text(self.0)
    }

    /// Whether no bytes are left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes sure that no bytes are left.
    ///
    /// # Errors
    /// [`BadBytes::LeftOver`].
    pub const fn end(self) -> Result<(), BadBytes> {
        if self.is_empty() { Ok(()) } else { Err(BadBytes::LeftOver) }
    }
}

fn as_text(bytes: &[u8]) -> Result<&str, BadBytes> {
    str::from_utf8(bytes).map_err(|_| BadBytes::NotText)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_of_value_is_read_from_the_front() {
        let mut reader =
            Reader::of_form(b"form\x01\x02\x01\x02\xfe\xff\xff\xff\0\0\x80\x3f\x02ab\x01\0\0\0c", *b"form", 1).unwrap();
        assert_eq!((reader.u8(), reader.u16(), reader.i32()), (Ok(2), Ok(513), Ok(-2)));
        assert_eq!(reader.f32s(1), Ok(vec![1.0]));
        assert_eq!((reader.text(), reader.part()), (Ok("ab"), Ok(&b"c"[..])));
        assert_eq!((reader.is_empty(), reader.end()), (true, Ok(())));
    }

    #[test]
    fn each_fault_is_told_apart() {
        let of = |bytes: &'static [u8]| Reader::of_form(bytes, *b"form", 1);
        assert_eq!(of(b"farm\x01").unwrap_err(), BadBytes::OtherKind);
        assert_eq!(of(b"form\x02").unwrap_err(), BadBytes::OtherVersion);
        assert_eq!(of(b"form").unwrap_err(), BadBytes::CutOff);
        assert_eq!(of(b"form\x01x").unwrap().end(), Err(BadBytes::LeftOver));
        assert_eq!(Reader::new(b"\x01\xff").text(), Err(BadBytes::NotText));
        assert_eq!(Reader::new(b"\xff").rest_as_text(), Err(BadBytes::NotText));
        assert_eq!(Reader::new(&[0xff; 6]).part(), Err(BadBytes::CutOff));
        assert_eq!(Reader::new(&[0; 8]).f32s(usize::MAX), Err(BadBytes::CutOff));
    }

    proptest! {
        #[test]
        fn any_reads_of_any_bytes_give_a_value_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..64),
            reads in prop::collection::vec((0..8_u8, 0..40_usize), 0..20),
        ) {
            let mut reader = Reader::new(&bytes);
            let mut left = bytes.len();
            for (kind, len) in reads {
                let before = reader.clone();
                let is_read = match kind {
                    0 => reader.take(len).is_ok(),
                    1 => reader.u8().is_ok(),
                    2 => reader.u16().is_ok(),
                    3 => reader.u32().is_ok(),
                    4 => reader.i32().is_ok(),
                    5 => reader.f32s(len).is_ok(),
                    6 => reader.text().is_ok(),
                    _ => reader.part().is_ok(),
                };
                prop_assert!(reader.0.len() <= left && bytes.ends_with(reader.0));
                // A single value that cannot be read leaves the bytes where they were.
                prop_assert!(is_read || kind > 5 || reader.0 == before.0);
                left = reader.0.len();
            }
            prop_assert_eq!(reader.clone().end().is_ok(), left == 0);
        }
    }
}
