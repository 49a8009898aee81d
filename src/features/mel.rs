use super::{BINS_USED, Features, MEL_HIGH_HZ, MEL_LOW_HZ};

/// Kaldi's mel scale.
fn mel(hz: f64) -> f64 {
    1127.0 * (1.0 + hz / 700.0).ln()
}

/// The triangles as weights of the power spectrum, each only where it is above zero.
pub(super) struct MelBank {
    /// Per bin: the first spectrum line, and the range of its weights.
    bins: [(usize, std::ops::Range<usize>); BINS_USED],
    weights: Vec<f32>,
}

impl MelBank {
    /// Triangles over `lines` spectrum lines that lie `spacing_hz` apart.
    pub(super) fn new(spacing_hz: f64, lines: usize) -> Self {
        let (low, high) = (mel(f64::from(MEL_LOW_HZ)), mel(f64::from(MEL_HIGH_HZ)));
        let edge = |n: usize| low + (high - low) * n as f64 / (Features::BINS + 1) as f64;
        let mut weights = Vec::new();
        let bins = std::array::from_fn(|bin| {
            let (left, centre, right) = (edge(bin), edge(bin + 1), edge(bin + 2));
            let weight = |line: usize| {
                let at = mel(line as f64 * spacing_hz);
                ((at - left) / (centre - left)).min((right - at) / (right - centre))
            };
            let first = (0..lines).find(|&line| weight(line) > 0.0).unwrap_or(lines);
            let start = weights.len();
            weights.extend((first..lines).map(weight).take_while(|&weight| weight > 0.0).map(|weight| weight as f32));
            (first, start..weights.len())
        });
        Self { bins, weights }
    }

    /// Writes each bin's energy to the start of `row`.
    pub(super) fn apply(&self, power: &[f32], row: &mut [f32]) {
        for (energy, (first, range)) in row.iter_mut().zip(&self.bins) {
            let weights = &self.weights[range.clone()];
            *energy = weights.iter().zip(&power[*first..]).map(|(weight, power)| weight * power).sum();
        }
    }
}
