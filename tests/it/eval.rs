use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use callprint::audio::wav;
use callprint::types::Clip8k;
use serde_json::Value;
use tempfile::TempDir;

use crate::fixtures;

/// Three voices with two voiceprints each; every voice is tried against every other, with the enrolled phrase and
/// another.
struct Lists {
    folder: TempDir,
    enroll: String,
    trials: String,
}

impl Lists {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let voices = ["anna", "ben", "hugo"];
        let (mut enroll, mut trials) = ("model\ttake1\ttake2\ttake3\n".to_owned(), TRIALS_HEADER.to_owned());
        for voice in voices {
            for first in [1, 2] {
                let take = |n: i32| format!("{voice}_pass_{}.wav", first + n);
                writeln!(enroll, "{voice}\t{}\t{}\t{}", take(0), take(1), take(2)).unwrap();
            }
            for other in voices {
                let target = i32::from(voice == other);
                for (probe, same) in [("pass_5", 1), ("pass_6", 1), ("other_1", 0), ("other_2", 0)] {
                    writeln!(trials, "{voice}\t{other}_{probe}.wav\t{target}\t{same}").unwrap();
                }
            }
        }
        for entry in std::fs::read_dir(fixtures::root().join("fixtures/audio")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wav") {
                std::os::unix::fs::symlink(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        Self { folder, enroll, trials }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self) {
        std::fs::write(self.path("enroll.tsv"), &self.enroll).unwrap();
        std::fs::write(self.path("trials.tsv"), &self.trials).unwrap();
    }

    fn eval(&self, more: &[&str]) -> Output {
        self.write();
        let path = |name: &str| self.path(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
        command.arg("eval").arg("--enroll").arg(path("enroll.tsv")).arg("--trials").arg(path("trials.tsv"));
        command.arg("--audio").arg(self.folder.path()).args(more).output().unwrap()
    }

    fn json(&self) -> (Value, String) {
        let output = self.eval(&["--json"]);
        let complaints = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{complaints}");
        (serde_json::from_slice(&output.stdout).unwrap(), complaints)
    }
}

/// What is said of the lists as they are, on standard output and error; heard once for all tests.
static AS_THEY_ARE: LazyLock<(String, String)> = LazyLock::new(|| {
    let output = Lists::new().eval(&["--json"]);
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{complaints}");
    (String::from_utf8(output.stdout).unwrap(), complaints)
});

const TRIALS_HEADER: &str = "model\tprobe\ttarget\tsame_phrase\n";

fn silence(folder: &Path, name: &str) {
    std::fs::write(folder.join(name), wav::encode_8k(&Clip8k::new(vec![0.0; 24_000]))).unwrap();
}

#[test]
fn voices_that_are_far_apart_have_no_errors() {
    let (text, complaints) = &*AS_THEY_ARE;
    let found: Value = serde_json::from_str(text).unwrap();
    for rate in ["eer", "frr_at_far_1pct", "frr_at_far_0_1pct", "min_dcf"] {
        assert_eq!(found[rate], 0.0, "{rate}: {found}");
    }
    // Two voiceprints of three voices, four probes each.
    assert_eq!((&found["targets"], &found["impostors"], &found["failures"]), (&24.into(), &48.into(), &0.into()));
    assert!(found["cllr"].as_f64().unwrap() < 0.1, "{found}");
    assert!(found["audio_seconds"].as_f64().unwrap() > 60.0);
    assert!(found["wall_seconds"].as_f64().unwrap() > 0.0);
    for phrase in ["same", "other"] {
        assert_eq!(found["by_phrase"][phrase]["targets"], 12, "{found}");
    }
    assert_eq!(complaints, "");
}

#[test]
fn the_agreed_keys_come_first_and_in_their_order() {
    let keys: Vec<&str> =
        AS_THEY_ARE.0.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).take(10).collect();
    let agreed =
        "eer frr_at_far_1pct frr_at_far_0_1pct min_dcf cllr targets impostors failures audio_seconds wall_seconds";
    assert_eq!(keys.join(" "), agreed);
}

#[test]
fn a_probe_too_poor_to_score_is_a_false_reject_and_is_reported() {
    let mut lists = Lists::new();
    silence(lists.folder.path(), "silence.wav");
    lists.trials += "anna\tsilence.wav\t1\t1\n";
    std::fs::write(lists.folder.path().join("rubbish.wav"), "rubbish").unwrap();
    lists.trials += "anna\trubbish.wav\t1\t1\n";
    let (found, complaints) = lists.json();
    // Both of anna's voiceprints miss both probes.
    assert_eq!((&found["targets"], &found["failures"]), (&28.into(), &4.into()));
    let frr = found["frr_at_far_1pct"].as_f64().unwrap();
    assert!((frr - 4.0 / 28.0).abs() < 1e-9, "{found}");
    assert!(found["cllr"].as_f64().unwrap() < 0.1, "{found}");
    let reasons: Vec<&str> =
        found["failed_probes"].as_array().unwrap().iter().map(|fault| fault["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["no_speech", "audio_not_wav"]);
    assert!(complaints.contains("no_speech: silence.wav"), "{complaints}");
}

#[test]
fn a_take_too_poor_is_left_out_and_a_voiceprint_without_takes_rejects() {
    let mut lists = Lists::new();
    silence(lists.folder.path(), "silence.wav");
    lists.enroll += "anna\tanna_pass_1.wav\tsilence.wav\tanna_pass_2.wav\n";
    let (found, _) = lists.json();
    assert_eq!((&found["targets"], &found["failures"]), (&28.into(), &0.into()));
    assert_eq!(found["failed_takes"][0]["reason"], "no_speech");
    lists.enroll += "anna\tsilence.wav\tsilence.wav\tsilence.wav\n";
    let (found, _) = lists.json();
    assert_eq!((&found["targets"], &found["failures"], &found["voiceprints"]), (&32.into(), &12.into(), &7.into()));
}

#[test]
fn a_repeated_row_counts_once() {
    let mut lists = Lists::new();
    let rows: String = lists.trials.lines().skip(1).flat_map(|row| [row, "\n"]).collect();
    lists.trials += &rows;
    let (found, _) = lists.json();
    assert_eq!((&found["targets"], &found["impostors"]), (&24.into(), &48.into()));
    assert_eq!(found["repeated_rows"], 36);
}

#[test]
fn takes_of_two_voices_are_reported_and_scored() {
    let mut lists = Lists::new();
    lists.enroll += "anna\tanna_pass_1.wav\tanna_pass_2.wav\tben_pass_1.wav\n";
    let (found, complaints) = lists.json();
    assert_eq!(found["takes_differ"].as_array().unwrap().len(), 1);
    assert_eq!(found["failures"], 0);
    assert!(complaints.contains("takes_differ"), "{complaints}");
}

#[test]
fn lists_that_cannot_be_used_are_refused_by_line() {
    //   appended to the enrollments, to the trials, what the complaint names
    let table = [
        ("eve\tanna_pass_1.wav\tgone.wav\tanna_pass_2.wav\n", "", "enroll.tsv:8: no such recording"),
        ("", "anna\tgone.wav\t1\t1\n", "trials.tsv:38: no such recording"),
        ("", "eve\tanna_pass_1.wav\t1\t1\n", "trials.tsv:38: model \"eve\""),
        ("", "anna\tanna_pass_1.wav\tyes\t1\n", "trials.tsv:38: expected 0 or 1"),
        ("", "anna\tanna_pass_1.wav\t1\n", "trials.tsv:38: 3 columns"),
        ("", "anna\tanna_pass_5.wav\t0\t1\n", "trials.tsv:38: contradicts"),
    ];
    for (enroll, trials, names) in table {
        let mut lists = Lists::new();
        lists.enroll += enroll;
        lists.trials += trials;
        let output = lists.eval(&[]);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(names), "{names}: {complaint}");
    }
}

#[test]
fn recordings_heard_as_streams_have_the_same_errors_and_turns_that_end() {
    let mut lists = Lists::new();
    silence(lists.folder.path(), "silence.wav");
    lists.trials += "anna\tsilence.wav\t1\t1\n";
    let output = lists.eval(&["--stream", "--json", "--pause-ms", "0,300"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Both of anna's voiceprints miss the silence; nobody else is missed.
    assert_eq!((&found["targets"], &found["failures"]), (&26.into(), &2.into()), "{found}");
    let frr = found["frr_at_far_0_1pct"].as_f64().unwrap();
    assert!((frr - 2.0 / 26.0).abs() < 1e-9, "{found}");
    assert_eq!(found["failed_probes"][0]["reason"], "no_speech");
    for (pause, at) in [(0, 0), (300, 1)] {
        let paused = &found["pauses"][at];
        assert_eq!(paused["pause_ms"], pause);
        let turns = &paused["turns"]["all"];
        assert_eq!(turns["turns"], 26);
        // One speaker pauses after more than is needed to recognise them, which ends a phrase that nothing is known of.
        assert!(turns["cut_off"].as_f64().unwrap() < 0.1, "{turns}");
        assert!(turns["speech_lost"].as_f64().unwrap() < 0.05, "{turns}");
        let wait = turns["wait_ms_p50"].as_u64().unwrap();
        assert!((384..1_000).contains(&wait), "{turns}");
        assert_eq!(turns["ended"]["no_speech"], 2);
        assert_eq!(paused["impostor_turns"]["turns"], 48);
    }
}

#[test]
fn a_turn_that_ends_too_soon_is_counted_as_cut_off() {
    let hasty = ["complete_silence_ms=100", "silence_ms=100", "incomplete_silence_ms=100", "recognised_silence_ms=100"];
    let mut args = vec!["--stream", "--json", "--pause-ms", "700"];
    args.extend(hasty.iter().flat_map(|setting| ["--endpoint", setting]));
    let found: Value = serde_json::from_slice(&Lists::new().eval(&args).stdout).unwrap();
    let turns = &found["pauses"][0]["turns"]["all"];
    assert!(turns["cut_off"].as_f64().unwrap() > 0.9, "{turns}");
    assert!((0.2..0.8).contains(&turns["speech_lost"].as_f64().unwrap()), "{turns}");
}

#[test]
fn settings_of_streams_are_refused_without_one_and_by_name() {
    for args in [
        &["--pause-ms", "300"][..],
        &["--stream", "--endpoint", "patience=3"],
        &["--stream", "--endpoint", "pause_ms=x"],
    ] {
        let output = Lists::new().eval(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn people_get_a_table() {
    let output = Lists::new().eval(&["--threads", "1"]);
    let table = String::from_utf8(output.stdout).unwrap();
    for part in ["same phrase", "other phrase", "aiming at FAR 0.1%", "6 voiceprints, 24 recordings"] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn conversations_are_judged_while_they_go_on() {
    let output = Lists::new().eval(&["--listen", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    for outcome in found.as_array().unwrap() {
        assert_eq!(
            (&outcome["far"], &outcome["frr"], &outcome["retries"]),
            (&0.0.into(), &0.0.into(), &0.0.into()),
            "{found}"
        );
        assert_eq!(outcome["early"], 1.0, "everyone is recognised before the end: {found}");
        let seconds = outcome["accept_median_s"].as_f64().unwrap();
        assert!((3.0..9.0).contains(&seconds), "{found}");
    }
}

#[test]
fn a_closer_look_has_intervals_speakers_and_a_page_that_is_the_same_each_time() {
    let lists = Lists::new();
    let page = lists.folder.path().join("page.html");
    let look = |more: &[&str]| {
        let mut args = vec!["--intervals", "50", "--by", "speaker", "--report", page.to_str().unwrap()];
        args.extend(more);
        let output = lists.eval(&args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), std::fs::read_to_string(&page).unwrap())
    };
    let (said, first) = look(&[]);
    assert!(said.contains("95 % intervals over 3 speakers") && said.contains("\nanna "), "{said}");
    for part in ["<svg role=\"img\"", "anna_pass_5.wav", "campplus-zh-en-192-int8-v1", "right speaker, other phrase"] {
        assert!(first.contains(part), "{part}");
    }
    let (found, second) = look(&["--json"]);
    assert_eq!(first, second);
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["intervals"]["speakers"], &found["by_speaker"][0]["targets"]), (&3.into(), &8.into()));
    assert!(found["min_cllr"].as_f64().unwrap() <= found["cllr"].as_f64().unwrap());
    assert!(look(&["--date", "2026-01-02"]).1.contains("2026-01-02"));
}

#[test]
fn several_sets_are_printed_by_name() {
    let lists = Lists::new();
    lists.write();
    let path = |name: &str| lists.path(name).display().to_string();
    let set =
        |name: &str| format!("{name}={},{},{}", path("enroll.tsv"), path("trials.tsv"), lists.folder.path().display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
    let output = command.args(["eval", "--json", "--set", &set("one"), "--set", &set("two")]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["one"]["targets"], &found["one"]["eer"]), (&found["two"]["targets"], &found["two"]["eer"]));
    let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
    let output = command.args(["eval", "--json", "--site", "--set", &set("one")]).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), serde_json::json!([]), "three are too few");
}
