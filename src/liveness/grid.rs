use super::spectrum::{BANDS, LINES, Spectrum};

/// Bands on either side that a band is compared with: ±250 Hz, wider than the harmonics of a high voice are apart.
const AROUND: usize = 8;
/// How much a band must stand out, in dB, to be told from noise.
const CONTRAST_DB: f32 = 2.0;
/// Frames so much below the loudest hold the line's noise, not the voice.
const ACTIVE_DB: f32 = 30.0;

/// Where a frame's spectrum stands out and where it dips: a bit for each band, both clear where it does neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) above: u128,
    pub(super) below: u128,
}

impl Cells {
    /// Bands that say something.
    pub(super) fn marked(self) -> u32 {
        (self.above | self.below).count_ones()
    }

    /// Bands that say the same in both, less those that say the opposite.
    pub(super) fn agreement(self, other: Self) -> i32 {
        let same = (self.above & other.above) | (self.below & other.below);
        let opposite = (self.above & other.below) | (self.below & other.above);
        same.count_ones().cast_signed() - opposite.count_ones().cast_signed()
    }
}

/// The levels of bands, `[frames, BANDS]`, and which frames are voice.
fn bands(spectrum: &Spectrum) -> Vec<f32> {
    let pair = |pair: &[f32]| f32::midpoint(pair[0], pair[1]);
    spectrum.levels.chunks_exact(LINES / BANDS).map(pair).collect()
}

/// Which frames are loud enough to be voice.
pub(super) fn active(spectrum: &Spectrum) -> Vec<bool> {
    let loudness = |frame: usize| {
        let lines = spectrum.frame(frame);
        10.0 * lines.iter().map(|level| 10_f32.powf(level / 10.0)).sum::<f32>().max(1e-30).log10()
    };
    let loudness: Vec<f32> = (0..spectrum.frames()).map(loudness).collect();
    let loudest = loudness.iter().copied().fold(f32::MIN, f32::max);
    loudness.into_iter().map(|level| level > loudest - ACTIVE_DB).collect()
}

/// Marks the cells of a spectrum.
///
/// Each band is compared with those around it, which takes away level and equaliser, and with its own mean over time,
/// which takes away resonances.
pub(super) fn cells(spectrum: &Spectrum, active: &[bool]) -> Vec<Cells> {
    let mut contrast = Vec::with_capacity(spectrum.frames() * BANDS);
    for frame in bands(spectrum).chunks_exact(BANDS) {
        for band in 0..BANDS {
            let around = &frame[band.saturating_sub(AROUND)..(band + AROUND + 1).min(BANDS)];
            contrast.push(frame[band] - around.iter().sum::<f32>() / around.len() as f32);
        }
    }
    let voiced = active.iter().filter(|active| **active).count().max(1) as f32;
    let mut means = [0.0; BANDS];
    for (frame, _) in contrast.chunks_exact(BANDS).zip(active).filter(|(_, active)| **active) {
        means.iter_mut().zip(frame).for_each(|(mean, value)| *mean += value / voiced);
    }
    let mark = |(frame, active): (&[f32], &bool)| {
        let mut cells = Cells::default();
        if *active {
            for (band, (value, mean)) in frame.iter().zip(means).enumerate() {
                cells.above |= u128::from(value - mean > CONTRAST_DB) << band;
                cells.below |= u128::from(value - mean < -CONTRAST_DB) << band;
            }
        }
        cells
    };
    contrast.chunks_exact(BANDS).zip(active).map(mark).collect()
}
