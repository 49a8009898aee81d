//! `callprint call` and `callprint demo` as programs: what they print, how they end, and many at once.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::serve::{Program, callprint, text};

/// A port that nobody listens on right now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// `callprint call` to a server of this folder, with everything temporary below the folder.
fn calling(folder: &Path, to: &str, args: &[&str]) -> Command {
    let mut command = callprint(folder, &[], &["call", "--to", to, "--json"]);
    command.args(args).env("TMPDIR", folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn report(child: Child) -> (Option<i32>, Value) {
    let output = child.wait_with_output().unwrap();
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    (output.status.code(), report)
}

#[test]
fn calls_of_several_processes_at_once_share_one_provider_and_are_all_heard() {
    let folder = tempfile::tempdir().unwrap();
    let provider = format!("127.0.0.1:{}", free_port());
    let server = Program::start(folder.path(), &[("CALLPRINT_TWILIO_API_BASE", &format!("http://{provider}"))]);
    let to = server.url().origin().ascii_serialization();
    let calls: Vec<Child> = ["anna", "ben", "dave", "hugo"]
        .iter()
        .enumerate()
        .map(|(n, voice)| {
            let takes =
                (1..=4).flat_map(|take| ["--say".to_owned(), format!("fixtures/audio/{voice}_pass_{take}.wav")]);
            let from = format!("+155501{n:02}00");
            let mut command =
                calling(folder.path(), &to, &["--from", &from, "--digits", "1", "--provider-listen", &provider]);
            command.args(takes).spawn().unwrap()
        })
        .collect();
    for call in calls {
        let (code, report) = report(call);
        assert_eq!((code, report["ended"].as_str()), (Some(0), Some("hung_up")), "{report:#}");
        assert_eq!(report["spoken"].as_array().unwrap().len(), 4, "{report:#}");
        let said = report["said"].to_string();
        assert!(said.contains("Your voice is enrolled") && said.contains("You are verified"), "{said}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["data"], "no recording stays behind");
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
}

#[test]
fn a_recording_of_another_rate_is_brought_to_the_phones() {
    let folder = tempfile::tempdir().unwrap();
    let provider = format!("127.0.0.1:{}", free_port());
    let server = Program::start(folder.path(), &[("CALLPRINT_TWILIO_API_BASE", &format!("http://{provider}"))]);
    let to = server.url().to_string();
    let take = "fixtures/audio/formats/float32_44k1.wav";
    let args =
        ["--from", "+15550100", "--digits", "1", "--say", take, "--hangup-after", "2", "--provider-listen", &provider];
    let (code, report) = report(calling(folder.path(), &to, &args).spawn().unwrap());
    assert_eq!((code, report["ended"].as_str()), (Some(0), Some("caller_hung_up")), "{report:#}");
    assert_eq!(report["spoken"], serde_json::json!(["float32_44k1.wav"]));
}

#[test]
fn a_call_that_cannot_be_placed_is_an_error_and_one_that_fails_is_a_no() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let provider = format!("127.0.0.1:{}", free_port());
    let signed = ["--auth-token", "secret", "--account", "AC00000000000000000000000000000000"];
    let table: [(&str, &[&str], i32, &str); 6] = [
        (&nobody, &["--from", "+15550100"], 2, "no auth token"),
        ("ftp://example.com", &["--from", "+15550100"], 2, "no auth token"),
        ("ftp://example.com", &["--from", "+15550100", signed[0], signed[1], signed[2], signed[3]], 2, "http://"),
        (
            &nobody,
            &["--from", "+15550100", "--say", "nowhere.wav", signed[0], signed[1], signed[2], signed[3]],
            2,
            "nowhere.wav",
        ),
        (&nobody, &[], 2, "--from"),
        (&nobody, &["--from", "+15550100", signed[0], signed[1], signed[2], signed[3]], 1, ""),
    ];
    for (to, args, code, complaint) in table {
        let output = calling(folder.path(), to, args).args(["--provider-listen", &provider]).output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{to} {args:?}: {stderr}");
        assert!(stderr.contains(complaint), "{to} {args:?}: {stderr}");
    }
}

#[test]
fn the_demonstration_shows_what_it_says_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = callprint(folder.path(), &[], &["demo"])
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let (shown, complaints) = (text(&output.stdout), text(&output.stderr));
    assert_eq!((output.status.code(), complaints.as_str()), (Some(0), ""), "{shown}");
    assert!(!shown.contains(['✗', '\x1b']), "{shown}");
    let marks = shown.lines().filter(|line| line.contains('✓')).count();
    assert_eq!(marks, 9, "{shown}");
    assert!(shown.contains("accept: LLR +") && shown.contains("reject voice_mismatch: LLR -"), "{shown}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_call_that_must_stream_says_whether_the_server_did() {
    for (audio, expected) in [("stream", 0), ("record", 1)] {
        let folder = tempfile::tempdir().unwrap();
        let provider = format!("127.0.0.1:{}", free_port());
        let settings = [("CALLPRINT_LINE_AUDIO", audio), ("CALLPRINT_TWILIO_API_BASE", &format!("http://{provider}"))];
        let server = Program::start(folder.path(), &settings);
        let take = "fixtures/audio/anna_pass_1.wav";
        let args =
            ["--from", "+15550100", "--digits", "1", "--say", take, "--hangup-after", "2", "--stream", "--loss", "2"];
        let mut command = calling(folder.path(), server.url().as_str(), &args);
        let (code, report) = report(command.args(["--provider-listen", &provider]).spawn().unwrap());
        assert_eq!((code, report["ended"].as_str()), (Some(expected), Some("caller_hung_up")), "{report:#}");
        assert_eq!(report["streams"][0]["ended"] == "closed", expected == 0, "{report:#}");
    }
}

/// This build is slow and the other tests run beside it: no stream is turned away for that.
const PATIENT: &str = "CALLPRINT_STREAMS_MAX_LAG_MS=60000";

#[test]
fn a_load_starts_a_server_of_its_own_and_leaves_nothing_behind() {
    for (way, streamed) in [("--stream", 2), ("--record", 0)] {
        let folder = tempfile::tempdir().unwrap();
        let args = ["load", way, "--calls", "2", "--rate", "2", "--voices", "1", "--json", "--set", PATIENT];
        let output = callprint(folder.path(), &[], &args).env("TMPDIR", folder.path()).output().unwrap();
        let complaints = text(&output.stderr);
        let figures: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {complaints}"));
        assert_eq!((output.status.code(), figures["lost"].as_u64()), (Some(0), Some(0)), "{figures:#}: {complaints}");
        assert_eq!((figures["calls"].as_u64(), figures["streamed"].as_u64()), (Some(2), Some(streamed)), "{figures:#}");
        assert!(figures["verdict_ms_p50"].as_f64() > Some(0.0) && figures["server_rss_mib"].as_f64() > Some(0.0));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
