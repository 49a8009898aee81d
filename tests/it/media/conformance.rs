//! The published simulator `streamdouble` as the provider: a client that nobody here wrote.
//!
//! It does not sign, so its handshake goes through a proxy that does; the server has no way to be talked out of it.

use std::path::Path;
use std::process::{Command, Stdio};

use callprint::twilio::Form;
use callprint::twilio::signature::sign;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use super::{House, Invited};

/// Passes one connection at a time on to the house, its first request signed.
struct SigningProxy {
    port: u16,
    _task: AbortOnDropHandle<()>,
}

impl SigningProxy {
    async fn start(house: &House) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = house.base.trim_start_matches("http://").to_owned();
        let signature = sign(&house.socket_url(), &Form::default(), &house.account.token);
        let task = tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let header = format!("x-twilio-signature: {signature}\r\n\r\n");
                head.splice(head.len() - 2.., header.into_bytes());
                let mut server = TcpStream::connect(&address).await.unwrap();
                server.write_all(&head).await.unwrap();
                // Either end may break it off; what came of it is seen by the test.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
        Self { port, _task: AbortOnDropHandle::new(task) }
    }
}

/// One call of the simulator; what it found.
async fn double(house: &House, invited: &Invited, take: &str, loss: f32, jitter_ms: u32) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = root.join(".runtime/streamdouble");
    assert!(library.is_dir(), "streamdouble is missing: run `make setup-tests`");
    let proxy = SigningProxy::start(house).await;
    let mut command = Command::new("python3");
    command
        .env("PYTHONPATH", library)
        .arg(root.join("tests/it/media/double.py"))
        .arg(format!("ws://127.0.0.1:{}/media", proxy.port))
        .arg(root.join(format!("fixtures/audio/{take}.wav")))
        .args([&invited.call, &house.account.sid, &invited.token])
        .args([loss.to_string(), jitter_ms.to_string()])
        .stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_nobody_here_wrote_finds_no_fault_and_its_caller_is_accepted() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let found = double(&house, &invited, "anna_pass_5", 0.0, 0).await;
    assert_eq!((&found["violations"], &found["unknown_events"]), (&json!([]), &json!([])), "{found}");
    assert_eq!((&found["audio_ms"], &found["marks_echoed"]), (&json!(250), &json!(["played"])), "the tone: {found}");
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_bad_network_costs_no_verdict() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let found = double(&house, &invited, "anna_pass_6", 0.05, 40).await;
    assert_eq!(found["violations"], json!([]), "{found}");
    assert!(found["frames_dropped"].as_u64().unwrap() > 0, "{found}");
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_impostor_is_refused() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let found = double(&house, &invited, "ben_pass_4", 0.0, 0).await;
    assert_eq!(found["violations"], json!([]), "{found}");
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "reject voice_mismatch"]);
    house.close().await;
}
