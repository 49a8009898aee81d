use std::collections::HashSet;
use std::f64::consts::TAU;
use std::fs;

use callprint::features::Fbank;
use callprint::models::Library;
use callprint::types::Clip8k;
use callprint::vad::{self, VadConfig};
use serde_json::Value;
use tempfile::TempDir;

use crate::fixtures;

/// A models folder of one's own, with a text of the manifest replaced. The files are links to the repository's.
fn altered(from: &str, to: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = fixtures::root().join("models");
    let phrase = ["encoder.ort", "decoder.ort", "tokens.bin"].map(|file| format!("moonshine_tiny_en_{file}"));
    let voice = ["campplus_int8.onnx", "campplus_backend.json", "resnet34_int8.ort", "resnet34_backend.json"];
    let rest = ["silero_vad.onnx", "moonshine_space.json"];
    for file in voice.into_iter().chain(rest).chain(phrase.iter().map(String::as_str)) {
        std::os::unix::fs::symlink(source.join(file), folder.path().join(file)).unwrap();
    }
    let manifest = fs::read_to_string(source.join("manifest.toml")).unwrap();
    assert!(manifest.contains(from), "the manifest has no {from:?} to replace");
    fs::write(folder.path().join("manifest.toml"), manifest.replacen(from, to, 1)).unwrap();
    folder
}

