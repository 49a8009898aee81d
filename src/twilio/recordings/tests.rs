use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;

const ACCOUNT: &str = "AC00000000000000000000000000000002";
const RECORDING: &str = "RE0123456789abcdef0123456789abcdef";

/// `AC…2:token` and `SK1:secret`.
const BY_TOKEN: &str = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMjp0b2tlbg==";
const BY_KEY: &str = "Basic U0sxOnNlY3JldA==";

const MAX_BYTES: usize = 100_000;

fn settings(api_base: &str, recording_wait_ms: u64) -> config::Twilio {
    config::Twilio {
        account_sid: ACCOUNT.to_owned(),
        auth_token: Some("token".into()),
        auth_token_previous: None,
        api_key_sid: String::new(),
        api_key_secret: None,
        api_base: api_base.to_owned(),
        recording_wait_ms,
        delete_recordings: true,
    }
}

/// Pauses of milliseconds, so that tests do not wait.
fn recordings(api_base: &str, wait_ms: u64) -> Recordings {
    let made = Recordings::new(&settings(api_base, wait_ms), MAX_BYTES).expect("valid settings");
    Recordings { first_pause: Duration::from_millis(2), ..made }
}

fn sid() -> RecordingSid {
    RecordingSid::parse(RECORDING).expect("valid")
}

fn wav_path() -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.wav")
}

fn wav() -> Vec<u8> {
    [b"RIFF\x04\0\0\0WAVE".as_slice(), &[0; 32]].concat()
}

fn audio() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(wav(), "audio/x-wav")
}

fn authorization(request: &Request) -> Option<String> {
    request.headers.get("authorization").map(|value| value.to_str().expect("text").to_owned())
}

async fn serve(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path(wav_path())).respond_with(answer).mount(&server).await;
    server
}

async fn asked(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("wiremock keeps requests")
}

#[tokio::test]
async fn a_recording_is_fetched_by_its_id_with_the_accounts_token() {
    let server = serve(audio()).await;
    assert_eq!(recordings(&server.uri(), 1000).fetch(&sid()).await, Ok(wav()));
    assert_eq!(authorization(&asked(&server).await[0]).as_deref(), Some(BY_TOKEN));
}

#[tokio::test]
async fn an_api_key_goes_before_the_token() {
    let server = serve(audio()).await;
    let mut settings = settings(&format!("{}/", server.uri()), 1000);
    settings.api_key_sid = "SK1".to_owned();
    settings.api_key_secret = Some("secret".into());
    let recordings = Recordings::new(&settings, MAX_BYTES).expect("valid settings");
    assert_eq!(recordings.fetch(&sid()).await, Ok(wav()));
    assert_eq!(authorization(&asked(&server).await[0]).as_deref(), Some(BY_KEY));
}

#[tokio::test]
async fn a_recording_that_lags_behind_its_webhook_is_waited_for() {
    let server = MockServer::start().await;
    let tries = Arc::new(AtomicUsize::new(0));
    let answer = move |_: &Request| match tries.fetch_add(1, Ordering::Relaxed) {
        0 => ResponseTemplate::new(404).set_body_raw("<TwilioResponse/>", "application/xml"),
        1 => ResponseTemplate::new(503),
        2 => ResponseTemplate::new(429),
        _ => audio(),
    };
    Mock::given(path(wav_path())).respond_with(answer).mount(&server).await;
    assert_eq!(recordings(&server.uri(), 10_000).fetch(&sid()).await, Ok(wav()));
    assert_eq!(asked(&server).await.len(), 4);
}

