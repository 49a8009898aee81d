//! Forms and audio that cannot be used.

use std::time::Duration;

use callprint::store::Scope;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::form::{body, kind, wav};
use crate::house::House;

const BOTH: &[Scope] = &[Scope::Enroll, Scope::Verify];

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_refused_with_a_stable_code() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.request(Method::POST, "/create-profile", &key, &json!({ "user_id": "anna" })).await;
    let user = [("user_id", "anna")];
    let take = wav("anna_pass_1");
    let silence = callprint::audio::wav::encode_8k(&callprint::types::Clip8k::new(vec![0.0; 16_000]));
    let long = callprint::audio::wav::encode_8k(&callprint::types::Clip8k::new(vec![0.0; 8_000 * 61]));
    let huge = vec![0_u8; 8_000_001];
    let whole = body(&user, Some(("audio/wav", &take)));
    let text = "x".repeat(5_000);
    for (form, status, code) in [
        (body(&user, None), 422, "missing_field"),
        (body(&[], Some(("audio/wav", &take))), 422, "missing_field"),
        (body(&[("user_id", "anna"), ("user_id", "ben")], Some(("audio/wav", &take))), 422, "repeated_field"),
        (body(&[("user_id", &text)], None), 413, "body_too_large"),
        (body(&[("a", ""); 17], None), 422, "repeated_field"),
        (body(&[("user_id", "nobody")], Some(("audio/wav", &take))), 404, "profile_not_found"),
        (body(&[("user_id", "")], Some(("audio/wav", &take))), 422, "invalid_user_id"),
        (body(&user, Some(("audio/wav", b"RIFF"))), 415, "audio_not_wav"),
        (body(&user, Some(("audio/mpeg", b"ID3\x04"))), 415, "audio_format"),
        (body(&user, Some(("audio/wav", &take[..60]))), 422, "no_speech"),
        (body(&user, Some(("audio/wav", &silence))), 422, "no_speech"),
        (body(&user, Some(("audio/wav", &long))), 413, "audio_too_long"),
        (body(&user, Some(("audio/wav", &huge))), 413, "body_too_large"),
        (whole[..whole.len() - 100].to_vec(), 400, "malformed_form"),
        (b"no form".to_vec(), 400, "malformed_form"),
    ] {
        let (found, answer) = house.send_form("/enroll", &key, form).await;
        assert_eq!((found, answer["error"].as_str()), (status, Some(code)), "{answer}");
        assert!(answer["message"].is_string());
    }
    let headers = [("x-api-key", &key[..]), ("content-type", "application/json")];
    let answer = house.send(Method::POST, "/enroll", &headers, b"{}".to_vec()).await;
    assert_eq!(answer.status.as_u16(), 415, "{answer:?}");
    let answer = house.send(Method::POST, "/enroll", &[("content-type", &kind())], whole).await;
    assert_eq!(answer.status.as_u16(), 401, "{answer:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stops_half_way_is_let_go_and_nothing_is_kept() {
    let house = House::with("[api]\nupload_s = 1\n").await;
    let key = house.api_key("main", BOTH).await;
    house.request(Method::POST, "/create-profile", &key, &json!({ "user_id": "anna" })).await;
    let whole = body(&[("user_id", "anna")], Some(("audio/wav", &wav("anna_pass_1"))));
    let mut socket = TcpStream::connect(house.base.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /enroll HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n",
        kind(),
        whole.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&whole[..whole.len() / 2]).await.unwrap();
    let mut answer = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(20), socket.read_exact(&mut answer)).await;
    read.expect("the server waits for ever").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    let (_, profile, _) = house.request(Method::POST, "/create-profile", &key, &json!({ "user_id": "anna" })).await;
    assert_eq!(profile["status"], "created");
    house.close().await;
}

/// As browsers record them; enrolled by telephone.
#[tokio::test(flavor = "multi_thread")]
async fn what_browsers_record_is_verified_against_a_telephones_voiceprint() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await;
    // What the browsers recorded was her first take: enrolled with it, she would be taken for its replay.
    for take in 2..=4 {
        house.upload("/enroll", &key, &[("user_id", "anna")], &wav(&format!("anna_pass_{take}"))).await;
    }
    let file = |name: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio/formats");
        std::fs::read(folder.join(name)).unwrap()
    };
    for (name, kind, is_accepted) in [
        ("anna_firefox.ogg", "audio/ogg; codecs=opus", true),
        ("ben_chromium.webm", "audio/webm;codecs=opus", false),
        ("ben_firefox.ogg", "audio/ogg; codecs=opus", false),
    ] {
        let form = body(&[("user_id", "anna")], Some((kind, &file(name))));
        let (status, answer) = house.send_form("/v1/voice/verify", &key, form).await;
        assert_eq!((status, answer["decision"] == "accept"), (200, is_accepted), "{name}: {answer}");
    }
    house.close().await;
}
