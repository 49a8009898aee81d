//! `callprint doctor`: what it checks, what it advises, and that it keeps secrets to itself.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use callprint::phone::{Account, Provider, Recordings};
use secrecy::ExposeSecret;

fn doctor(folder: &Path, settings: &[(&str, &str)], args: &[&str]) -> (i32, serde_json::Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
    command.arg("doctor").arg("--json").args(args).current_dir(env!("CARGO_MANIFEST_DIR")).env_clear();
    command.env("CALLPRINT_STORE_DATA_DIR", folder.join("data")).envs(settings.iter().copied());
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    });
    (output.status.code().unwrap(), report)
}

fn failed(report: &serde_json::Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["ok"] == false).map(|finding| finding["check"].as_str().unwrap()).collect()
}

fn found<'r>(report: &'r serde_json::Value, check: &str) -> &'r str {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["check"] == check).unwrap()["found"].as_str().unwrap()
}

#[test]
fn a_fresh_folder_is_well_and_stays_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let (code, report) = doctor(folder.path(), &[], &["--offline"]);
    assert_eq!((code, failed(&report)), (0, vec![]), "{report:#}");
    assert!(found(&report, "model self-test").contains("cosine"), "{report:#}");
    assert!(found(&report, "models").contains("1.31"), "{report:#}");
    assert!(!folder.path().join("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tries_the_credentials_shows_the_signed_url_and_prints_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let account = Account::random();
    let provider =
        Provider::start(SocketAddr::from(([127, 0, 0, 1], 0)), account.clone(), Recordings::new()).await.unwrap();
    let token = account.token.expose_secret().to_owned();
    let base = provider.base_url();
    let mut settings = vec![
        ("TWILIO_ACCOUNT_SID", account.sid.as_str()),
        ("TWILIO_AUTH_TOKEN", token.as_str()),
        ("CALLPRINT_TWILIO_API_BASE", base.as_str()),
        ("CALLPRINT_SERVER_PUBLIC_URL", "https://voice.example.com"),
    ];
    let (code, report) = doctor(folder.path(), &settings, &[]);
    assert_eq!((code, failed(&report)), (0, vec![]), "{report:#}");
    assert!(found(&report, "signatures").contains("https://voice.example.com/incoming_call"), "{report:#}");
    assert!(!report.to_string().contains(&token));

    settings[1].1 = "00000000000000000000000000000000";
    let (code, report) = doctor(folder.path(), &settings, &[]);
    assert_eq!((code, failed(&report)), (1, vec!["provider's API"]), "{report:#}");
    settings[1].1 = "short";
    settings[3].1 = "";
    let (code, report) = doctor(folder.path(), &settings, &["--offline"]);
    assert_eq!((code, failed(&report)), (1, vec!["public URL", "credentials"]), "{report:#}");
}

#[test]
fn a_damaged_database_and_an_open_folder_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = crate::house::settings(&format!("store.data_dir = '{}'", data.display()));
    drop(callprint::store::Store::open(&settings.store).unwrap());
    let (code, report) = doctor(folder.path(), &[], &["--offline"]);
    assert_eq!((code, failed(&report)), (0, vec![]), "{report:#}");
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(data.join("callprint.db"), "not a database at all, but long enough to look like one").unwrap();
    let (code, report) = doctor(folder.path(), &[], &["--offline"]);
    assert_eq!((code, failed(&report)), (1, vec!["data folder", "database"]), "{report:#}");
}

#[test]
fn a_setting_that_is_wrong_is_the_only_finding() {
    let folder = tempfile::tempdir().unwrap();
    let (code, report) = doctor(folder.path(), &[("CALLPRINT_SERVER_LISTN", "x")], &["--offline"]);
    assert_eq!((code, failed(&report)), (1, vec!["configuration"]), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_opens_a_stream_as_the_provider_would() {
    let house = crate::house::House::streaming().await;
    let listen = house.base.trim_start_matches("http://").to_owned();
    let token = house.account.token.expose_secret().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let examined = |public_url: &str, token: &str| {
        let settings = [
            ("TWILIO_ACCOUNT_SID", house.account.sid.as_str()),
            ("TWILIO_AUTH_TOKEN", token),
            ("CALLPRINT_TWILIO_API_BASE", "http://127.0.0.1:9"),
            ("CALLPRINT_SERVER_LISTEN", listen.as_str()),
            ("CALLPRINT_SERVER_PUBLIC_URL", public_url),
            ("CALLPRINT_LINE_AUDIO", "stream"),
        ];
        tokio::task::block_in_place(|| doctor(folder.path(), &settings, &[]).1)
    };
    let report = examined(&house.base, &token);
    assert!(found(&report, "streams").ends_with("/media opens"), "{report:#}");
    let report = examined(&house.base, "00000000000000000000000000000000");
    assert!(found(&report, "streams").ends_with("answered 403") && failed(&report).contains(&"streams"), "{report:#}");
    let report = examined("http://127.0.0.1:9", &token);
    assert!(failed(&report).contains(&"streams"), "{report:#}");
    house.close().await;
}
