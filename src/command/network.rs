//! The network under a stream, as options of the commands that place calls.

use crate::phone::Network;

/// The options of every command that streams.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Streams")]
pub(crate) struct NetworkArgs {
    /// Delay each frame by up to so many milliseconds; streams pass in real time then
    #[arg(long, value_name = "MS", default_value_t = 0)]
    jitter: u32,
    /// Lose so many of a hundred frames
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    loss: f32,
    /// Send so many of a hundred frames twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    duplicates: f32,
    /// Hang up so many milliseconds after a stream began
    #[arg(long, value_name = "MS")]
    hangup_after_ms: Option<u64>,
}

impl NetworkArgs {
    pub(crate) fn network(self) -> Network {
        let network = Network {
            jitter_ms: self.jitter,
            loss: self.loss / 100.0,
            duplicates: self.duplicates / 100.0,
            hang_up_after_ms: self.hangup_after_ms,
            ..Network::default()
        };
        if self.jitter > 0 { network.in_real_time() } else { network }
    }
}

/// A share of a hundred.
fn percent(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("a number from 0 to 100 is wanted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_from_0_to_100() {
        assert_eq!(["0", "2.5", "100"].map(percent), [Ok(0.0), Ok(2.5), Ok(100.0)]);
        assert!(["-1", "100.1", "NaN", "", "1%"].iter().all(|text| percent(text).is_err()));
    }
}
