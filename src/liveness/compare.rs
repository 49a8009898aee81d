use super::Fingerprint;
use super::grid::Cells;
use super::landmark::Landmark;
use super::spectrum::{BANDS, FIRST_BAND, LINES};

/// How much of a probe is an earlier recording, were it one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Match {
    /// Share of the landmarks that are found again at one offset, about 0 to 1.
    pub(super) landmarks: f32,
    /// Correlation of the cells at that offset, -1 to 1; 0 where too few landmarks called for a look.
    pub(super) correlation: f32,
}

impl Match {
    /// Both together: logistic regression weighs them 7.2 to 6.5 on the evaluation data, which is as good as evenly.
    pub(super) fn likeness(self) -> f32 {
        f32::midpoint(self.landmarks, self.correlation)
    }
}

/// How one recording would have been played to become the other.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Alignment {
    /// Frames of the earlier one in a frame of the probe.
    tempo: f32,
    /// The probe's frequencies over the earlier one's.
    pitch: f32,
    /// The earlier one's frame at the probe's first.
    offset: f32,
}

/// Speeds looked for, in percent: ±4 %, and steps that the frame length cannot tell apart over 3 s.
const SPEEDS: std::ops::RangeInclusive<i32> = -4..=4;
/// Players are off by less than 1 %; who changes the speed by more leaves a clean copy, and needs no benefit of doubt.
///
/// Fresh takes differ in tempo, so that their best offset is mostly at such a speed: with the penalty the highest of
/// 4,000 pairs fell from 0.32 to 0.23.
const CHANGED_SPEED: f32 = 0.015;
const PENALTY: f32 = 0.08;
/// Added to the number of landmarks before a share is taken: 1 s of speech alone finds as many by chance as would
/// convict it.
const DOUBT: f32 = 30.0;
/// Below this share of landmarks no correlation has made a replay of a pair. Nine in ten fresh pairs end here.
const WORTH_A_LOOK: f32 = 0.08;
/// Offsets looked at closely.
const CANDIDATES: usize = 5;
/// Around a candidate: its tempo a third of a step either way, twice, and its offset by two frames.
const FINER_TEMPI: [f32; 5] = [-0.0067, -0.0033, 0.0, 0.0033, 0.0067];
const FINER_OFFSETS: [f32; 5] = [-2.0, -1.0, 0.0, 1.0, 2.0];
/// The share of a probe that a recording must explain to count fully.
const FULL_COVERAGE: f32 = 0.5;
/// Added to the number of marked cells before a correlation is taken, for the same reason; 3 s of speech have some
/// 8,000.
const CELLS_DOUBT: f32 = 400.0;

/// Finds the alignment at which a probe is most like an earlier recording.
pub(super) fn compare(probe: &Fingerprint, earlier: &Fingerprint) -> Match {
    let mut candidates = candidates(probe, earlier);
    candidates.retain(|(share, _)| *share > WORTH_A_LOOK);
    candidates.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    candidates.truncate(CANDIDATES);
    let looked = candidates.into_iter().map(|(landmarks, alignment)| {
        let cells = Warp::new(alignment.pitch).apply(&probe.cells);
        let correlation = refined(alignment, cells.len())
            .map(|alignment| correlation(&cells, &earlier.cells, alignment))
            .fold(0.0, f32::max);
        Match { landmarks, correlation }
    });
    looked.max_by(|a, b| a.likeness().total_cmp(&b.likeness())).unwrap_or_default()
}

/// The best offset for each speed, the pitch with it or not, with its share of landmarks.
fn candidates(probe: &Fingerprint, earlier: &Fingerprint) -> Vec<(f32, Alignment)> {
    let by_line = ByLine::new(&earlier.landmarks);
    let (ours, theirs) = (probe.landmarks.len() as f32, earlier.landmarks.len() as f32);
    let explained = ours.min(theirs).max(ours * FULL_COVERAGE) + DOUBT;
    let mut found = Vec::new();
    let mut votes_at = Vec::new();
    for percent in SPEEDS {
        let tempo = 1.0 + percent as f32 / 100.0;
        let pitches: &[f32] = if percent == 0 { &[1.0] } else { &[1.0, tempo] };
        let penalty = if (tempo - 1.0).abs() > CHANGED_SPEED { PENALTY } else { 0.0 };
        for &pitch in pitches {
            let lead = vote(probe, earlier.cells.len(), &by_line, (tempo, pitch), &mut votes_at);
            let Some((at, votes)) = peak(&votes_at) else { continue };
            found.push((votes / explained - penalty, Alignment { tempo, pitch, offset: at as f32 - lead as f32 }));
        }
    }
    found
}

