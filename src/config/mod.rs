//! Configuration: one struct per concern, read from a file and the environment, checked before anything starts.
//!
//! Precedence: environment over file over the built-in defaults, which are the commented `default.toml` that
//! `callprint serve --print-config` prints. An unknown key, in the file or as `CALLPRINT_…`, stops start-up.

mod check;
mod line;
mod load;
mod section;
#[cfg(test)]
mod tests;

pub use check::Invalid;
pub use line::{AfterVerdict, Audio, ChallengeForm, ChallengePolicy, EnrollmentPolicy, Line};
pub use load::{ConfigError, DEFAULTS, Environment, load};
pub use section::{
    Api, AudioLimits, Enrollment, Listening, Lockout, Log, LogFormat, Models, Server, Store, Streams, Token, Twilio,
    Verification,
};

use crate::types::LineName;

/// Everything an operator can set, already validated.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where we listen and how the world reaches us.
    pub server: Server,
    /// Logging: which events, and how.
    pub log: Log,
    /// Where the database and its key live.
    pub store: Store,
    /// The provider's account and API.
    pub twilio: Twilio,
    /// Which models run, and how many at once.
    pub models: Models,
    /// Limits of the audio taken.
    pub audio: AudioLimits,
    /// Real-time audio.
    pub streams: Streams,
    /// Listening to conversations on behalf of a client.
    pub listening: Listening,
    /// The API that applications use.
    pub api: Api,
    /// How a voiceprint is made.
    pub enrollment: Enrollment,
    /// How a caller is verified.
    pub verification: Verification,
    /// Lock-out after failures.
    pub lockout: Lockout,
    /// The signed result handed to the operator's next step.
    pub token: Token,
    /// The numbers we answer; at least one.
    pub lines: Vec<Line>,
}

impl Config {
    /// The line that answers `called`: the one listing the number, else the first line that lists none.
    pub fn line_for(&self, called: &str) -> Option<&Line> {
        let listed = self.lines.iter().find(|line| line.numbers.iter().any(|number| number.as_str() == called));
        listed.or_else(|| self.lines.iter().find(|line| line.numbers.is_empty()))
    }

    /// Whether a line's takes come as streams.
    pub fn is_streamed(&self, line: &Line) -> bool {
        match line.audio {
            Audio::Stream => true,
            Audio::Record => false,
            Audio::Auto => self.server.public_url.starts_with("https://"),
        }
    }

    /// The line of that name.
    pub fn line(&self, name: &LineName) -> Option<&Line> {
        self.lines.iter().find(|line| &line.name == name)
    }
}
