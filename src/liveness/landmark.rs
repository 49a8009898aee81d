use super::spectrum::{LINES, Spectrum};

/// A peak of the spectrum: nothing around it is louder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Landmark {
    /// The frame it is in.
    pub(super) frame: u16,
    /// The line it is at.
    pub(super) line: u8,
}

/// How far around nothing may be louder: ±2 frames (32 ms), ±4 lines (62 Hz, less than the harmonics of a voice are
/// apart).
const FRAMES: usize = 2;
const LINES_AROUND: usize = 4;
/// The most kept of a frame, the loudest.
pub(super) const PER_FRAME: usize = 6;

/// The peaks of the frames that are voice, in order of time.
pub(super) fn landmarks(spectrum: &Spectrum, active: &[bool]) -> Vec<Landmark> {
    let frames = spectrum.frames();
    let mut found = Vec::new();
    for frame in (0..frames).filter(|&frame| active[frame]) {
        let near = frame.saturating_sub(FRAMES)..(frame + FRAMES + 1).min(frames);
        let levels = spectrum.frame(frame);
        let mut peaks: Vec<usize> = (1..LINES - 1)
            .filter(|&line| {
                let around = line.saturating_sub(LINES_AROUND)..(line + LINES_AROUND + 1).min(LINES);
                let level = levels[line];
                levels[line - 1] < level
                    && levels[line + 1] < level
                    && near.clone().all(|other| spectrum.frame(other)[around.clone()].iter().all(|&it| it <= level))
            })
            .collect();
        peaks.sort_unstable_by(|a, b| levels[*b].total_cmp(&levels[*a]));
        peaks.truncate(PER_FRAME);
        peaks.sort_unstable();
        found.extend(peaks.into_iter().map(|line| Landmark { frame: frame as u16, line: line as u8 }));
    }
    found
}
