use std::fmt;
use std::time::Duration;

use super::OutOfRange;

/// How long an enrollment code is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeTtl(Duration);

impl CodeTtl {
    /// A long weekend, for codes that are made without a time.
    pub const USUAL: Self = Self(Duration::from_hours(72));

    /// The least, in seconds: time to read the code to a caller.
    pub const LEAST_S: u64 = 60;

    /// The most, in seconds: a month.
    pub const MOST_S: u64 = 30 * 24 * 60 * 60;

    /// So many seconds.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub const fn from_secs(seconds: u64) -> Result<Self, OutOfRange> {
        if seconds < Self::LEAST_S || seconds > Self::MOST_S {
            return Err(OutOfRange { name: "ttl_s", from: Self::LEAST_S, to: Self::MOST_S });
        }
        Ok(Self(Duration::from_secs(seconds)))
    }

    /// As a length of time.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

/// As it is typed at the command line, in minutes or hours.
impl fmt::Display for CodeTtl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.as_secs() / 60;
        if minutes.is_multiple_of(60) { write!(f, "{}h", minutes / 60) } else { write!(f, "{minutes}m") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_for_a_minute_to_a_month() {
        for (seconds, is_fine) in [(59, false), (60, true), (2_592_000, true), (2_592_001, false)] {
            assert_eq!(CodeTtl::from_secs(seconds).is_ok(), is_fine, "{seconds}");
        }
        assert_eq!(CodeTtl::USUAL.to_string(), "72h");
        assert_eq!(CodeTtl::from_secs(5_400).unwrap().to_string(), "90m");
    }
}