/// Puts another file in a link's place.
fn replace(folder: &TempDir, file: &str, bytes: &[u8]) {
    let path = folder.path().join(file);
    fs::remove_file(&path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn code(folder: &TempDir) -> &'static str {
    let mut config = fixtures::models();
    config.dir = Some(folder.path().to_owned());
    Library::load(&config).map_or_else(|error| error.code(), |_| "loaded")
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// A linear congruential generator's next number, −32768 to 32767, as the golden signals use it.
fn next(state: &mut u32) -> f64 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    f64::from(*state >> 16) - 32768.0
}

/// 3 s of a formula in 16-bit samples, checked against the sum that the golden file gives.
fn synthetic(golden: &Value, noise: f64, tone: impl Fn(f64) -> f64) -> Clip8k {
    let mut state = 12345;
    let mut sample = |i: u32| (tone(f64::from(i) / 8000.0) + next(&mut state) / noise).round_ties_even();
    let samples: Vec<i32> = (0..24_000).map(|i| sample(i) as i32).collect();
    assert_eq!(i64::from(samples.iter().sum::<i32>()), golden["signal"]["pcm_sum"].as_i64().unwrap());
    Clip8k::new(samples.into_iter().map(|sample| sample as f32 / 32768.0).collect::<Vec<_>>())
}

/// The signal of `fbank_golden.json`: a swept tone.
fn swept_tone() -> Clip8k {
    let tone = |t: f64| 6000.0 * (TAU * (300.0 * t + 450.0 * t * t)).sin() * (0.6 + 0.4 * (TAU * 3.0 * t).sin());
    synthetic(&fixtures::vectors("fbank_golden"), 64.0, tone)
}

/// The signal of `silero_golden.json`: a sung vowel.
fn vowel(golden: &Value) -> Clip8k {
    let bell = |f: f64, centre: f64, width: f64| (-((f - centre) / width).powi(2)).exp();
    let formants = |f: f64| bell(f, 500.0, 250.0) + 0.6 * bell(f, 1500.0, 300.0) + 0.4 * bell(f, 2500.0, 400.0) + 0.02;
    let gate = |t: f64| if 0.5 < t && t < 2.25 { (TAU * 2.0 * t).sin().max(0.0) } else { 0.0 };
    synthetic(golden, 512.0, |t| {
        let phase = 120.0 * t + 8.0 * (TAU * 1.5 * t).sin() / (TAU * 1.5);
        let harmonic = |k: u32| formants(120.0 * f64::from(k)) * (TAU * f64::from(k) * phase).sin();
        2500.0 * gate(t) * (1..=28).map(harmonic).sum::<f64>()
    })
}

#[test]
fn a_folder_that_is_as_its_manifest_says_is_loaded() {
    assert_eq!(code(&altered("schema = 1", "schema = 1")), "loaded");
}

#[test]
fn whatever_the_manifest_does_not_describe_is_refused() {
    let feats = r#"{ name = "feats", type = "f32", shape = ["batch", "frames", 80] }"#;
    let weights = r#"{ name = "weights", type = "f32", shape = ["batch", "frames"] }"#;
    //   what is changed, to what, the refusal
    let table = [
        ("schema = 1", "schema = 2", "model_manifest"),
        ("schema = 1", "schema = 1\ncolour = \"red\"", "model_manifest"),
        ("made_by", "made_for", "model_manifest"),
        ("bins_used = 59", "bins_used = 59\nbins_unused = 21", "model_manifest"),
        ("default = true", "default = false", "model_manifest"),
        ("campplus_int8.onnx", "../campplus_int8.onnx", "model_manifest"),
        ("llr_at_far_0_1pct = ", "llr_at_far_0_1pct = 99", "model_manifest"),
        ("min_take_agreement = ", "colour = 1.0\nmin_take_agreement = ", "model_manifest"),
        ("ln_net_speech_s = ", "ln_speech_s = ", "model_manifest"),
        ("campplus_int8.onnx", "campplus_int7.onnx", "model_unreadable"),
        ("sha256 = \"9e386883", "sha256 = \"9e386884", "model_hash"),
        ("sha256 = \"451cb4ad", "sha256 = \"451cb4ae", "model_hash"),
        ("sha256 = \"6e4af7d4", "sha256 = \"6e4af7d5", "model_hash"),
        ("share = 0.4", "share = 1.0", "model_manifest"),
        ("[model.beside]", "[model.besides]", "model_manifest"),
        ("role = \"opinion\"", "role = \"speaker\"", "model_manifest"),
        ("floor_ratio = 1e-4", "floor_ratio = 1e-3", "model_contract"),
        ("frame_ms = 25", "frame_ms = 32", "model_contract"),
        ("sample_rate_hz = 8000", "sample_rate_hz = 16000", "model_contract"),
        (feats, &feats.replace("feats", "fbank"), "model_contract"),
        (feats, &feats.replace("f32", "i64"), "model_contract"),
        (feats, &feats.replace("80", "64"), "model_contract"),
        (weights, &weights.replace("weights", "mask"), "model_contract"),
        (feats, &feats.replace("\"batch\", ", ""), "model_contract"),
        (feats, &format!("{feats}, {feats}"), "model_contract"),
        ("shape = [\"batch\", 192]", "shape = [\"batch\", 256]", "model_contract"),
        ("shape = [\"batch\", 192]", "shape = [\"batch\", \"any\"]", "model_contract"),
        ("sha256 = \"94e90a46", "sha256 = \"94e90a47", "model_hash"),
        ("sha256 = \"2719176a", "sha256 = \"2719176b", "model_hash"),
        ("sha256 = \"6884b35f", "sha256 = \"6884b35e", "model_hash"),
        ("sample_rate_hz = 16000", "sample_rate_hz = 8000", "model_contract"),
        ("type = \"bool\"", "type = \"i64\"", "model_contract"),
        ("\"past_and_tokens\", 36", "\"past_and_tokens\", 64", "model_contract"),
        ("distance = -40.0", "distance = 40.0", "model_manifest"),
        ("max_take_distance", "least_take_distance", "model_manifest"),
        ("shape = [2, \"batch\", 128]", "shape = [\"layers\", \"batch\", 128]", "model_contract"),
    ];
    for (from, to, refusal) in table {
        assert_eq!(code(&altered(from, to)), refusal, "{from:?} replaced by {to:?}");
    }
}

#[test]
fn another_model_under_the_right_hash_is_refused_by_its_tensors() {
    let manifest = fs::read_to_string(fixtures::root().join("models/manifest.toml")).unwrap();
    let sha256 = |file: &str| {
        let entry = manifest.split("file = ").find(|text| text.starts_with(&format!("\"{file}\""))).unwrap();
        entry.split("sha256 = \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let folder = altered(&sha256("campplus_int8.onnx"), &sha256("silero_vad.onnx"));
    let silero = fs::read(folder.path().join("silero_vad.onnx")).unwrap();
    replace(&folder, "campplus_int8.onnx", &silero);
    assert_eq!(code(&folder), "model_contract");
}

#[test]
fn a_file_that_is_no_model_is_refused_even_under_its_own_hash() {
    // sha256 of the empty file
    let folder = altered("9e386883c28655d82659c588fc26decdb988b6204b1735e1c64b0b62628898c0", &{
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned()
    });
    replace(&folder, "campplus_int8.onnx", b"");
    assert_eq!(code(&folder), "model_session");
}

#[test]
fn a_missing_folder_and_an_unknown_model_say_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&folder), "model_missing");
    let mut config = fixtures::models();
    config.speaker = "resnet".to_owned();
    let error = Library::load(&config).unwrap_err();
    assert_eq!(error.code(), "model_unknown");
    assert!(error.to_string().contains("campplus-zh-en-192-fp32-v1"), "{error}");
}

