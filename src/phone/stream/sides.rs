use super::caller::{Sound, frames};
use crate::types::Clip8k;
use crate::types::media::Track;

/// Noise sent after both clips are over: two seconds, so that a server finds the end of speech.
const TAIL_FRAMES: u64 = 100;

/// The two sides of a call that goes on elsewhere.
pub(super) struct Sides {
    sides: Vec<(Track, Sound)>,
    last_frame: u64,
}

impl Sides {
    pub(super) fn new(inbound: Option<&Clip8k>, outbound: Option<&Clip8k>) -> Self {
        let sides = [(Track::Inbound, inbound), (Track::Outbound, outbound)];
        let sides: Vec<_> = sides.into_iter().filter_map(|(track, clip)| Some((track, clip?))).collect();
        let longest = sides.iter().map(|(_, clip)| frames(clip)).max().unwrap_or_default();
        let sides = sides.into_iter().map(|(track, clip)| (track, Sound::new(clip.samples()))).collect();
        Self { sides, last_frame: longest as u64 + TAIL_FRAMES }
    }

    pub(super) fn tracks(&self) -> Vec<Track> {
        self.sides.iter().map(|(track, _)| *track).collect()
    }

    pub(super) fn frame(&self, frame: u64) -> Vec<(Track, &str)> {
        self.sides.iter().map(|(track, sound)| (*track, sound.frame(frame as usize))).collect()
    }

    pub(super) fn last_frame(&self) -> u64 {
        self.last_frame
    }
}