#[tokio::test]
async fn what_never_becomes_a_recording_gets_its_code() {
    let xml = || ResponseTemplate::new(200).set_body_raw("<?xml version='1.0'?><TwilioResponse/>", "audio/x-wav");
    let rows = [
        ("missing", ResponseTemplate::new(404), "recording_not_ready", true),
        ("provider down", ResponseTemplate::new(500), "provider_unreachable", true),
        ("wrong credentials", ResponseTemplate::new(401), "recording_refused", false),
        ("not allowed", ResponseTemplate::new(403), "recording_refused", false),
        ("a bad request", ResponseTemplate::new(400), "recording_refused", false),
        ("error text as audio", xml(), "recording_not_audio", false),
        ("XML by its type", ResponseTemplate::new(200).set_body_raw(wav(), "text/xml"), "recording_not_audio", false),
        ("JSON", ResponseTemplate::new(200).set_body_raw("{}", "application/json"), "recording_not_audio", false),
        ("nothing at all", ResponseTemplate::new(200), "recording_not_audio", false),
        (
            "MP3",
            ResponseTemplate::new(200).set_body_raw(b"ID3\x04".to_vec(), "audio/mpeg"),
            "recording_not_audio",
            false,
        ),
        (
            "too large, announced",
            ResponseTemplate::new(200).set_body_raw(vec![0; MAX_BYTES + 1], "audio/x-wav"),
            "recording_too_large",
            false,
        ),
    ];
    for (name, answer, code, is_retried) in rows {
        let server = serve(answer).await;
        let error = recordings(&server.uri(), 500).fetch(&sid()).await.expect_err(name);
        assert_eq!(error.code(), code, "{name}");
        assert_eq!(asked(&server).await.len() > 1, is_retried, "{name}");
    }
}

#[tokio::test]
async fn a_recording_at_the_cap_is_taken() {
    let mut bytes = wav();
    bytes.resize(MAX_BYTES, 0);
    let server = serve(ResponseTemplate::new(200).set_body_raw(bytes.clone(), "application/octet-stream")).await;
    assert_eq!(recordings(&server.uri(), 1000).fetch(&sid()).await, Ok(bytes));
}

/// A server that answers every connection with a head, then the same bytes again and again.
async fn endless(head: &'static str, body: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(head.as_bytes()).await;
                while !body.is_empty() && socket.write_all(body).await.is_ok() {}
                // Holds the connection open until the client leaves.
                let _ = socket.read(&mut [0; 16]).await;
            });
        }
    });
    base
}

#[tokio::test]
async fn an_endless_body_is_cut_off_at_the_cap() {
    let base = endless("HTTP/1.1 200 OK\r\nContent-Type: audio/x-wav\r\n\r\n", b"RIFF\0\0\0\0WAVE").await;
    let error = recordings(&base, 10_000).fetch(&sid()).await.expect_err("endless");
    assert_eq!(error, RecordingError::TooLarge { max: MAX_BYTES });
}

