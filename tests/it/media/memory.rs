//! What an open stream costs in memory, seen from outside the process.

use callprint::phone::{Account, Answer, Network, Outgoing, Phone, Recordings, Script};
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::house::LINE;
use crate::serve::Program;
use crate::wait::eventually;

/// The most a stream may hold besides the audio of its turn, in KiB.
const MOST_KIB: u64 = 64;

/// The audio of a turn grows by four seconds of 16-bit samples.
const AUDIO_KIB: u64 = 64;

/// The program's resident memory.
fn resident_kib(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The streams that are open, as the program itself says.
async fn open(program: &Program) -> u64 {
    let metrics = reqwest::get(program.url().join("/metrics").unwrap()).await.unwrap().text().await.unwrap();
    let count = metrics.lines().find_map(|line| line.strip_prefix("callprint_open_streams "));
    count.unwrap().parse().unwrap()
}

/// Streams and memory while most of so many callers say nothing into theirs.
async fn with_silent_callers(program: &Program, phone: &Phone, count: u64) -> (u64, u64) {
    let mut calls = JoinSet::new();
    for n in 0..count {
        let (phone, outgoing) = (phone.clone(), Outgoing::new(program.url(), "anonymous", LINE));
        // An account that nobody has is asked for its passphrase like any other.
        let script = Script::in_order([Answer::Keys(format!("{}#", 70_000_000 + n))]);
        calls.spawn(async move { phone.call(&outgoing, script).await });
    }
    let found = eventually(60, "the streams do not open", || async {
        let open = open(program).await;
        (open >= count * 9 / 10).then(|| (open, resident_kib(program)))
    });
    let found = found.await;
    calls.shutdown().await;
    eventually(60, "the streams do not close", || async { (open(program).await == 0).then_some(()) }).await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_holds_little_besides_its_audio() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("CALLPRINT_LINE_AUDIO", "stream"),
        ("CALLPRINT_LOG_FILTER", "error"),
        ("CALLPRINT_STREAMS_MAX_LAG_MS", "60000"),
    ];
    let program = Program::start(folder.path(), &settings);
    let token = std::fs::read_to_string(folder.path().join("data/local-token")).unwrap();
    let account = Account::local(SecretString::from(token.trim()));
    let phone = Phone::new(account, Recordings::new()).unwrap().with_network(Network::default().in_real_time());
    // What is there only once: connections, statements, threads.
    with_silent_callers(&program, &phone, 20).await;
    let (few, before) = with_silent_callers(&program, &phone, 20).await;
    let (many, after) = with_silent_callers(&program, &phone, 220).await;
    let each = after.saturating_sub(before) / (many - few);
    println!("{before} KiB with {few} streams, {after} KiB with {many}: {each} KiB each");
    assert!(each <= MOST_KIB + AUDIO_KIB, "{each} KiB each");
}
