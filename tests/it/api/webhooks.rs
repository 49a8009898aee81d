use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::admin::{ADMIN, ALL};
use crate::house::House;
use crate::receiver::{answers, told};

/// Waits until the newest delivery is as it should be.
async fn until(house: &House, key: &str, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let log = house.get(&format!("/v1/webhooks/{id}/deliveries"), key, 200).await;
            if is_so(&log["deliveries"][0]) {
                return log["deliveries"][0].clone();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the delivery does not become so")
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// A webhook for these events: its id and secret.
async fn hooked(house: &House, key: &str, receiver: &MockServer, events: Value) -> (String, String) {
    let wanted = json!({ "url": format!("{}/told", receiver.uri()), "events": events });
    let made = house.put("/v1/webhooks", key, wanted, 201).await;
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_told_what_happened_signed_and_without_anything_secret() {
    let (receiver, house) = (MockServer::start().await, House::open().await);
    let key = house.api_key("acme", ALL).await;
    answers(&receiver, 204, 99).await;
    let (id, secret) = hooked(&house, &key, &receiver, json!([])).await;
    let anna = house.enrolled_user(&key, "anna", "anna").await;
    house.upload_take("/v1/voice/verify", &key, &[("user_id", "anna")], "anna_pass_4", 200).await;
    house.upload_take("/v1/voice/verify", &key, &[("user_id", "anna")], "ben_pass_4", 200).await;
    house.put("/v1/codes", &key, json!({ "caller": anna }), 201).await;
    house.remove(&format!("/v1/callers/{anna}"), &key, 200).await;
    let requests = told(&receiver, 7).await;
    let mut events: Vec<Value> = requests.iter().map(body).collect();
    events.sort_by_key(|event| event["created_at"].as_str().unwrap().to_owned());
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let mut expected =
        ["created", "consent_given", "enrolled", "verified", "rejected", "code_made", "deleted"].to_vec();
    assert_eq!(kinds[2..], expected[2..]);
    // The first two are of one moment.
    expected.sort_unstable();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    for event in &events {
        assert_eq!((&event["data"]["caller_id"], &event["data"]["user_id"]), (&json!(anna), &json!("anna")), "{event}");
        assert!(event["id"].as_str().unwrap().starts_with("evt_"));
        assert!(event["data"].get("signals").is_none() && !event.to_string().contains("llr"), "{event}");
    }
    assert_eq!(events[4]["data"]["reason"], "voice_mismatch");

    let signature = requests[0].headers["callprint-signature"].to_str().unwrap();
    let (time, digest) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signed = keyed.chain_update([time.as_bytes(), b".", &requests[0].body].concat()).finalize().into_bytes();
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).unwrap()).collect();
    assert_eq!((digest.len(), &bytes[..]), (64, signed.as_slice()));
    let shown = house.get("/v1/webhooks", &key, 200).await.to_string();
    assert!(shown.contains(&id) && !shown.contains(&secret), "{shown}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_tenants_own_webhooks_are_told_and_only_of_what_they_want() {
    let (receiver, house) = (MockServer::start().await, House::open().await);
    let (main, acme) = (house.api_key("main", ADMIN).await, house.api_key("acme", ADMIN).await);
    answers(&receiver, 200, 99).await;
    let (of_main, _) = hooked(&house, &main, &receiver, json!(["opted_out"])).await;
    let (of_acme, _) = hooked(&house, &acme, &receiver, json!([])).await;
    let anna = house.new_user(&main, "anna").await;
    house.put(&format!("/v1/callers/{anna}/opt-out"), &main, Value::Null, 200).await;
    house.new_user(&acme, "ben").await;
    let events: Vec<Value> = told(&receiver, 3).await.iter().map(body).collect();
    let of = |user: &str| events.iter().filter(|event| event["data"]["user_id"] == user).count();
    assert_eq!((of("anna"), of("ben")), (1, 2), "{events:?}");
    let log = |id: &str| format!("/v1/webhooks/{id}/deliveries");
    assert_eq!(house.get(&log(&of_main), &main, 200).await["deliveries"].as_array().unwrap().len(), 1);
    let first = house.get(&format!("{}?limit=1", log(&of_acme)), &acme, 200).await;
    let next = format!("{}?limit=1&cursor={}", log(&of_acme), first["next_cursor"].as_str().unwrap());
    let second = house.get(&next, &acme, 200).await;
    assert_eq!(
        (&first["deliveries"][0]["type"], &second["deliveries"][0]["type"]),
        (&json!("consent_given"), &json!("created"))
    );
    assert_eq!(house.get(&format!("{}?cursor=x", log(&of_acme)), &acme, 422).await["error"], "invalid_cursor");

    // Another tenant's webhook is one that never was.
    for (method, what) in [(Method::DELETE, ""), (Method::POST, "/test"), (Method::GET, "/deliveries")] {
        for id in [&of_main[..], "wh_00", "%00"] {
            let path = format!("/v1/webhooks/{id}{what}");
            let (status, answer, _) = house.request(method.clone(), &path, &acme, &Value::Null).await;
            assert_eq!((status, &answer["error"]), (404, &json!("webhook_not_found")), "{method} {path}");
        }
        house.is_for_administrators(method, &format!("/v1/webhooks/{of_main}{what}"), Value::Null).await;
    }
    let wanted = json!({ "url": "https://example.com" });
    house.is_for_administrators(Method::POST, "/v1/webhooks", wanted).await;
    house.is_for_administrators(Method::GET, "/v1/webhooks", Value::Null).await;
    house.remove(&format!("/v1/webhooks/{of_main}"), &main, 200).await;
    assert_eq!(house.get("/v1/webhooks", &main, 200).await, json!({ "webhooks": [] }));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_comes_again_later_also_after_a_restart_and_is_given_up_after_a_day() {
    let (receiver, house) = (MockServer::start().await, House::open().await);
    let key = house.api_key("main", ADMIN).await;
    answers(&receiver, 500, 1).await;
    answers(&receiver, 302, 1).await;
    answers(&receiver, 200, 1).await;
    answers(&receiver, 503, 999).await;
    let (id, _) = hooked(&house, &key, &receiver, json!(["locked"])).await;
    house.put(&format!("/v1/webhooks/{id}/test"), &key, Value::Null, 202).await;
    let failed = until(&house, &key, &id, |one| one["last_status"] == "status_500").await;
    assert_eq!((&failed["tries"], &failed["delivered_at"]), (&json!(1), &Value::Null));
    assert!(failed["next_try"].is_string());
    house.clock.advance_s(6);
    until(&house, &key, &id, |one| one["last_status"] == "status_302").await;
    let house = house.restarted().await;
    house.clock.advance_s(11);
    let done = until(&house, &key, &id, |one| one["delivered_at"].is_string()).await;
    assert_eq!(
        (&done["tries"], &done["last_status"], &done["next_try"]),
        (&json!(3), &json!("status_200"), &Value::Null)
    );
    let requests = told(&receiver, 3).await;
    assert!(requests.iter().all(|request| body(request) == body(&requests[0]) && request.url.path() == "/told"));

    house.put(&format!("/v1/webhooks/{id}/test"), &key, Value::Null, 202).await;
    until(&house, &key, &id, |one| one["last_status"] == "status_503").await;
    house.clock.advance_s(24 * 3_600);
    let given_up = until(&house, &key, &id, |one| one["next_try"].is_null()).await;
    assert_eq!((&given_up["delivered_at"], &given_up["last_status"]), (&Value::Null, &json!("status_503")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_to_addresses_that_only_the_operator_should_reach() {
    let house = House::open().await;
    let key = house.api_key("main", ADMIN).await;
    let refused = [
        ("https://10.0.0.1/", "url_forbidden"),
        ("https://169.254.169.254/latest/meta-data", "url_forbidden"),
        ("https://167772161/", "url_forbidden"),
        ("https://0x0a.1/", "url_forbidden"),
        ("https://[::ffff:192.168.0.1]/", "url_forbidden"),
        ("https://[fd00:ec2::254]/", "url_forbidden"),
        ("https://0.0.0.0/", "url_forbidden"),
        ("http://10.0.0.1/", "invalid_url"),
        ("http://example.com/", "invalid_url"),
        ("https://user:secret@example.com/", "invalid_url"),
        ("file:///etc/passwd", "invalid_url"),
        ("gopher://127.0.0.1/", "invalid_url"),
        ("not a url", "invalid_url"),
    ];
    for (url, code) in refused {
        assert_eq!(house.put("/v1/webhooks", &key, json!({ "url": url }), 422).await["error"], code, "{url}");
    }
    let unknown = json!({ "url": "https://example.com", "events": ["everything"] });
    assert_eq!(house.put("/v1/webhooks", &key, unknown, 422).await["error"], "invalid_event");
    for n in 0..20 {
        house.put("/v1/webhooks", &key, json!({ "url": format!("https://example.com/{n}") }), 201).await;
    }
    let one_more = json!({ "url": "https://example.com" });
    assert_eq!(house.put("/v1/webhooks", &key, one_more, 409).await["error"], "too_many_webhooks");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_others_reach_tells_nobody_on_its_own_machine_by_whatever_name() {
    let sid = format!("AC{}", "1".repeat(32));
    let house = House::with(&format!(
        "[server]\nlisten = '0.0.0.0:8080'\npublic_url = 'https://voice.example.com'\n\
         [twilio]\naccount_sid = '{sid}'\nauth_token = 'a token'"
    ))
    .await;
    let key = house.api_key("main", ADMIN).await;
    for (url, code) in [("http://127.0.0.1/", "invalid_url"), ("https://127.0.0.1/", "url_forbidden")] {
        assert_eq!(house.put("/v1/webhooks", &key, json!({ "url": url }), 422).await["error"], code);
    }
    let receiver = MockServer::start().await;
    let url = format!("https://localhost:{}/told", receiver.address().port());
    let made = house.put("/v1/webhooks", &key, json!({ "url": url }), 201).await;
    let id = made["id"].as_str().unwrap();
    house.put(&format!("/v1/webhooks/{id}/test"), &key, Value::Null, 202).await;
    let refused = until(&house, &key, id, |one| one["last_status"].is_string()).await;
    assert_eq!(refused["last_status"], "address_refused");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_does_not_answer_holds_up_no_other() {
    let (silent, receiver, house) = (MockServer::start().await, MockServer::start().await, House::open().await);
    let key = house.api_key("main", ADMIN).await;
    let never = ResponseTemplate::new(200).set_delay(Duration::from_mins(1));
    Mock::given(method("POST")).respond_with(never).mount(&silent).await;
    answers(&receiver, 200, 9).await;
    let (slow, _) = hooked(&house, &key, &silent, json!(["locked"])).await;
    for _ in 0..4 {
        house.put(&format!("/v1/webhooks/{slow}/test"), &key, Value::Null, 202).await;
    }
    told(&silent, 2).await;
    let (prompt, _) = hooked(&house, &key, &receiver, json!(["locked"])).await;
    for count in 1..=2 {
        house.put(&format!("/v1/webhooks/{prompt}/test"), &key, Value::Null, 202).await;
        told(&receiver, count).await;
    }
    let log = house.get(&format!("/v1/webhooks/{slow}/deliveries"), &key, 200).await;
    let tries = |one: &Value| (one["tries"].as_u64().unwrap(), one["last_status"].is_null());
    let tries: Vec<_> = log["deliveries"].as_array().unwrap().iter().map(tries).collect();
    assert_eq!(tries, [(0, true), (0, true), (1, true), (1, true)], "two at once, and both still wait");
    house.close().await;
}