#[test]
fn every_model_in_the_manifest_has_its_licence_and_its_script() {
    let manifest = fixtures::LIBRARY.manifest();
    let ignored = fs::read_to_string(fixtures::root().join(".gitignore")).unwrap();
    for entry in &manifest.models {
        for file in [&entry.licence_file, &entry.made_by] {
            assert!(manifest.folder.join(file).is_file(), "{} names {file}, which is missing", entry.id);
        }
        match fs::metadata(manifest.folder.join(&entry.file)) {
            Ok(file) => assert_eq!(file.len(), entry.bytes, "{}", entry.id),
            // Only a model that git ignores may be absent: its script makes it when it is wanted.
            Err(error) => assert!(!entry.default && ignored.contains(&format!("/models/{}\n", entry.file)), "{error}"),
        }
    }
    let roles: HashSet<_> = manifest.models.iter().map(|entry| entry.role).collect();
    assert_eq!(roles.len(), 6);
}

#[test]
fn embeddings_are_those_that_another_program_computes() {
    let golden = fixtures::vectors("campplus_golden");
    let clip = swept_tone();
    let features = Fbank::new().compute(&clip, 0..clip.samples().len());
    let raw = fixtures::LIBRARY.embed(&features).unwrap();
    let found = cosine(&raw, &numbers(&golden["int8"]));
    // int8 kernels differ between processors
    assert!(found >= 0.995, "cosine {found}");
    let projected = fixtures::LIBRARY.speaker().backend.project(&raw).unwrap();
    assert!(cosine(projected.values(), &numbers(&golden["fp32_after_backend"])) >= 0.96);
}

#[test]
fn a_second_opinion_is_heard_by_default_where_it_is_named_and_only_where_it_was_measured() {
    let (int8, fp32) = ("campplus-zh-en-192-int8-v1", "campplus-zh-en-192-fp32-v1");
    let opinion = "resnet34-voxceleb-256-int8-v1";
    //   what is asked for, the speaker model, both together
    let table = [
        (String::new(), int8, Some(format!("{int8}+{opinion}"))),
        (int8.to_owned(), int8, None),
        (format!("{int8}+{opinion}"), int8, Some(format!("{int8}+{opinion}"))),
        (format!("{fp32}+{opinion}"), fp32, Some(format!("{fp32}+{opinion}"))),
    ];
    // The fp32 file is not in the tree; which model is taken, not what it computes, is tried here.
    let absent =
        "file = \"campplus.onnx\"\nsha256 = \"f5f3c9f01c69c32a4299e44a606c5cdb14da9fa4c4ed491c99c356ff5b351dc6\"";
    let given =
        "file = \"campplus_int8.onnx\"\nsha256 = \"9e386883c28655d82659c588fc26decdb988b6204b1735e1c64b0b62628898c0\"";
    let models = altered(absent, given);
    for (asked, speaker, both) in table {
        let mut config = fixtures::models();
        config.dir = Some(models.path().to_owned());
        config.speaker = asked;
        let library = Library::load(&config).unwrap();
        assert_eq!(library.speaker().id.as_str(), speaker);
        assert_eq!(library.second_model().map(|opinion| opinion.id.to_string()), both);
    }
    for asked in [format!("{int8}+{fp32}"), format!("{opinion}+{int8}"), opinion.to_owned(), format!("{int8}+x")] {
        let mut config = fixtures::models();
        config.speaker = asked;
        assert_eq!(Library::load(&config).unwrap_err().code(), "model_unknown", "{}", config.speaker);
    }
    let folder = altered(&format!("speakers = [\"{int8}\", "), "speakers = [");
    let mut config = fixtures::models();
    config.dir = Some(folder.path().to_owned());
    assert!(Library::load(&config).unwrap().second_model().is_none());
    config.speaker = format!("{int8}+{opinion}");
    assert_eq!(Library::load(&config).unwrap_err().code(), "model_contract");
}

