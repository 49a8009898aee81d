use std::fmt::Write;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::fixtures;

/// Two voices, each enrolled once and tried against both.
fn attack(more: &[&str]) -> Output {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let (mut enroll, mut trials) =
        ("model\ttake1\ttake2\ttake3\n".to_owned(), "model\tprobe\ttarget\tsame_phrase\n".to_owned());
    for voice in ["ben", "hugo"] {
        writeln!(enroll, "{voice}\t{voice}_pass_1.wav\t{voice}_pass_2.wav\t{voice}_pass_3.wav").unwrap();
        for other in ["ben", "hugo"] {
            let target = i32::from(voice == other);
            for (probe, same) in [("pass_4", 1), ("pass_5", 1), ("other_1", 0)] {
                writeln!(trials, "{voice}\t{other}_{probe}.wav\t{target}\t{same}").unwrap();
            }
        }
    }
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("enroll.tsv"), enroll).unwrap();
    std::fs::write(path("trials.tsv"), trials).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
    command.arg("attack").arg("--enroll").arg(path("enroll.tsv")).arg("--trials").arg(path("trials.tsv"));
    command.arg("--audio").arg(fixtures::root().join("fixtures/audio")).args(more).output().unwrap()
}

fn row<'r>(report: &'r Value, attack: &str) -> &'r Value {
    let rows = report["attacks"].as_array().unwrap();
    rows.iter().find(|row| row["attack"] == attack).unwrap_or_else(|| panic!("no row {attack}: {report:#}"))
}

#[test]
fn the_owner_gets_in_and_no_recording_of_theirs_does() {
    let output = attack(&["--each", "2", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["callers"], &report["not_enrolled"]), (&2.into(), &0.into()));
    assert_eq!((&row(&report, "fresh")["accepted"], &row(&report, "fresh")["attempts"]), (&2.into(), &2.into()));
    for copy in ["exact", "other_line", "opus", "louder", "cut", "slower", "faster", "longer", "shorter"] {
        let row = row(&report, &format!("copy_{copy}"));
        assert_eq!((&row["attempts"], &row["accepted"]), (&2.into(), &0.into()), "{row}");
        assert!(row["stopped_by"]["replay_suspected"].as_u64().unwrap() >= 1, "{row}");
    }
    for other in ["loudspeaker", "past_copy", "past_loudspeaker", "impostor_right_words", "other_pitch", "other_speed"]
    {
        let row = row(&report, other);
        assert_eq!((&row["attempts"], &row["accepted"]), (&2.into(), &0.into()), "{row}");
    }
    assert_eq!(row(&report, "fresh")["heard_before"], 0);
    let left_out: Vec<_> = report["left_out"].as_array().unwrap().iter().map(|one| &one["attack"]).collect();
    assert_eq!(left_out, ["cut_and_paste", "machines"]);
}

#[test]
fn the_table_names_every_attack_that_was_and_was_not_run() {
    let output = attack(&["--each", "1", "--threads", "1", "--strictness", "1%"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "2 voiceprints, voice held to FAR 1%, seed 1",
        "the owner, a fresh take",
        "loudspeakers",
        "not run: cut_and_paste",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn lists_that_name_nothing_end_with_the_reason() {
    let output = attack(&["--strictness", "5%"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("expected 1%, 0.1% or 0.01%"));
}