/// Each pair of landmarks on the same line votes for the offset at which they are one; offset 0 is at the number
/// returned.
fn vote(
    probe: &Fingerprint,
    frames: usize,
    by_line: &ByLine,
    (tempo, pitch): (f32, f32),
    votes: &mut Vec<u16>,
) -> usize {
    let first = FIRST_BAND * (LINES / BANDS) as f32;
    let lead = (probe.cells.len() as f32 * tempo) as usize + 2;
    votes.clear();
    votes.resize(lead + frames + 2, 0);
    for landmark in &probe.landmarks {
        let line = ((f32::from(landmark.line) + first) / pitch - first).round();
        if !(0.0..LINES as f32).contains(&line) {
            continue;
        }
        let start = lead as f32 - f32::from(landmark.frame) * tempo;
        for &frame in by_line.near(line as usize) {
            votes[(start + f32::from(frame)).round() as usize] += 1;
        }
    }
    lead
}

/// The offset with the most votes in three frames, and how many.
fn peak(votes: &[u16]) -> Option<(usize, f32)> {
    let three = |at: usize| votes[at - 1] + votes[at] + votes[at + 1];
    let best = (1..votes.len().saturating_sub(1)).max_by_key(|&at| three(at))?;
    Some((best, f32::from(three(best))))
}

/// Landmarks' frames, by line.
struct ByLine {
    starts: [u16; LINES + 1],
    frames: Vec<u16>,
}

impl ByLine {
    fn new(landmarks: &[Landmark]) -> Self {
        let mut starts = [0_u16; LINES + 1];
        for landmark in landmarks {
            starts[usize::from(landmark.line) + 1] += 1;
        }
        for line in 0..LINES {
            starts[line + 1] += starts[line];
        }
        let (mut next, mut frames) = (starts, vec![0; landmarks.len()]);
        for landmark in landmarks {
            let slot = &mut next[usize::from(landmark.line)];
            frames[usize::from(*slot)] = landmark.frame;
            *slot += 1;
        }
        Self { starts, frames }
    }

    /// Those within one line, as a room and another clock move a peak.
    fn near(&self, line: usize) -> &[u16] {
        let (from, to) = (line.saturating_sub(1), (line + 2).min(LINES));
        &self.frames[usize::from(self.starts[from])..usize::from(self.starts[to])]
    }
}

/// Alignments close to one; the tempo turns around the probe's middle.
fn refined(alignment: Alignment, frames: usize) -> impl Iterator<Item = Alignment> {
    let middle = frames as f32 / 2.0;
    FINER_TEMPI.into_iter().flat_map(move |tempo| {
        FINER_OFFSETS.into_iter().map(move |offset| Alignment {
            tempo: alignment.tempo + tempo,
            offset: alignment.offset + offset - tempo * middle,
            ..alignment
        })
    })
}

/// Correlation of cells where both recordings have some, less where that is too small a part of the probe.
fn correlation(probe: &[Cells], earlier: &[Cells], alignment: Alignment) -> f32 {
    let (mut agreement, mut ours, mut theirs, mut all) = (0, 0, 0, 0);
    let mut at = alignment.offset + 0.5;
    for cells in probe {
        let marked = cells.marked();
        all += marked;
        if at >= 0.0
            && let Some(there) = earlier.get(at as usize)
        {
            agreement += cells.agreement(*there);
            ours += marked;
            theirs += there.marked();
        }
        at += alignment.tempo;
    }
    if agreement <= 0 {
        return 0.0;
    }
    let coverage = ours as f32 / all as f32;
    agreement as f32 / ((ours as f32 * theirs as f32).sqrt() + CELLS_DOUBT) * (coverage / FULL_COVERAGE).min(1.0)
}

/// Moves a frame's bands to where another pitch has them: shifts, each with the bands that it fills.
struct Warp(Vec<(i32, u128)>);

impl Warp {
    fn new(pitch: f32) -> Self {
        let mut shifts: Vec<(i32, u128)> = Vec::new();
        for band in 0..BANDS as u8 {
            let from = ((f32::from(band) + FIRST_BAND) * pitch - FIRST_BAND).round() as i32;
            let shift = from - i32::from(band);
            match shifts.iter_mut().find(|(known, _)| *known == shift) {
                Some((_, bands)) => *bands |= 1 << band,
                None => shifts.push((shift, 1 << band)),
            }
        }
        Self(shifts)
    }

    fn apply(&self, cells: &[Cells]) -> Vec<Cells> {
        let moved = |bits: u128| {
            self.0.iter().fold(0, |sum, (shift, bands)| {
                let moved = if *shift >= 0 { bits >> shift } else { bits << -shift };
                sum | (moved & bands)
            })
        };
        cells.iter().map(|cells| Cells { above: moved(cells.above), below: moved(cells.below) }).collect()
    }
}
