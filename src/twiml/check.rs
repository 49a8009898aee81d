use std::fmt;

use super::Document;

/// One way in which a document is not what the provider takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The stable machine code, for example `twiml_unknown_attribute`.
    pub code: &'static str,
    /// Where and what, for people.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// Parses a reply the way the provider does, and stricter.
///
/// # Errors
/// Every [`Violation`] found.
pub fn check(_xml: &str) -> Result<Document, Vec<Violation>> {
    todo!()
}
