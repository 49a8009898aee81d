use std::f64::consts::TAU;

/// Random numbers that are the same on every machine: `SplitMix64` (Steele, Lea, Flood 2014).
///
/// A library's generator may change with its version, and then so would every figure.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice for one event of a run: the same seed and name give the same throws, in whatever order events are worked
    /// off.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        // FNV-1a over the name.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut dice = Self(seed ^ hash);
        dice.next();
        dice
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly spread over `low` to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of `count` things.
    pub(crate) fn pick(&mut self, count: usize) -> usize {
        (self.between(0.0, count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Normally distributed around 0 with a deviation of 1 (Box, Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.between(f64::MIN_POSITIVE, 1.0), self.between(0.0, TAU));
        (-2.0 * radius.ln()).sqrt() * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_throw_the_same() {
        let throws = |seed, name| {
            let mut dice = Dice::new(seed, name);
            [dice.between(0.0, 1.0), dice.normal(), dice.pick(10) as f64].map(f64::to_bits)
        };
        assert_eq!(throws(7, "a"), throws(7, "a"));
        assert_ne!(throws(7, "a"), throws(7, "b"));
        assert_ne!(throws(7, "a"), throws(8, "a"));
    }

    #[test]
    fn throws_are_spread_as_they_should_be() {
        let mut dice = Dice::new(1, "spread");
        let even: Vec<f64> = (0..10_000).map(|_| dice.between(-1.0, 1.0)).collect();
        let normal: Vec<f64> = (0..10_000).map(|_| dice.normal()).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let power = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
        assert!(mean(&even).abs() < 0.03 && (power(&even) - 1.0 / 3.0).abs() < 0.02);
        assert!(mean(&normal).abs() < 0.05 && (power(&normal) - 1.0).abs() < 0.05);
        assert!((0..1_000).all(|_| dice.pick(3) < 3));
    }
}
