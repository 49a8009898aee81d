//! Whether the models load and hear what they should.

use std::time::Instant;

use serde_json::Value;

use super::Finding;
use crate::config::Config;
use crate::engine::Engine;
use crate::features::{Fbank, Features};
use crate::models::{Library, ModelError};
use crate::types::Clip8k;

/// The embedding of the test signal by ONNX Runtime outside of this program, as `fixtures/vectors/README.md` says:
/// the manifest's id of the model, the file, and the key in it.
const REFERENCES: [(&str, &str, &str); 3] = [
    ("campplus-zh-en-192-int8-v1", include_str!("../../../fixtures/vectors/campplus_golden.json"), "int8"),
    ("campplus-zh-en-192-fp32-v1", include_str!("../../../fixtures/vectors/campplus_golden.json"), "fp32"),
    ("resnet34-voxceleb-256-int8-v1", include_str!("../../../fixtures/vectors/resnet34_golden.json"), "int8"),
];
/// Kernels differ between processors: fp32 reaches 0.9999, int8 0.995. A wrong model or front end is far below both.
const LEAST_COSINE: f32 = 0.99;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let start = Instant::now();
    let library = match Library::load(&config.models) {
        Ok(library) => library,
        Err(error) => return vec![Finding::bad("models", error.to_string(), "run `make setup`, or see the message")],
    };
    let runtime = library.runtime().map(|path| path.display().to_string()).unwrap_or_default();
    let id = library.second_model().map_or(&library.speaker().id, |second| &second.id);
    let loaded = format!("{id} loaded in {} ms, {runtime}", start.elapsed().as_millis());
    let mut findings = vec![Finding::good("models", loaded), self_test(&library)];
    findings.extend(second_self_test(&library));
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

/// Compares the speaker model's embedding of the test signal with its reference.
fn self_test(library: &Library) -> Finding {
    judge("model self-test", library.speaker().id.as_str(), library.embed(&features()))
}

/// The same of the second model, if there is one.
fn second_self_test(library: &Library) -> Option<Finding> {
    let embedding = library.second_embed(&features()).transpose()?;
    // The ids of both models, joined by a plus.
    let (_, id) = library.voice_id().as_str().split_once('+')?;
    Some(judge("second opinion self-test", id, embedding))
}

/// The reference of a model by its id in the manifest; none for a model without one.
fn reference(id: &str) -> Option<serde_json::Result<Vec<f32>>> {
    let (_, golden, key) = REFERENCES.into_iter().find(|(of, ..)| *of == id)?;
    let numbers = |golden: Value| serde_json::from_value(golden[key].clone());
    Some(serde_json::from_str(golden).and_then(numbers))
}

fn judge(check: &'static str, id: &str, embedding: Result<Vec<f32>, ModelError>) -> Finding {
    let expected = match reference(id) {
        Some(Ok(expected)) => expected,
        Some(Err(error)) => return Finding::bad(check, error.to_string(), "a bug: please report it"),
        None => return Finding::good(check, format!("no reference for {id}")),
    };
    match embedding {
        Ok(embedding) => {
            let cosine = cosine(&embedding, &expected);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::manifest::{Manifest, Role};

    #[test]
    fn every_model_of_a_voice_in_the_manifest_has_a_reference() {
        let manifest: Manifest = toml::from_str(include_str!("../../../models/manifest.toml")).unwrap();
        for entry in manifest.models.iter().filter(|entry| matches!(entry.role, Role::Speaker | Role::Opinion)) {
            assert!(reference(&entry.id).is_some_and(|numbers| !numbers.unwrap().is_empty()), "{}", entry.id);
        }
    }
}
