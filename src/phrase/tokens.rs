use std::collections::HashMap;

use super::PhraseError;
use crate::types::bytes::{BadBytes, Reader};

/// The most pieces that are read; Moonshine has 32,768.
const MAX_PIECES: usize = 65_536;

/// The longest piece that is read, in bytes; Moonshine's has 48.
const MAX_PIECE: usize = 256;

/// The character that pieces have in place of a space.
const SPACE: &str = "\u{2581}";

/// The pieces that a text model writes with, and how a text is spelled in them.
#[derive(Clone, Debug)]
pub struct Tokens {
    ids: HashMap<Vec<u8>, u32>,
    count: usize,
    longest: usize,
}

impl Tokens {
    /// Reads the tokenizer's file: one piece after the other, each with its length before it.
    ///
    /// A length below 128 is one byte b; a longer one two, (b − 128) + 128 · the next.
    ///
    /// # Errors
    /// [`PhraseError::Format`] for other bytes, or for a model without single bytes of ASCII.
    pub fn read(bytes: &[u8]) -> Result<Self, PhraseError> {
        Self::read_pieces(bytes).map_err(|problem| PhraseError::Format("the tokenizer", problem))
    }

    fn read_pieces(bytes: &[u8]) -> Result<Self, BadBytes> {
        let mut reader = Reader::new(bytes);
        let (mut ids, mut count, mut longest) = (HashMap::new(), 0, 0);
        while !reader.is_empty() {
            let low = reader.u8()?;
            let length = match low.checked_sub(128) {
                None => usize::from(low),
                Some(low) => usize::from(low) + 128 * usize::from(reader.u8()?),
            };
            if length > MAX_PIECE || count == MAX_PIECES {
                return Err(BadBytes::Content("a piece or a number of pieces beyond all limits"));
            }
            let piece = reader.take(length)?;
            // One is empty. Twins stand in the file; the model writes the later one: the earlier is a bare byte, for
            // what has no piece.
            if length > 0 {
                ids.insert(piece.to_vec(), count as u32);
            }
            longest = longest.max(length);
            count += 1;
        }
        Ok(Self { ids, count, longest })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Spells a text, longest pieces first.
    ///
    /// Not always as the model itself would: of the words used here each is a single piece, or two.
    ///
    /// # Errors
    /// [`PhraseError::Unspellable`].
    pub fn spell(&self, text: &str) -> Result<Vec<u32>, PhraseError> {
        let text = text.replace(' ', SPACE);
        let (mut rest, mut spelled) = (text.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let longest = self.longest.min(rest.len());
            let piece = (1..=longest).rev().find_map(|length| Some((length, *self.ids.get(&rest[..length])?)));
            let (length, id) = piece.ok_or(PhraseError::Unspellable)?;
            spelled.push(id);
            rest = &rest[length..];
        }
        Ok(spelled)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_spelled_in_the_longest_pieces_and_later_twins() {
        let tokens = Tokens::read(b"\x01a\x01b\x02ab\x01a\x05\xe2\x96\x81ab").unwrap();
        assert_eq!(tokens.count(), 5);
        assert_eq!(tokens.spell("aba ab"), Ok(vec![2, 3, 4]));
        assert_eq!(tokens.spell("abc"), Err(PhraseError::Unspellable));
        assert_eq!(tokens.spell(""), Ok(vec![]));
    }

    #[test]
    fn long_pieces_have_two_bytes_of_length_and_a_limit() {
        let piece =
            |length: usize| [&[(length % 128 + 128) as u8, (length / 128) as u8], &vec![b'x'; length][..]].concat();
        assert_eq!(Tokens::read(&piece(200)).unwrap().spell(&"x".repeat(400)), Ok(vec![0, 0]));
        for bytes in [piece(MAX_PIECE + 1), vec![3, b'a'], vec![200]] {
            assert_eq!(Tokens::read(&bytes).unwrap_err().code(), "phrase_format");
        }
        assert_eq!(Tokens::read(&[0, 1, b'a']).unwrap().spell("a"), Ok(vec![1]));
        assert!(Tokens::read(&[1, b'a'].repeat(MAX_PIECES)).is_ok());
        assert!(Tokens::read(&[1, b'a'].repeat(MAX_PIECES + 1)).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_spell_what_they_say(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            text in "[a-c ]{0,12}",
        ) {
            if let Ok(tokens) = Tokens::read(&bytes) {
                let _ = tokens.spell(&text);
            }
        }
    }
}
