//! The documents that a provider accepts: XML, verbs, attributes, nesting. The phone obeys no other.
//!
//! Written from the provider's documentation alone: it shares nothing with `twiml`, whose replies it judges.

mod document;
mod table;
mod tree;

use std::fmt;

pub use document::{Connect, Dial, Document, Gather, Method, Record, Start, Tracks, Verb};

/// The provider refuses a larger document (error 11750).
const MAX_BYTES: usize = 64 * 1024;

/// One way in which a document is not what the provider takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The stable machine code, for example `twiml_unknown_attribute`.
    pub code: &'static str,
    /// Where and what, for people.
    pub message: String,
}

impl Violation {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// Parses a reply the way the provider does, and stricter.
///
/// # Errors
/// Every [`Violation`] found; of text that is not XML, the first.
pub fn check(xml: &str) -> Result<Document, Vec<Violation>> {
    if xml.len() > MAX_BYTES {
        return Err(vec![Violation::new("twiml_too_large", format!("{} bytes are more than {MAX_BYTES}", xml.len()))]);
    }
    if xml.is_empty() {
        return Err(vec![Violation::new("twiml_empty", "an empty body is an error, <Response/> is not")]);
    }
    if !xml.starts_with('<') {
        return Err(vec![Violation::new("twiml_before_declaration", "nothing may stand before the first tag")]);
    }
    if let Some(forbidden) = xml.chars().find(|&c| !is_xml(c)) {
        return Err(vec![Violation::new("twiml_control_character", format!("{forbidden:?} cannot be in XML"))]);
    }
    let root = tree::parse(xml).map_err(|violation| vec![violation])?;
    let violations = table::violations(&root);
    if violations.is_empty() { Ok(Document::from_root(&root)) } else { Err(violations) }
}

/// Whether XML 1.0 allows a character, escaped or not (production 2).
const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests;
