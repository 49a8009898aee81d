//! The real program: starting, stopping, what it prints, what it logs, what it refuses.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use callprint::phone::{Account, Answer, Outgoing, Phone, Provider, Recordings, Report, Script};
use url::Url;

use crate::house::{LINE, enrollment, pressed, saying, spoken};

const ANNA: &str = "+15550101";

/// The program as it was started, with everything it logs.
pub(crate) struct Program {
    child: Child,
    /// What it printed up to the line that says it is ready.
    pub(crate) said: Vec<String>,
    logged: Option<JoinHandle<String>>,
}

/// A test that fails leaves no server behind.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn callprint(folder: &Path, settings: &[(&str, &str)], args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callprint"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).env_clear();
    command.env("CALLPRINT_STORE_DATA_DIR", folder.join("data")).envs(settings.iter().copied());
    command
}

fn run(folder: &Path, settings: &[(&str, &str)], args: &[&str]) -> Output {
    callprint(folder, settings, args).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Program {
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = callprint(folder, settings, &["serve", "--listen", "127.0.0.1:0"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut program = Self { child, said: Vec::new(), logged: None };
        let mut stderr = program.child.stderr.take().unwrap();
        program.logged = Some(std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        }));
        let mut stdout = BufReader::new(program.child.stdout.take().unwrap()).lines();
        while !program.said.last().is_some_and(|line| line.starts_with("ready: ")) {
            let Some(line) = stdout.next() else {
                let log = program.log();
                panic!("not ready: {:?} {log}", program.said);
            };
            program.said.push(line.unwrap());
        }
        program
    }

    /// Everything it logged, once it has ended.
    fn log(&mut self) -> String {
        self.logged.take().unwrap().join().unwrap()
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn url(&self) -> Url {
        self.said.last().unwrap().split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Sends SIGTERM; gives how it ended and what it had logged.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        (self.child.wait().unwrap(), self.log())
    }
}

#[test]
fn it_says_where_it_listens_makes_a_local_token_and_ends_well_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), &[]);
    assert!(program.url().as_str().ends_with("/incoming_call"), "{:?}", program.said);
    let token = folder.path().join("data/local-token");
    assert_eq!(token.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let all = program.said.join("\n");
    assert!(all.contains("local-token") && !all.contains(std::fs::read_to_string(token).unwrap().trim()), "{all}");
    let (status, log) = program.stop();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn it_refuses_to_listen_to_the_world_without_an_auth_token() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &[], &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(2));
    let message = text(&refused.stderr);
    assert!(message.contains("TWILIO_AUTH_TOKEN"), "{message}");
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[test]
fn an_unknown_setting_stops_it_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &[("CALLPRINT_SERVER_LISTN", "127.0.0.1:0")], &["serve"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("CALLPRINT_SERVER_LISTN"));
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_port_that_is_taken_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(folder.path(), &[], &["serve", "--listen", &address]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains(&address));
}

#[test]
fn the_printed_configuration_is_one_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &[], &["serve", "--print-config"]);
    assert_eq!(printed.status.code(), Some(0));
    let file = folder.path().join("callprint.toml");
    std::fs::write(&file, &printed.stdout).unwrap();
    let examined = run(folder.path(), &[], &["doctor", "--offline", "--json", "--config", file.to_str().unwrap()]);
    assert_eq!(examined.status.code(), Some(0), "{}", text(&examined.stdout));
}

async fn place(program: &Program, account: &Account, recordings: &Recordings, from: &str, script: Script) -> Report {
    let phone = Phone::new(account.clone(), recordings.clone()).unwrap();
    let status = program.url().join("/call/status").unwrap();
    let outgoing = Outgoing { status_callback: Some(status), ..Outgoing::new(program.url(), from, LINE) };
    let report = phone.call(&outgoing, script).await;
    assert!(report.is_proper(), "{:#?}", report.to_json());
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_calls_leave_no_number_token_or_result_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (account, recordings) = (Account::random(), Recordings::new());
    let provider =
        Provider::start(SocketAddr::from(([127, 0, 0, 1], 0)), account.clone(), recordings.clone()).await.unwrap();
    let config = folder.path().join("callprint.toml");
    let secret = "correct horse battery staple, twice over";
    let settings =
        format!("line.after_accept = {{ redirect = 'https://app.example/next' }}\ntoken.secret = '{secret}'\n");
    std::fs::write(&config, settings).unwrap();
    let token = secrecy::ExposeSecret::expose_secret(&account.token).to_owned();
    let program = Program::start(
        folder.path(),
        &[
            ("CALLPRINT_CONFIG", config.to_str().unwrap()),
            ("CALLPRINT_LOG_FILTER", "trace"),
            ("CALLPRINT_TWILIO_API_BASE", &provider.base_url()),
            ("TWILIO_ACCOUNT_SID", &account.sid),
            ("TWILIO_AUTH_TOKEN", &token),
        ],
    );

    let enrolled = place(&program, &account, &recordings, ANNA, enrollment("anna")).await;
    let spelled = enrolled.said().into_iter().find_map(|said| said.strip_prefix("Your account number is: ")).unwrap();
    let number: String = spelled.split('.').next().unwrap().chars().filter(char::is_ascii_digit).collect();
    let typed = Script::in_order([pressed(&format!("{number}#")), Answer::Nothing, spoken("anna_pass_5")]);
    let withheld = place(&program, &account, &recordings, "anonymous", typed).await;
    let (handed_over, _) = withheld.redirected().unwrap();
    let result = handed_over.split_once("callprint_token=").unwrap().1.to_owned();
    place(&program, &account, &recordings, ANNA, saying(&["dave_pass_1", "dave_pass_2", "dave_pass_3"])).await;
    let code = Script::in_order([pressed("2"), pressed("98765432#")]).hanging_up_after(2);
    place(&program, &account, &recordings, ANNA, code).await;

    let (status, log) = program.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.lines().count() > 20, "{log}");
    for line in log.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value["message"].is_string() || value["fields"].is_object() || value["level"].is_string(), "{line}");
    }
    let last_digits = &ANNA[4..];
    for secret in [last_digits, &LINE[4..], &number, "98765432", &token, &result, secret, &account.sid] {
        assert!(!log.contains(secret), "{secret} in {}", log.lines().find(|line| line.contains(secret)).unwrap());
    }
}

#[test]
fn it_is_ready_within_moments_and_says_so_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let start = Instant::now();
        let program = Program::start(folder.path(), &[]);
        // The goal is 1 s for the release build on an idle machine; this build and this machine are neither.
        assert!(start.elapsed() < Duration::from_secs(30));
        assert!(program.stop().0.success());
    }
}
