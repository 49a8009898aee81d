//! Lists that are given out page by page. For `admin` and `webhooks`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::types::{OutOfRange, Timestamp};

/// Rows of a page when the client asks for no number, a screenful, and the most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// A list that is given out page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Callers.
    Callers = b'c' as isize,
    /// Attempts.
    Attempts = b'a' as isize,
    /// Deliveries of a webhook.
    Deliveries = b'd' as isize,
}

/// Where the next page of a list begins; a place, not a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    list: u8,
    at_ms: i64,
    id: u128,
}

/// Text that is no cursor of the list.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the cursor is not one that this list gave out")]
pub struct BadCursor;

/// Why a page cannot be had.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PageError {
    /// The cursor is not one that the list gave out.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    /// A page has fewer rows, or more.
    #[error(transparent)]
    Limit(#[from] OutOfRange),
}

impl PageError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cursor(_) => "invalid_cursor",
            Self::Limit(_) => "out_of_range",
        }
    }
}

impl Cursor {
    /// The place behind a row, by its time and id.
    pub fn after(list: List, at: Timestamp, id: u128) -> Self {
        Self { list: list as u8, at_ms: at.as_millisecond(), id }
    }

    /// Reads the cursor of a list.
    ///
    /// # Errors
    /// [`BadCursor`] for anything that list did not give out.
    pub fn of(list: List, text: &str) -> Result<(Timestamp, u128), BadCursor> {
        let cursor: Self = text.parse()?;
        if cursor.list != list as u8 {
            return Err(BadCursor);
        }
        let at = Timestamp::from_millisecond(cursor.at_ms).map_err(|_| BadCursor)?;
        Ok((at, cursor.id))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 25];
        bytes[0] = self.list;
        bytes[1..9].copy_from_slice(&self.at_ms.to_be_bytes());
        bytes[9..].copy_from_slice(&self.id.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        let bytes: [u8; 25] = bytes.try_into().map_err(|_| BadCursor)?;
        let (at, id) = bytes[1..].split_at(8);
        let at_ms = i64::from_be_bytes(at.try_into().map_err(|_| BadCursor)?);
        Ok(Self { list: bytes[0], at_ms, id: u128::from_be_bytes(id.try_into().map_err(|_| BadCursor)?) })
    }
}

/// Rows of a page.
///
/// # Errors
/// [`OutOfRange`].
pub(super) fn page(limit: Option<u32>) -> Result<u32, OutOfRange> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(OutOfRange { name: "limit", from: 1, to: MOST.into() }),
    }
}

/// Cuts a page from rows of which one more was read, and says where the next one begins.
pub(super) fn cut<T>(mut rows: Vec<T>, limit: u32, place: impl Fn(&T) -> Cursor) -> (Vec<T>, Option<String>) {
    let is_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| is_more).map(|last| place(last).to_string());
    (rows, next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_it_was_given_out(ms in -1_000_000_000_000_i64..100_000_000_000_000, id: u128) {
            let at = Timestamp::from_millisecond(ms).unwrap();
            let text = Cursor::after(List::Callers, at, id).to_string();
            prop_assert_eq!(Cursor::of(List::Callers, &text), Ok((at, id)));
            prop_assert_eq!(Cursor::of(List::Attempts, &text), Err(BadCursor));
        }

        #[test]
        fn any_text_is_refused_or_is_the_only_spelling_of_its_cursor(text in "[A-Za-z0-9_=-]{30,36}|.*") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn any_bytes_of_the_right_length_are_read_without_harm(bytes: [u8; 25]) {
            let text = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert_eq!(text.parse::<Cursor>().unwrap().to_string(), &text[..]);
            let read = Cursor::of(List::Callers, &text);
            prop_assert!(read.is_err() || bytes[0] == b'c');
        }
    }

    #[test]
    fn a_page_tells_of_the_next_only_when_there_is_one() {
        let place = |row: &u32| Cursor::after(List::Attempts, Timestamp::UNIX_EPOCH, (*row).into());
        assert_eq!(cut(vec![3, 2, 1], 3, place), (vec![3, 2, 1], None));
        assert_eq!(cut(vec![3, 2, 1], 2, place), (vec![3, 2], Some(place(&2).to_string())));
        assert!(page(Some(0)).is_err() && page(Some(201)).is_err() && page(None).unwrap() == 50);
    }
}
