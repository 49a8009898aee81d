/// The normal deviate of a probability: the axes of a DET curve.
///
/// Abramowitz and Stegun 26.2.23, right to 0.00045, which is less than a pixel. 0 and 1 are infinite.
pub fn probit(probability: f64) -> f64 {
    if probability <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if probability >= 1.0 {
        return f64::INFINITY;
    }
    let tail = probability.min(1.0 - probability);
    let t = (-2.0 * tail.ln()).sqrt();
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let deviate = t - numerator / denominator;
    if probability < 0.5 { -deviate } else { deviate }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_are_those_of_the_tables() {
        // scipy.stats.norm.ppf
        for (probability, deviate) in
            [(0.5, 0.0), (0.025, -1.959_964), (0.001, -3.090_232), (0.99, 2.326_348), (1e-5, -4.264_891)]
        {
            assert!((probit(probability) - deviate).abs() < 4.5e-4, "{probability}");
        }
        assert!(probit(0.0).is_infinite() && probit(1.0).is_infinite());
    }
}
