/// One thing said, ready for a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Read by the provider's voice.
    Spoken {
        /// The text to read, without characters that XML cannot carry.
        text: String,
    },
    /// A recording of the operator's.
    Recorded {
        /// Where it is.
        url: String,
    },
}

/// Who reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Speaker {
    /// BCP 47 tag.
    pub(super) language: String,
    /// The provider's name for the voice; empty leaves it to the account.
    pub(super) voice: String,
}

/// Whether XML 1.0 may contain a character, be it escaped or not.
const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Drops what XML 1.0 forbids and turns line breaks and tabs into spaces, which sound the same.
///
/// A parser would turn a carriage return into a line feed; so what is sent is what is heard.
pub(super) fn clean(text: &str) -> String {
    let speakable = text.chars().filter(|&c| is_xml(c));
    speakable.map(|c| if c.is_ascii_whitespace() { ' ' } else { c }).collect()
}
