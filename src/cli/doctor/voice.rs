//! Whether the models load and hear what they should.

use std::time::Instant;

use serde::Deserialize;

use super::Finding;
use crate::config::Config;
use crate::engine::Engine;
use crate::features::{Fbank, Features};
use crate::models::{Library, ModelError};
use crate::types::Clip8k;

/// What ONNX Runtime outside of this program makes of the test signal; see `fixtures/vectors/README.md`.
const GOLDEN: &str = include_str!("../../../fixtures/vectors/campplus_golden.json");
const OPINION_GOLDEN: &str = include_str!("../../../fixtures/vectors/resnet34_golden.json");
/// Kernels differ between processors: fp32 reaches 0.9999, int8 0.995. A wrong model or front end is far below both.
const LEAST_COSINE: f32 = 0.99;

#[derive(Deserialize)]
struct Golden {
    fp32: Vec<f32>,
    int8: Vec<f32>,
}

#[derive(Deserialize)]
struct OpinionGolden {
    int8: Vec<f32>,
}

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let start = Instant::now();
    let library = match Library::load(&config.models) {
        Ok(library) => library,
        Err(error) => return vec![Finding::bad("models", error.to_string(), "run `make setup`, or see the message")],
    };
    let runtime = library.runtime().map(|path| path.display().to_string()).unwrap_or_default();
    let id = library.opinion().map_or(&library.speaker().id, |opinion| &opinion.id);
    let loaded = format!("{id} loaded in {} ms, {runtime}", start.elapsed().as_millis());
    let mut findings = vec![Finding::good("models", loaded), self_test(&library)];
    findings.extend(opinion_self_test(&library));
    findings.push(calibration(config, library));
    findings
}

/// Which calibration decides, and whether it belongs to the model.
fn calibration(config: &Config, library: Library) -> Finding {
    let check = "calibration";
    match Engine::new(library).calibrated(config.models.calibration.as_deref()) {
        Ok(engine) => {
            let [one, tenth, hundredth] = engine.calibration().thresholds();
            let name = engine.calibrated_by();
            Finding::good(check, format!("{name}; LLR ≥ {one:.1}, {tenth:.1}, {hundredth:.1} for FAR 1, 0.1, 0.01 %"))
        }
        Err(error) => {
            let advice = "run `callprint calibrate` for this model, or set models.calibration = \"\"";
            Finding::bad(check, format!("{}: {error}", error.code()), advice)
        }
    }
}

/// Listens to a signal whose embedding is known.
fn self_test(library: &Library) -> Finding {
    let check = "model self-test";
    let golden: Golden = match serde_json::from_str(GOLDEN) {
        Ok(golden) => golden,
        Err(error) => return Finding::bad(check, error.to_string(), "a bug: please report it"),
    };
    let id = library.speaker().id.to_string();
    let expected = match id.as_str() {
        id if id.starts_with("campplus-zh-en-192-int8") => golden.int8,
        id if id.starts_with("campplus-zh-en-192-fp32") => golden.fp32,
        _ => return Finding::good(check, format!("no reference for {id}")),
    };
    judge(check, library.embed(&features()), &expected)
}

/// The same of the second opinion, if there is one.
fn opinion_self_test(library: &Library) -> Option<Finding> {
    let check = "second opinion self-test";
    let embedding = library.second_embed(&features()).transpose()?;
    Some(match serde_json::from_str::<OpinionGolden>(OPINION_GOLDEN) {
        Ok(golden) => judge(check, embedding, &golden.int8),
        Err(error) => Finding::bad(check, error.to_string(), "a bug: please report it"),
    })
}

fn judge(check: &'static str, embedding: Result<Vec<f32>, ModelError>, expected: &[f32]) -> Finding {
    match embedding {
        Ok(embedding) => {
            let cosine = cosine(&embedding, expected);
            let found = format!("cosine {cosine:.4} to the reference");
            if cosine >= LEAST_COSINE {
                Finding::good(check, found)
            } else {
                Finding::bad(check, found, "do not take calls with it: restore models/ and ONNX Runtime (`make setup`)")
            }
        }
        Err(error) => Finding::bad(check, error.to_string(), "restore models/ and ONNX Runtime (`make setup`)"),
    }
}

fn features() -> Features {
    let clip = signal();
    Fbank::new().compute(&clip, 0..clip.samples().len())
}

/// The formula of `fixtures/vectors/fbank_golden.json`: three seconds of a warbling chirp in noise.
fn signal() -> Clip8k {
    use std::f64::consts::TAU;
    let mut noise: u32 = 12_345;
    let sample = |i: u32| {
        let t = f64::from(i) / 8000.0;
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let chirp = 6000.0 * (TAU * (300.0 * t + 450.0 * t * t)).sin() * (0.6 + 0.4 * (TAU * 3.0 * t).sin());
        let value = chirp + (f64::from(noise >> 16) - 32_768.0) / 64.0;
        (value.round() / 32_768.0) as f32
    };
    Clip8k::new((0..24_000).map(sample).collect::<Vec<f32>>())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
