//! Text for a terminal: lines, paragraphs, colours. Shared by the operator's commands and the laboratory's.

use std::io::{IsTerminal, Write};

/// Text is broken at this width: most terminals are at least as wide.
pub(crate) const WIDTH: usize = 100;

/// Prints a paragraph, broken at the usual width.
pub(crate) fn put_wrapped(text: &str) {
    for row in wrapped(text, WIDTH) {
        put(&row);
    }
}

/// Prints a line. A reader who has left does not end what is under way.
pub(crate) fn put(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// How text is set off on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// As it is.
    Plain,
    /// The caller's part.
    Caller,
    /// Measurements and verdicts.
    Measure,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Headings.
    Bold,
    /// Of lesser interest.
    Faint,
}

/// Whether colours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    is_coloured: bool,
}

impl Palette {
    /// Colours on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { is_coloured: std::io::stdout().is_terminal() && !is_unwanted }
    }

    /// No colours, wherever the text goes.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { is_coloured: false }
    }

    /// The text with the colour's escape codes around it, or as it is.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Caller => "36",
            Ink::Measure => "33",
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Bold => "1",
            Ink::Faint => "2",
        };
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Breaks text between words; a word that is too long stays whole.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split_whitespace() {
        let is_full =
            rows.last().is_some_and(|row| !row.is_empty() && row.chars().count() + 1 + word.chars().count() > width);
        if is_full {
            rows.push(String::new());
        }
        if let Some(row) = rows.last_mut() {
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(word);
        }
    }
    rows
}
