use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use callprint::audio::wav;
use callprint::types::Clip8k;
use serde_json::Value;

use crate::fixtures;

fn voice(name: &str) -> PathBuf {
    fixtures::root().join(format!("fixtures/audio/{name}.wav"))
}

fn score(enroll: &[&str], probe: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
    command.arg("score");
    for take in enroll {
        command.arg("--enroll").arg(voice(take));
    }
    command.arg(probe).args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const ANNA: [&str; 3] = ["anna_pass_1", "anna_pass_2", "anna_pass_3"];

#[test]
fn the_enrolled_voice_is_accepted() {
    let output = score(&ANNA, &voice("anna_pass_4"), &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"]["decision"], "accept");
    assert_eq!(report["strictness"], "0.1%");
    assert_eq!(report["takes"].as_array().unwrap().len(), 3);
    let signals = &report["signals"];
    assert!(signals["llr"].as_f64().unwrap() >= signals["threshold"].as_f64().unwrap());
    assert!(signals["quality"]["net_speech_ms"].as_u64().unwrap() > 1000);
}

#[test]
fn another_voice_is_not() {
    let output = score(&ANNA, &voice("emma_pass_1"), &["--strictness", "1%"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("voice_mismatch") && said.contains("aims at FAR 1%"), "{said}");
}

#[test]
fn a_probe_without_speech_is_not_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let silence = folder.path().join("silence.wav");
    std::fs::write(&silence, wav::encode_8k(&Clip8k::new(vec![0.0; 24_000]))).unwrap();
    let output = score(&ANNA, &silence, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("no_speech"));
}

#[test]
fn without_a_verdict_it_says_why_and_ends_with_two() {
    let probe = voice("anna_pass_4");
    let mixed = ["anna_pass_1", "anna_pass_2", "hugo_pass_1"];
    let (manifest, nowhere) = (fixtures::root().join("models/manifest.toml"), Path::new("/nowhere/probe.wav"));
    //   enrollment, probe, further arguments, what the complaint names
    let table: [(&[&str], &Path, &[&str], &str); 7] = [
        (&ANNA[..2], &probe, &[], "made of 3 takes"),
        (&mixed, &probe, &[], "takes_differ"),
        (&ANNA, &manifest, &[], "audio_not_wav"),
        (&ANNA, nowhere, &[], "/nowhere/probe.wav"),
        (&ANNA, &probe, &["--strictness", "5%"], "0.01%"),
        (&ANNA, &probe, &["--onnxruntime", "/nowhere"], "make setup"),
        (&ANNA, &probe, &["--models", "/nowhere"], "models.dir"),
    ];
    for (enroll, probe, more, names) in table {
        let output = score(enroll, probe, more);
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {complaint}");
        assert!(complaint.contains(names), "{more:?}: {complaint}");
    }
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
    command.arg("score");
    for take in ANNA {
        command.arg("--enroll").arg(voice(take));
    }
    let mut child = command.arg(voice("anna_pass_4")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
