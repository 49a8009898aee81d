//! Forms with a file, as any HTTP client sends them.

use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::house::House;

const BOUNDARY: &str = "----callprint-test-boundary";

/// The body of a form.
pub(crate) fn body(fields: &[(&str, &str)], audio: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, text) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend(head.into_bytes());
    }
    if let Some((kind, bytes)) = audio {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"take\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

/// Its content type.
pub(crate) fn kind() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// The bytes of a recording of `fixtures/audio`.
pub(crate) fn wav(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/audio/{name}.wav"))).unwrap()
}

impl House {
    /// Sends a form with a file: status and answer.
    pub(crate) async fn upload(&self, path: &str, key: &str, fields: &[(&str, &str)], audio: &[u8]) -> (u16, Value) {
        self.send_form(path, key, body(fields, Some(("audio/wav", audio)))).await
    }

    /// Sends JSON: status and answer.
    pub(crate) async fn post_json(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        let (status, body, _) = self.request(Method::POST, path, key, &body).await;
        (status, body)
    }

    /// Sends a form.
    pub(crate) async fn send_form(&self, path: &str, key: &str, body: Vec<u8>) -> (u16, Value) {
        let kind = kind();
        let answer = self.send(Method::POST, path, &[("x-api-key", key), ("content-type", &kind)], body).await;
        let json = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
        (answer.status.as_u16(), json)
    }

    /// Has a user made and enrolled with a voice of the fixtures.
    pub(crate) async fn enroll_user(&self, key: &str, user: &str, voice: &str) {
        let (status, body, _) =
            self.request(Method::POST, "/create-profile", key, &serde_json::json!({ "user_id": user })).await;
        assert_eq!(status, 201, "{body}");
        for take in 1..=3 {
            let (status, body) =
                self.upload("/enroll", key, &[("user_id", user)], &wav(&format!("{voice}_pass_{take}"))).await;
            assert_eq!(status, 200, "{body}");
        }
    }
}
