/// The network between the caller and the server.
///
/// The same `seed` loses, doubles and delays the same frames.
///
/// ```
/// use callprint::phone::{Network, Pace};
/// let bad = Network { loss: 0.02, jitter_ms: 30, pace: Pace::RealTime, ..Network::default() };
/// assert_eq!(bad.lead_in_ms, 300);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// How fast frames are sent.
    pub pace: Pace,
    /// Frames come up to so much late, in order nevertheless; only in real time.
    pub jitter_ms: u32,
    /// The share of frames that is not sent, 0 to 1. It shows as a gap in the timestamps: the provider numbers what it
    /// sends.
    pub loss: f32,
    /// The share of frames that is sent twice, byte for byte, 0 to 1.
    pub duplicates: f32,
    /// When the caller hangs up, in milliseconds since the stream began.
    pub hang_up_after_ms: Option<u64>,
    /// Keys the caller presses besides those of the script: when, in milliseconds since the stream began, and which.
    pub keys: Vec<(u64, char)>,
    /// How long the caller is silent before speaking; counted anew after the server's own sound.
    pub lead_in_ms: u64,
    /// How long a stream may last, in milliseconds on the line.
    pub longest_ms: u64,
    /// Which frames are hit.
    pub seed: u64,
}

/// How fast the frames of a stream are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Speech as fast as the socket takes it, silence ten times as fast as real; after 15 s of audio, in real time.
    #[default]
    AsTaken,
    /// Every 20 ms, by deadlines that do not drift.
    RealTime,
}

impl Default for Network {
    /// A perfect one. A caller needs 300 ms to begin, and no turn takes a minute.
    fn default() -> Self {
        Self {
            pace: Pace::AsTaken,
            jitter_ms: 0,
            loss: 0.0,
            duplicates: 0.0,
            hang_up_after_ms: None,
            keys: Vec::new(),
            lead_in_ms: 300,
            longest_ms: 60_000,
            seed: 0,
        }
    }
}

impl Network {
    /// The same in real time.
    #[must_use]
    pub fn in_real_time(self) -> Self {
        Self { pace: Pace::RealTime, ..self }
    }

    pub(super) fn loses(&self, frame: u64) -> bool {
        self.dice(frame, 1) < f64::from(self.loss)
    }

    pub(super) fn doubles(&self, frame: u64) -> bool {
        self.dice(frame, 2) < f64::from(self.duplicates)
    }

    pub(super) fn delay_ms(&self, frame: u64) -> u64 {
        (self.dice(frame, 3) * (f64::from(self.jitter_ms) + 1.0)) as u64
    }

    /// A number from 0 to 1, the same for the same frame: the mixing step of `SplitMix64`.
    fn dice(&self, frame: u64, salt: u64) -> f64 {
        let mut x = (self.seed ^ salt.rotate_left(32)).wrapping_add((frame + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_hit_as_often_as_asked_and_the_same_each_time() {
        let network = Network { loss: 0.05, duplicates: 0.2, jitter_ms: 40, seed: 7, ..Network::default() };
        let share = |hit: &dyn Fn(u64) -> bool| (0..10_000).filter(|&frame| hit(frame)).count() as f32 / 10_000.0;
        assert!((share(&|frame| network.loses(frame)) - 0.05).abs() < 0.01);
        assert!((share(&|frame| network.doubles(frame)) - 0.2).abs() < 0.02);
        let delays: Vec<u64> = (0..10_000).map(|frame| network.delay_ms(frame)).collect();
        assert_eq!((delays.iter().min(), delays.iter().max()), (Some(&0), Some(&40)));
        assert!((0..1_000).all(|frame| network.loses(frame) == network.clone().loses(frame)));
        let other = Network { seed: 8, ..network.clone() };
        assert!((0..1_000).any(|frame| network.loses(frame) != other.loses(frame)));
    }

    #[test]
    fn a_perfect_network_hits_nothing_and_a_dead_one_everything() {
        let (perfect, dead) = (Network::default(), Network { loss: 1.0, duplicates: 1.0, ..Network::default() });
        assert!(
            (0..1_000).all(|frame| !perfect.loses(frame) && !perfect.doubles(frame) && perfect.delay_ms(frame) == 0)
        );
        assert!((0..1_000).all(|frame| dead.loses(frame) && dead.doubles(frame)));
    }
}
