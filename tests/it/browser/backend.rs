//! A page of another origin with a back end of its own, as docs/browser.md has them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use callprint::store::Scope;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Chromium, Microphone};
use crate::house::{House, fixture};

const BOTH: &[Scope] = &[Scope::Enroll, Scope::Verify];

/// The program of docs/browser.md that begins with this comment.
fn documented(comment: &str) -> String {
    let text = include_str!("../../../docs/browser.md");
    let program = &text[text.find(comment).expect("the program is in docs/browser.md")..];
    program[..program.find("\n```").unwrap()].to_owned()
}

struct Backend(Child);

impl Drop for Backend {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_back_end_keeps_the_key_and_vouches_for_its_own_user_alone() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    let mut program = Command::new("python3");
    program.args(["-c", &documented("# backend.py")]).stdout(Stdio::piped()).stderr(Stdio::null());
    program.env("CALLPRINT_URL", &house.base).env("CALLPRINT_KEY", &key).env("PORT", "0");
    let mut backend = Backend(program.spawn().unwrap());
    let mut address = String::new();
    BufReader::new(backend.0.stdout.take().unwrap()).read_line(&mut address).unwrap();

    let client = Client::builder().no_proxy().build().unwrap();
    let post = async |path: &str, body: Value| {
        let answer = client.post(format!("{}{path}", address.trim())).json(&body).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, text) = post("/voice/token", json!({})).await;
    let given: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &given["user_id"]), (StatusCode::CREATED, &json!("alice")));
    assert!(!text.contains(&key), "the key is told");
    let token = given["token"].as_str().unwrap();
    assert_eq!(house.post_json("/create-profile", token, json!({ "user_id": "alice" })).await.0, 201);
    assert_eq!(house.post_json("/create-profile", token, json!({ "user_id": "bob" })).await.0, 403);
    let proof = post("/voice/proof", json!({ "voiceToken": token })).await;
    assert_eq!(proof, (StatusCode::FORBIDDEN, r#"{"verified": false}"#.to_owned()), "a user token proves nothing");
    drop(backend);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_listed_origin_uses_the_sdk_and_one_of_another_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let house = House::with(&format!("[api]\norigins = [\"{origin}\"]")).await;
    // The policy that docs/browser.md asks for.
    let policy = format!("default-src 'none'; script-src {0}; connect-src {0}", house.base);
    let page =
        format!("<!doctype html><title>app</title><script src=\"{}/sdk/voiceauthorize.js\"></script>", house.base);
    let app = Router::new().fallback(get(async move || ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page))));
    let server = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });

    let key = house.api_key("main", BOTH).await;
    let (_, token) = house.post_json("/v1/user-tokens", &key, json!({ "user_id": "anna" })).await;
    let enroll = format!(
        "(async () => {{
            VoiceAuthorize.init({{ token: {} }});
            await VoiceAuthorize.createProfile({{ user_id: 'anna' }});
            return VoiceAuthorize.enroll({{ user_id: 'anna', audio: await VoiceAuthorize.record() }}); }})()
            .catch(({{ code }}) => code)",
        token["token"]
    );
    let mut browser = Chromium::start(Microphone::Allowed).await;
    browser.hears(&fixture("anna_pass_1"));
    browser.open(&origin).await;
    assert_eq!(browser.eval(&enroll).await["takes"], 1);
    assert_eq!(browser.complaints().await, [""; 0]);
    // The same page by another name is another origin.
    browser.open(&origin.replace("127.0.0.1", "localhost")).await;
    assert_eq!(browser.eval(&enroll).await, "network");
    server.abort();
    drop(browser);
    house.close().await;
}
