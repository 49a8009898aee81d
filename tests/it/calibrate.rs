//! `callprint calibrate`: what it refuses, what it writes, and that what it writes is used and bound to its model.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};

use crate::fixtures;

fn callprint(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_callprint")).args(args).current_dir(fixtures::root()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A calibration of the running model, with the revision given or the true one.
fn calibration(folder: &Path, revision: Option<&str>, threshold: f32) -> String {
    let manifest = std::fs::read_to_string(fixtures::root().join("models/manifest.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let entry = |role: &str| {
        let mut models = manifest["model"].as_array().unwrap().iter();
        models.find(|model| model["default"].as_bool() == Some(true) && model["role"].as_str() == Some(role)).unwrap()
    };
    let joined = |key: &str| ["speaker", "opinion"].map(|role| entry(role)[key].as_str().unwrap().to_owned()).join("+");
    let (model, revision) = (joined("id"), revision.map_or_else(|| joined("sha256"), str::to_owned));
    let written = format!(
        "schema = 1\nmodel = \"{model}\"\nrevision = \"{revision}\"\nmade = \"2026-01-01\"\n[weights]\nscore = 29.55\n\
         score_by_ln_s = 0.0\nln_net_speech_s = -4.2\ntake_agreement = -8.87\noffset = -3.77\n[thresholds]\nllr_at_far_1pct = {threshold:?}\n\
         llr_at_far_0_1pct = {threshold:?}\nllr_at_far_0_01pct = {threshold:?}\n[data]\nsource = \"made up\"\nspeakers = 33\n\
         targets = 100\nimpostors = 1000\nextrapolated = []\n",
    );
    let path = folder.join("calibration.toml");
    std::fs::write(&path, written).unwrap();
    path.display().to_string()
}

fn score(calibration: &str) -> Output {
    let take = |n: u32| format!("fixtures/audio/anna_pass_{n}.wav");
    let [one, two, three, probe] = [1, 2, 3, 4].map(take);
    callprint(&["score", "--enroll", &one, "--enroll", &two, "--enroll", &three, &probe, "--calibration", calibration])
}

#[test]
fn thresholds_of_a_calibration_decide() {
    let folder = tempfile::tempdir().unwrap();
    let found = score(&calibration(folder.path(), None, -50.0));
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stderr));
    let found = score(&calibration(folder.path(), None, 90.0));
    assert_eq!(found.status.code(), Some(1), "{}", text(&found.stderr));
    assert!(text(&found.stdout).contains("accepted from 90.0"), "{}", text(&found.stdout));
}

#[test]
fn a_calibration_of_another_revision_or_with_an_unknown_key_is_refused_by_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = calibration(folder.path(), Some("00ff"), 2.0);
    let found = score(&path);
    assert_eq!(found.status.code(), Some(2));
    assert!(text(&found.stderr).contains("calibration_other_model"), "{}", text(&found.stderr));
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + "shoe_size = 43\n").unwrap();
    assert!(text(&score(&path).stderr).contains("calibration_format"));
    assert!(text(&score("/nowhere.toml").stderr).contains("calibration_unreadable"));
}

#[test]
fn the_doctor_says_which_calibration_decides() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = |calibration: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
        command.args(["doctor", "--offline", "--json"]).current_dir(fixtures::root()).env_clear();
        command.env("CALLPRINT_STORE_DATA_DIR", folder.path().join("data"));
        command.env("CALLPRINT_MODELS_CALIBRATION", calibration);
        text(&command.output().unwrap().stdout)
    };
    assert!(doctor("").contains("the model's own; LLR ≥ "));
    assert!(doctor(&calibration(folder.path(), None, 3.0)).contains("fitted on 33 speakers; LLR ≥ 3.0, 3.0, 3.0"));
    assert!(doctor(&calibration(folder.path(), Some("00"), 3.0)).contains("calibration_other_model"));
}

#[test]
fn too_little_is_refused_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let (mut enroll, mut trials) = ("model\ttake1\ttake2\n".to_owned(), "model\tprobe\ttarget\n".to_owned());
    for voice in ["anna", "ben", "hugo"] {
        writeln!(enroll, "{voice}\t{voice}_pass_1.wav\t{voice}_pass_2.wav").unwrap();
        for other in ["anna", "ben", "hugo"] {
            writeln!(trials, "{voice}\t{other}_pass_3.wav\t{}", u8::from(voice == other)).unwrap();
        }
    }
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("enroll.tsv"), enroll).unwrap();
    std::fs::write(path("trials.tsv"), trials).unwrap();
    let set = format!("fixtures={},{},fixtures/audio", path("enroll.tsv"), path("trials.tsv"));
    let found = callprint(&["calibrate", "--set", &set, "--out", &path("calibration.toml")]);
    let complaint = text(&found.stderr);
    assert_eq!(found.status.code(), Some(2), "{complaint}");
    assert!(
        complaint.contains("calibrate_too_little") && complaint.contains("3 speakers, 3 targets and 6"),
        "{complaint}"
    );
    assert!(!folder.path().join("calibration.toml").exists());
    let found = callprint(&["calibrate", "--out", &path("calibration.toml")]);
    assert!(text(&found.stderr).contains("--set"), "{}", text(&found.stderr));
}
