//! Shared by all commands: exit codes, options, printing, recorded voices. Used by `cli` and `lab` alone.

pub(crate) mod local;
pub(crate) mod models;
pub(crate) mod network;
pub(crate) mod provider;
pub(crate) mod recording;
pub(crate) mod settings;
pub(crate) mod stop;
pub(crate) mod store;
pub(crate) mod terminal;

/// Prints a line for people or programs. A reader who has left (`| head`) does not end what is under way.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}
pub(crate) use say;

/// How a command ends; the number is the program's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It did what was asked, and the answer is yes where there is a question.
    Yes = 0,
    /// It did what was asked, and the answer is no.
    No = 1,
    /// It could not do what was asked; clap's usage errors end the same way.
    Error = 2,
}