#[test]
fn the_second_opinion_is_the_one_that_another_program_computes() {
    let golden = fixtures::vectors("resnet34_golden");
    let clip = swept_tone();
    let features = Fbank::new().compute(&clip, 0..clip.samples().len());
    let opinion = fixtures::LIBRARY.second_model().unwrap();
    let raw = fixtures::LIBRARY.second_embed(&features).unwrap().unwrap();
    let found = cosine(&raw, &numbers(&golden["int8"]));
    assert!(found > 0.999, "{found}");
    let found = cosine(opinion.backend.project(&raw).unwrap().values(), &numbers(&golden["int8_after_backend"]));
    assert!(found > 0.999, "{found}");
}

#[test]
fn speech_is_heard_where_another_program_hears_it() {
    let golden = fixtures::vectors("silero_golden");
    let recording = callprint::audio::resample::to_8k(&fixtures::clip("anna_pass_1"));
    let table = [(vowel(&golden), "warm_probabilities"), (recording, "warm_fixture_probabilities")];
    for (clip, key) in table {
        let found = fixtures::LIBRARY.speech_probabilities(&clip).unwrap();
        let expected = numbers(&golden[key]);
        assert_eq!(found.len(), expected.len());
        for (chunk, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() <= 0.001, "{key}, chunk {chunk}: {found}, expected {expected}");
        }
    }
}

#[test]
fn the_noise_of_a_line_is_not_speech() {
    //   recording, and where its speech begins by SOURCES.toml, in milliseconds
    for (name, begins) in [("anna_pass_1", 710), ("anna_pass_2", 620), ("anna_pass_3", 730)] {
        let clip = callprint::audio::resample::to_8k(&fixtures::clip(name));
        let probabilities = fixtures::LIBRARY.speech_probabilities(&clip).unwrap();
        let speech = vad::segments(&probabilities, clip.samples().len(), &VadConfig::default());
        let found = speech.segments[0].start / 8;
        assert!(found.abs_diff(begins) < 100, "{name}: {found} ms");
    }
    let mut state = 1;
    let noise = Clip8k::new((0..24_000).map(|_| (next(&mut state) * 1e-8) as f32).collect::<Vec<_>>());
    let probabilities = fixtures::LIBRARY.speech_probabilities(&noise).unwrap();
    assert_eq!(vad::segments(&probabilities, 24_000, &VadConfig::default()).net_speech_ms, 0);
}

#[test]
fn many_threads_on_few_sessions_all_get_the_same_answer() {
    let clip = swept_tone();
    let alone = fixtures::LIBRARY.speech_probabilities(&clip).unwrap();
    std::thread::scope(|scope| {
        let together: Vec<_> = (0..6).map(|_| scope.spawn(|| fixtures::LIBRARY.speech_probabilities(&clip))).collect();
        for answer in together {
            assert_eq!(answer.join().unwrap().unwrap(), alone);
        }
    });
}

#[test]
fn a_clip_without_samples_has_no_speech_and_no_voice() {
    let empty = Clip8k::new(Vec::new());
    assert_eq!(fixtures::LIBRARY.speech_probabilities(&empty).unwrap(), Vec::<f32>::new());
    let features = Fbank::new().compute(&empty, 0..0);
    assert_eq!(fixtures::LIBRARY.embed(&features).unwrap_err().code(), "inference_failed");
}
