use super::{Prompts, TwimlError};
use crate::dialog::Reply;

/// Where the call goes on, as paths or absolute URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// Takes the keys or the take of this turn.
    pub turn: String,
    /// Takes the same turn when the caller did nothing.
    pub silent: String,
    /// Asks again while a take is judged.
    pub wait: String,
}

/// Puts a reply into the provider's XML.
///
/// # Errors
/// [`TwimlError`] when a sentence is missing or the document is too large.
pub fn render(_reply: &Reply, _prompts: &Prompts, _urls: &Urls) -> Result<String, TwimlError> {
    todo!()
}
