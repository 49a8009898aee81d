use std::path::Path;

use super::TwimlError;
use crate::config::Line;

/// Every sentence of a line, checked when it was loaded.
#[derive(Clone, Debug)]
pub struct Prompts {}

impl Prompts {
    /// Reads the built-in sentences of a locale, replaced where the operator's file has others.
    ///
    /// # Errors
    /// [`TwimlError`] names the file and the sentence.
    pub fn load(_locale: &str, _replacements: Option<&Path>) -> Result<Self, TwimlError> {
        todo!()
    }

    /// The prompts of a line: its locale, its voice, its own file.
    ///
    /// # Errors
    /// As [`Prompts::load`].
    pub fn for_line(_line: &Line) -> Result<Self, TwimlError> {
        todo!()
    }
}