#[tokio::test]
async fn a_provider_that_says_nothing_costs_no_more_than_the_wait() {
    for head in ["", "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\nRIFF"] {
        let base = endless(head, b"").await;
        let started = std::time::Instant::now();
        let error = recordings(&base, 100).fetch(&sid()).await.expect_err("silent");
        assert_eq!(error, RecordingError::unreachable("time-out"));
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let server = tokio::spawn(async move {
        for length in [50_000, wav().len()] {
            let (mut socket, _) = listener.accept().await.expect("a connection");
            let _ = socket.read(&mut [0; 4096]).await;
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            let _ = socket.write_all(&[head.as_bytes(), &wav()].concat()).await;
        }
    });
    assert_eq!(recordings(&base, 5000).fetch(&sid()).await, Ok(wav()));
    server.await.expect("two connections");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let fetched = recordings(&base, 200).fetch(&sid()).await.expect_err("closed");
    assert_eq!(fetched, RecordingError::unreachable("no connection"));
    assert_eq!(recordings(&base, 200).delete(&sid()).await, Err(RecordingError::unreachable("no connection")));
}

fn redirect_to(target: &str) -> ResponseTemplate {
    ResponseTemplate::new(307).insert_header("location", target)
}

#[tokio::test]
async fn a_redirect_within_the_api_keeps_the_credentials() {
    let server = serve(redirect_to("/media/1")).await;
    Mock::given(path("/media/1")).respond_with(audio()).mount(&server).await;
    assert_eq!(recordings(&server.uri(), 1000).fetch(&sid()).await, Ok(wav()));
    let requests = asked(&server).await;
    assert!(requests.iter().all(|request| authorization(request).as_deref() == Some(BY_TOKEN)));
}

#[tokio::test]
async fn no_hop_on_another_host_carries_the_credentials() {
    let storage = MockServer::start().await;
    Mock::given(path("/first")).respond_with(redirect_to("/second")).mount(&storage).await;
    Mock::given(path("/second")).respond_with(audio()).mount(&storage).await;
    let api = serve(redirect_to(&format!("{}/first", storage.uri()))).await;
    let recordings = recordings(&api.uri(), 1000);

    // Plain HTTP on another port stands in for storage on another host, which would need a certificate here.
    let response = recordings.follow(&recordings.url(&sid(), "wav"), |_| true).await.expect("two redirects");
    assert_eq!(response.status(), 200);
    assert_eq!(authorization(&asked(&api).await[0]).as_deref(), Some(BY_TOKEN));
    let stored: Vec<_> = asked(&storage).await.iter().map(authorization).collect();
    assert_eq!(stored, [None, None]);
}

#[test]
fn only_the_apis_own_origin_gets_the_credentials() {
    let recordings = recordings(API_BASE, 1000);
    let rows = [
        ("https://api.twilio.com/x", true),
        ("https://api.twilio.com:443/x", true),
        ("https://storage.example/x", false),
        ("http://api.twilio.com/x", false),
        ("https://api.twilio.com:444/x", false),
        ("https://api.twilio.com.evil.example/x", false),
        ("https://evil.example/api.twilio.com", false),
    ];
    for (url, is_ours) in rows {
        let request = recordings.request(Method::GET, Url::parse(url).expect(url)).build().expect(url);
        assert_eq!(request.headers().contains_key("authorization"), is_ours, "{url}");
    }
}

#[tokio::test]
async fn a_redirect_anywhere_but_to_tls_or_the_api_itself_is_not_followed() {
    let other = serve(audio()).await;
    let rows = [
        other.uri(),
        "file:///etc/passwd".to_owned(),
        "ftp://storage.example/x".to_owned(),
        "http://169.254.169.254/latest".to_owned(),
        "https://jo:pw@storage.example/x".to_owned(),
        "http://".to_owned(),
    ];
    for target in rows {
        let server = serve(redirect_to(&target)).await;
        let error = recordings(&server.uri(), 10_000).fetch(&sid()).await.expect_err(&target);
        assert_eq!(error.code(), "recording_misdirected", "{target}");
    }
    assert_eq!(asked(&other).await.len(), 0, "another host was asked");
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let server = serve(redirect_to(&wav_path())).await;
    let error = recordings(&server.uri(), 10_000).fetch(&sid()).await.expect_err("a loop");
    assert_eq!(error, RecordingError::Misdirected);
    assert_eq!(asked(&server).await.len(), MAX_REDIRECTS + 1);
}

#[tokio::test]
async fn a_deletion_is_done_when_the_recording_is_gone() {
    let rows = [
        (204, None),
        (200, None),
        (404, None),
        (401, Some("recording_refused")),
        (403, Some("recording_refused")),
        (429, Some("provider_unreachable")),
        (500, Some("provider_unreachable")),
        (302, Some("provider_unreachable")),
    ];
    for (status, code) in rows {
        let server = MockServer::start().await;
        let json = wav_path().replace(".wav", ".json");
        Mock::given(method("DELETE"))
            .and(path(json))
            .respond_with(ResponseTemplate::new(status).insert_header("location", "/x"))
            .mount(&server)
            .await;
        let deleted = recordings(&server.uri(), 1000).delete(&sid()).await;
        assert_eq!(deleted.err().map(|error| error.code()), code, "{status}");
        let requests = asked(&server).await;
        assert_eq!(requests.len(), 1, "{status}");
        assert_eq!(authorization(&requests[0]).as_deref(), Some(BY_TOKEN));
    }
}

#[test]
fn the_url_is_built_from_the_configuration_alone() {
    let rows = [
        (ACCOUNT, "", Ok(format!("{API_BASE}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.wav"))),
        (
            ACCOUNT,
            "https://api.dublin.ie1.twilio.com/",
            Ok(format!("https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.wav")),
        ),
        ("", "", Ok(format!("{LOCAL_API_BASE}/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/Recordings/{RECORDING}.wav"))),
        (ACCOUNT, "api.twilio.com", Err("twilio.api_base")),
        (ACCOUNT, "mailto:jo", Err("twilio.api_base")),
        ("AC1/../..", "", Err("twilio.account_sid")),
    ];
    for (account, base, expected) in rows {
        let settings = config::Twilio { account_sid: account.to_owned(), ..settings(base, 1) };
        let url = Recordings::new(&settings, 1).map(|made| made.url(&sid(), "wav").to_string());
        assert_eq!(url, expected.map_err(|setting| RecordingError::Misconfigured { setting }), "{account} {base}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", recordings(API_BASE, 1));
    assert!(!shown.contains("token"), "{shown}");
}
