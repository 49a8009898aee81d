use std::time::Duration;

use tokio::time::Instant;

use super::FRAME_MS;
use super::network::{Network, Pace};

/// The longest burst before a stream goes on in real time: 750 messages, where servers take bursts of about 1000.
const AHEAD_FRAMES: u64 = 15_000 / FRAME_MS;
/// After so much silence in a row nothing is lost by slowing down: the server closes before we are far ahead of it.
const SILENT_FRAMES: u64 = 400 / FRAME_MS;
/// Ten times as fast as real.
const SILENT_STEP: Duration = Duration::from_millis(FRAME_MS / 10);

/// Says when each frame leaves.
pub(super) struct Pacer {
    pace: Pace,
    /// When frame 0 would have begun, had all frames been sent in real time.
    begin: Instant,
    before: Instant,
    silent: u64,
}

impl Pacer {
    pub(super) fn new(pace: Pace, now: Instant) -> Self {
        Self { pace, begin: now, before: now, silent: 0 }
    }

    /// When a frame leaves; `None` is at once. Frames are asked for in order.
    ///
    /// A frame leaves when its last sample has been spoken, and not before the one before it.
    pub(super) fn departure(
        &mut self,
        frame: u64,
        network: &Network,
        was_silent: bool,
        now: Instant,
    ) -> Option<Instant> {
        self.silent = if was_silent { self.silent + 1 } else { 0 };
        if self.pace == Pace::AsTaken && frame < AHEAD_FRAMES {
            // From here on in real time, should it come to that.
            self.begin = now.checked_sub(Duration::from_millis(frame * FRAME_MS)).unwrap_or(now);
            self.before = now;
            return (self.silent > SILENT_FRAMES).then(|| now + SILENT_STEP);
        }
        let spoken = self.begin + Duration::from_millis((frame + 1) * FRAME_MS);
        self.before = self.before.max(spoken + Duration::from_millis(network.delay_ms(frame)));
        Some(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_time_does_not_drift_and_jitter_only_delays() {
        let now = Instant::now();
        let network = Network { jitter_ms: 50, ..Network::default() };
        let mut pacer = Pacer::new(Pace::RealTime, now);
        let mut before = now;
        for frame in 0..500 {
            let at = pacer.departure(frame, &network, false, now).unwrap();
            let spoken = now + Duration::from_millis((frame + 1) * FRAME_MS);
            assert!(at >= spoken && at <= spoken + Duration::from_millis(50) && at >= before, "frame {frame}");
            before = at;
        }
    }

    #[test]
    fn speech_is_not_paced_silence_a_little_and_fifteen_seconds_in_real_time() {
        let (now, network) = (Instant::now(), Network::default());
        let mut pacer = Pacer::new(Pace::AsTaken, now);
        assert!((0..300).all(|frame| pacer.departure(frame, &network, false, now).is_none()));
        let silence: Vec<_> = (300..750).map(|frame| pacer.departure(frame, &network, true, now)).collect();
        assert!(silence[..20].iter().all(Option::is_none));
        assert!(silence[20..].iter().all(|at| *at == Some(now + Duration::from_millis(2))));
        let first = pacer.departure(750, &network, true, now).unwrap();
        let second = pacer.departure(751, &network, true, now).unwrap();
        assert_eq!(second - first, Duration::from_millis(FRAME_MS));
        assert!(first - now <= Duration::from_millis(2 * FRAME_MS));
    }
}
