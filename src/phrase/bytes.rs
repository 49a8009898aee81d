use super::PhraseError;

/// Reads outside bytes from the front; whatever is missing is an error.
pub(super) struct Reader<'b> {
    what: &'static str,
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(what: &'static str, bytes: &'b [u8]) -> Self {
        Self { what, rest: bytes }
    }

    /// The first bytes of every form of ours.
    pub(super) fn expect(&mut self, magic: [u8; 4], version: u8) -> Result<(), PhraseError> {
        if self.array()? != magic {
            return Err(refuse(self.what, "another kind of data"));
        }
        if self.array()? == [version] { Ok(()) } else { Err(refuse(self.what, "another version")) }
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8], PhraseError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(refuse(self.what, "cut off"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PhraseError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(refuse(self.what, "cut off"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(super) fn end(&self) -> Result<(), PhraseError> {
        if self.is_empty() { Ok(()) } else { Err(refuse(self.what, "bytes are left over")) }
    }
}

pub(super) fn refuse(what: &'static str, why: &'static str) -> PhraseError {
    PhraseError::Format(what, why)
}
