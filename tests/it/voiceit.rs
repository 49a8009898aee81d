//! Programs written for `VoiceIt`'s API 2: its published SDK, unmodified, and what the SDK never sends.

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callprint::store::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::House;

const ALL: &[Scope] = &[Scope::Enroll, Scope::Verify, Scope::Admin];

/// Key and token of an API key, as the SDKs show them.
fn pair(secret: &str) -> (String, String) {
    let id = secret.split('_').nth(1).unwrap();
    (format!("key_{id}"), format!("tok_{secret}"))
}

impl House {
    /// One request with a key and token.
    async fn voiceit(&self, method: Method, path: &str, secret: &str, form: &str) -> (u16, Value) {
        let (key, token) = pair(secret);
        let shown = format!("Basic {}", STANDARD.encode(format!("{key}:{token}")));
        let headers = [("authorization", &shown[..]), ("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send(method, &format!("/voiceit{path}"), &headers, form.as_bytes().to_vec()).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
        for name in ["message", "status", "timeTaken", "responseCode"] {
            assert!(body.get(name).is_some(), "{path}: no {name} in {body}");
        }
        (answer.status.as_u16(), body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_sdk_runs_unmodified() {
    let house = House::open().await;
    let (key, token) = pair(&house.api_key("acme", ALL).await);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let libraries = [".runtime/voiceit2", ".runtime/schemathesis"].map(|folder| root.join(folder));
    assert!(libraries.iter().all(|folder| folder.is_dir()), "voiceit2 is missing: run `make setup-tests`");
    let mut command = Command::new("python3");
    command
        .env("PYTHONPATH", std::env::join_paths(libraries).unwrap())
        .arg(root.join("tests/it/voiceit/sdk.py"))
        .args([&format!("{}/voiceit", house.base), &key, &token])
        .arg(root.join("fixtures/audio"))
        .stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let said = &found["said"];
    for (call, status, code) in [
        ("phrases", 200, "SUCC"),
        ("exists", 200, "SUCC"),
        ("users", 200, "SUCC"),
        ("again", 400, "RWPU"),
        ("other_voice", 400, "NSPE"),
        ("enrollments", 200, "SUCC"),
        ("verify", 200, "SUCC"),
        ("impostor", 400, "FAIL"),
        ("other_phrase", 400, "PDNM"),
        ("other_words", 400, "STTF"),
        ("group", 200, "SUCC"),
        ("groups", 200, "SUCC"),
        ("group_exists", 200, "SUCC"),
        ("groups_of", 200, "SUCC"),
        ("identify", 200, "SUCC"),
        ("identify_nobody", 400, "FAIL"),
        ("by_url", 400, "IFAD"),
        ("removed", 200, "SUCC"),
        ("group_deleted", 200, "SUCC"),
        ("face", 501, "GERR"),
        ("unenrolled", 200, "SUCC"),
        ("not_enrolled", 400, "NFEF"),
        ("deleted", 200, "SUCC"),
        ("unknown", 404, "UNFD"),
        ("gone", 200, "SUCC"),
        ("stranger", 401, "UNAC"),
    ] {
        let answer = &said[call];
        assert_eq!((&answer["status"], &answer["responseCode"]), (&json!(status), &json!(code)), "{call}: {answer}");
        assert!(answer["message"].is_string() && answer["timeTaken"].is_string(), "{call}: {answer}");
    }
    for voice in ["anna", "ben"] {
        for answer in said[format!("enroll_{voice}")].as_array().unwrap() {
            assert_eq!((&answer["status"], &answer["responseCode"]), (&json!(201), &json!("SUCC")), "{answer}");
            assert!(answer["id"].is_i64());
        }
    }
    assert_eq!(said["phrases"]["phrases"][0]["text"], "Never forget tomorrow is a new day");
    assert_eq!((&said["exists"]["exists"], &said["gone"]["exists"]), (&json!(true), &json!(false)));
    assert_eq!((&said["users"]["count"], &said["enrollments"]["count"]), (&json!(2), &json!(3)));
    assert!(said["verify"]["confidence"].as_f64() > said["impostor"]["confidence"].as_f64());
    assert_eq!(said["group"]["users"], json!([found["anna"], found["ben"]]));
    assert_eq!(said["groups_of"]["groups"], json!([found["group"]]));
    assert_eq!((&said["identify"]["userId"], said["identify_nobody"].get("userId")), (&found["ben"], None));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_allows_less_and_another_tenants_get_nowhere() {
    let house = House::open().await;
    let (ours, theirs) = (house.api_key("acme", ALL).await, house.api_key("other", ALL).await);
    for scopes in [&[Scope::Verify][..], &[Scope::Enroll, Scope::Verify]] {
        let less = house.api_key("acme", scopes).await;
        let (status, body) = house.voiceit(Method::GET, "/users", &less, "").await;
        assert_eq!((status, &body["responseCode"]), (401, &json!("UNAC")));
    }
    let user = house.voiceit(Method::POST, "/users", &ours, "").await.1["userId"].as_str().unwrap().to_owned();
    let group = house.voiceit(Method::POST, "/groups", &ours, "description=ours").await.1;
    let group = group["groupId"].as_str().unwrap();
    for (method, path, form, code) in [
        (Method::DELETE, format!("/users/{user}"), String::new(), "UNFD"),
        (Method::GET, format!("/enrollments/voice/{user}"), String::new(), "UNFD"),
        (Method::POST, format!("/users/{user}/token"), String::new(), "UNFD"),
        (Method::GET, format!("/groups/{group}"), String::new(), "DDNE"),
        (Method::DELETE, format!("/groups/{group}"), String::new(), "DDNE"),
        (Method::PUT, "/groups/addUser".to_owned(), format!("groupId={group}&userId={user}"), "UNFD"),
    ] {
        let (status, body) = house.voiceit(method, &path, &theirs, &form).await;
        assert_eq!((status, body["responseCode"].as_str()), (404, Some(code)), "{path}: {body}");
    }
    let (_, users) = house.voiceit(Method::GET, "/users", &theirs, "").await;
    assert_eq!(users["count"], 0);
    let (_, users) = house.voiceit(Method::GET, "/users", &ours, "").await;
    assert_eq!(users["users"][0]["userId"], json!(user));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_not_served_is_told_by_its_code() {
    let house = House::open().await;
    let key = house.api_key("acme", ALL).await;
    let user = house.voiceit(Method::POST, "/users", &key, "").await.1["userId"].as_str().unwrap().to_owned();
    let said = "contentLanguage=en-US&phrase=Never+forget+tomorrow+is+a+new+day";
    let by_url = |url: &str| format!("userId={user}&{said}&fileUrl={url}");
    for (method, path, form, status, code) in [
        (Method::POST, "/groups", String::new(), 400, "MISP"),
        (Method::POST, "/enrollments/voice", format!("userId={user}&{said}"), 400, "MISP"),
        (Method::GET, "/phrases/xx-XX", String::new(), 400, "NPFC"),
        (Method::POST, "/enrollments/voice/byUrl", by_url("file:///etc/passwd"), 400, "IFAD"),
        (Method::POST, "/enrollments/voice/byUrl", by_url("https://10.0.0.1/take.wav"), 400, "IFAD"),
        (Method::POST, "/enrollments/voice/byUrl", by_url("http://[::ffff:169.254.169.254]/"), 400, "IFAD"),
        (Method::POST, "/subaccount/managed", String::new(), 501, "GERR"),
        (Method::POST, "/verification/face", String::new(), 501, "GERR"),
        (Method::GET, "/users?notificationURL=https%3A%2F%2Fexample.com", String::new(), 501, "GERR"),
    ] {
        let (found, body) = house.voiceit(method, path, &key, &form).await;
        assert_eq!((found, body["responseCode"].as_str()), (status, Some(code)), "{path} {form}: {body}");
    }
    let (status, token) = house.voiceit(Method::POST, &format!("/users/{user}/token"), &key, "").await;
    assert_eq!(status, 201, "{token}");
    let (status, _) =
        house.post_json("/create-profile", token["userToken"].as_str().unwrap(), json!({ "user_id": user })).await;
    assert_eq!(status, 200, "the page's token is good with our own routes");
    house.close().await;
}

/// A file that a client names is fetched from where it may be.
#[tokio::test(flavor = "multi_thread")]
async fn a_take_is_fetched_from_a_url() {
    let house = House::open().await;
    let key = house.api_key("acme", ALL).await;
    let user = house.voiceit(Method::POST, "/users", &key, "").await.1["userId"].as_str().unwrap().to_owned();
    let receiver = wiremock::MockServer::start().await;
    let wav = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio/anna_pass_1.wav")).unwrap();
    let found = wiremock::ResponseTemplate::new(200).set_body_raw(wav, "audio/wav");
    wiremock::Mock::given(wiremock::matchers::path("/take.wav")).respond_with(found).mount(&receiver).await;
    let moved = wiremock::ResponseTemplate::new(302).insert_header("location", "/take.wav");
    wiremock::Mock::given(wiremock::matchers::path("/moved.wav")).respond_with(moved).mount(&receiver).await;
    let said = "contentLanguage=en-US&phrase=never+forget+tomorrow+is+a+new+day";
    for (name, status, code) in [("missing", 400, "IFAD"), ("moved", 400, "IFAD"), ("take", 201, "SUCC")] {
        let form = format!("userId={user}&{said}&fileUrl={}/{name}.wav", receiver.uri());
        let (found, body) = house.voiceit(Method::POST, "/enrollments/voice/byUrl", &key, &form).await;
        assert_eq!((found, body["responseCode"].as_str()), (status, Some(code)), "{name}: {body}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_who_opts_out_and_nothing_is_kept_again() {
    let house = House::open().await;
    let key = house.api_key("acme", ALL).await;
    let user = house.voiceit(Method::POST, "/users", &key, "").await.1["userId"].as_str().unwrap().to_owned();
    let said = [("userId", &user[..]), ("contentLanguage", "en-US"), ("phrase", "never forget tomorrow is a new day")];
    let take = |n: u32| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio");
        let wav = std::fs::read(folder.join(format!("anna_pass_{n}.wav"))).unwrap();
        crate::api::form::body(&said, Some(("audio/wav", &wav)))
    };
    let enroll = async |n: u32| {
        let (key, token) = pair(&key);
        let shown = format!("Basic {}", STANDARD.encode(format!("{key}:{token}")));
        let kind = crate::api::form::kind();
        let headers = [("authorization", &shown[..]), ("content-type", &kind[..])];
        let answer = house.send(Method::POST, "/voiceit/enrollments/voice", &headers, take(n)).await;
        answer.status.as_u16()
    };
    assert_eq!([enroll(1).await, enroll(2).await, enroll(3).await], [201; 3]);
    let who = callprint::store::CallerRef::User(callprint::types::Tenant::parse("acme").unwrap(), user.clone());
    let caller = house.store.find_caller(&who).await.unwrap().unwrap();
    assert!(caller.is_enrolled);
    house.store.set_consent(caller.id, callprint::dialog::Consent::OptedOut, house.clock.now()).await.unwrap();
    let (_, left) = house.voiceit(Method::GET, &format!("/enrollments/voice/{user}"), &key, "").await;
    assert_eq!((&left["count"], enroll(4).await), (&json!(0), 403));
    house.close().await;
}
