//! Replies as the provider's XML.

mod prompts;
mod render;
mod words;

pub use prompts::{Prompts, Sound};
pub use render::{StreamUrls, Urls, render, start_stream};

use thiserror::Error;

/// The provider refuses a larger document (error 11750).
const MAX_BYTES: usize = 64 * 1024;

/// The answer of last resort: an apology that needs neither prompts nor templates.
pub const APOLOGY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/twiml/apology.xml"));

/// Why a reply cannot be put into words.
#[derive(Debug, Error)]
pub enum TwimlError {
    /// There are no built-in prompts for this language.
    #[error("no prompts for locale {locale}: there are {known}")]
    UnknownLocale {
        /// The locale asked for.
        locale: String,
        /// The known locales, separated by commas.
        known: String,
    },
    /// A document is asked for a line that has no prompts.
    #[error("no prompts for the line {line}")]
    UnknownLine {
        /// The line.
        line: String,
    },
    /// The prompts file cannot be read.
    #[error("prompts file {path}: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// The error of the system or of the TOML parser.
        message: String,
    },
    /// An entry of a prompts file does not fit its sentence.
    #[error("prompts {file}, `{key}`: {fault}")]
    BadPrompt {
        /// The file, or the built-in locale.
        file: String,
        /// The sentence.
        key: String,
        /// The fault.
        fault: String,
    },
    /// The dialog says a sentence that no prompts file has.
    #[error("no sentence `{key}`")]
    UnknownSentence {
        /// Its key.
        key: String,
    },
    /// A sentence came without the value for one of its places.
    #[error("sentence `{key}` lacks {place}")]
    MissingPlace {
        /// Its key.
        key: String,
        /// The place.
        place: String,
    },
    /// The document is larger than the provider takes.
    #[error("reply is larger than {max} bytes")]
    TooLarge {
        /// The provider's cap.
        max: usize,
    },
    /// The template failed.
    #[error("template: {message}")]
    Template {
        /// The template engine's error.
        message: String,
    },
}

impl TwimlError {
    /// The stable machine code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownLocale { .. } => "prompts_unknown_locale",
            Self::UnknownLine { .. } => "prompts_unknown_line",
            Self::Unreadable { .. } => "prompts_unreadable",
            Self::BadPrompt { .. } => "prompts_bad_prompt",
            Self::UnknownSentence { .. } => "twiml_unknown_sentence",
            Self::MissingPlace { .. } => "twiml_missing_place",
            Self::TooLarge { .. } => "twiml_too_large",
            Self::Template { .. } => "twiml_template",
        }
    }
}
