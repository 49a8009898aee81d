//! What the provider takes: XML, verbs, attributes, nesting; held by tests over every reply, and by the phone.

mod document;
mod table;
mod tree;

use std::fmt;

pub use document::{Connect, Dial, Document, Gather, Method, Record, Start, Tracks, Verb};

use super::MAX_BYTES;
use super::words::is_xml;

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

#[cfg(test)]
mod tests;
