use callprint::store::Scope;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{CALL, House, KEY, anna};
use crate::media::ANNA;

/// The stable code of a refusal.
fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{body}"));
    assert!(body["message"].is_string(), "{body}");
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_shows_the_key_is_answered() {
    let house = House::listening().await;
    let wrong = format!("Bearer {}", KEY.replace('0', "1"));
    let right = format!("bearer {KEY}");
    let body = json!({ "caller": { "number": ANNA } }).to_string().into_bytes();
    for (header, value, status) in [
        ("x-other", "", StatusCode::UNAUTHORIZED),
        ("authorization", "", StatusCode::UNAUTHORIZED),
        ("authorization", KEY, StatusCode::UNAUTHORIZED),
        ("authorization", &wrong, StatusCode::UNAUTHORIZED),
        ("x-api-key", &KEY[1..], StatusCode::UNAUTHORIZED),
        ("x-api-key", KEY, StatusCode::CREATED),
        ("authorization", &right, StatusCode::CREATED),
    ] {
        let answer = house.send(Method::POST, "/v1/listenings", &[(header, value)], body.clone()).await;
        assert_eq!(answer.status, status, "{header}: {value}: {answer:?}");
        assert!(status == StatusCode::CREATED || code(&answer.body) == "unauthorized");
    }
    for method in [Method::GET, Method::DELETE] {
        let answer = house.send(method, "/v1/listenings/LI00000000000000000000000000000001", &[], vec![]).await;
        assert_eq!((answer.status, code(&answer.body)), (StatusCode::UNAUTHORIZED, "unauthorized".to_owned()));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configured_key_it_takes_an_api_key_for_phone_callers() {
    let house = House::open().await;
    let ask = async |key: &str| {
        let answer = house.send(Method::POST, "/v1/listenings", &[("x-api-key", key)], b"{}".to_vec()).await;
        (answer.status.as_u16(), code(&answer.body))
    };
    assert_eq!(ask("").await, (401, "unauthorized".to_owned()));
    assert_eq!(ask(&house.api_key("main", &[Scope::Enroll]).await).await, (403, "forbidden".to_owned()));
    assert_eq!(ask(&house.api_key("acme", &[Scope::Verify]).await).await, (403, "forbidden".to_owned()));
    assert_eq!(ask(&house.api_key("main", &[Scope::Verify]).await).await, (422, "invalid_request".to_owned()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_refused_with_a_stable_code() {
    let house = House::listening().await;
    let long = "x".repeat(201);
    let anna = json!({ "number": ANNA });
    let huge = format!("{{\"reference\":\"{}\"}}", "x".repeat(70_000));
    let table = [
        ("{".to_owned(), 400, "malformed_json"),
        (String::new(), 400, "malformed_json"),
        ("[]".to_owned(), 422, "invalid_request"),
        ("{}".to_owned(), 422, "invalid_request"),
        (json!({ "caller": "anna" }).to_string(), 422, "invalid_request"),
        (json!({ "caller": { "number": "0301234" } }).to_string(), 422, "invalid_request"),
        (json!({ "caller": { "number": ANNA, "user_id": "anna" } }).to_string(), 422, "invalid_request"),
        (json!({ "caller": anna, "track": "both" }).to_string(), 422, "invalid_request"),
        (json!({ "caller": anna, "colour": "red" }).to_string(), 422, "unknown_field"),
        (json!({ "caller": anna, "line": "nobody" }).to_string(), 422, "unknown_line"),
        (json!({ "caller": anna, "reference": long }).to_string(), 422, "too_long"),
        (json!({ "caller": anna, "call": long }).to_string(), 422, "too_long"),
        (json!({ "caller": { "number": "+15550177" } }).to_string(), 409, "not_enrolled"),
        (json!({ "caller": { "user_id": "nobody" } }).to_string(), 409, "not_enrolled"),
        (json!({ "caller": { "account_number": "1" } }).to_string(), 409, "not_enrolled"),
        (huge, 413, "body_too_large"),
    ];
    for (body, status, expected) in table {
        let answer = house.send(Method::POST, "/v1/listenings", &[("x-api-key", KEY)], body.clone().into_bytes()).await;
        assert_eq!((answer.status.as_u16(), &*code(&answer.body)), (status, expected), "{body:.80}");
    }
    for id in ["LI00000000000000000000000000000001", "LI1", "CA00000000000000000000000000000001", "%00"] {
        for method in [Method::GET, Method::DELETE] {
            let (status, answer) = house.ask(method, &format!("/v1/listenings/{id}"), &Value::Null).await;
            assert_eq!((status.as_u16(), &answer["error"]), (404, &json!("not_found")), "{id}");
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_has_opted_out_is_listened_to() {
    let house = House::listening().await;
    house.anna_opts_out().await;
    let (status, answer) = house.ask(Method::POST, "/v1/listenings", &json!({ "caller": { "number": ANNA } })).await;
    assert_eq!((status.as_u16(), &answer["error"]), (409, &json!("opted_out")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_says_what_to_stream_and_where() {
    let house = House::listening().await;
    let body = json!({ "caller": { "number": ANNA }, "reference": "a & b" });
    let (_, answer) = house.ask(Method::POST, "/v1/listenings", &body).await;
    assert_eq!(answer["stream"]["url"], house.socket_url());
    let token = answer["stream"]["parameters"]["token"].as_str().unwrap();
    let twiml = answer["twiml"].as_str().unwrap();
    for part in ["<Start>", &house.socket_url(), "track=\"both_tracks\"", &format!("value=\"{token}\""), "</Start>"] {
        assert!(twiml.contains(part), "{part}: {twiml}");
    }
    assert_eq!((&answer["status"], &answer["reference"]), (&json!("waiting"), &json!("a & b")));
    assert!(answer["expires_at"].is_string());
    let (_, later) =
        house.ask(Method::GET, &format!("/v1/listenings/{}", answer["id"].as_str().unwrap()), &Value::Null).await;
    assert!(later.get("stream").is_none() && !later.to_string().contains(token), "the token is told once");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listening_can_be_stopped_before_and_while_it_listens() {
    let house = House::listening().await;
    let (waiting, running) = (house.asked(Value::Null).await, house.asked(Value::Null).await);
    let mut line = house.streamed(&running, CALL).await;
    house.until(&running, |view| view["status"] == "listening").await;
    for asked in [&waiting, &running] {
        let (status, view) = house.ask(Method::DELETE, &format!("/v1/listenings/{}", asked.id), &Value::Null).await;
        assert_eq!((status, &view["status"], &view["reason"]), (StatusCode::OK, &json!("failed"), &json!("stopped")));
    }
    assert_eq!(line.closed().await, Some(1000));
    let mut line = house.streamed(&waiting, CALL).await;
    assert_eq!(line.closed().await, Some(1008));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_what_is_over_changes_nothing() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept");
    let (_, view) = house.ask(Method::DELETE, &format!("/v1/listenings/{}", asked.id), &Value::Null).await;
    assert_eq!((&view["status"], &view["decision"]), (&json!("done"), &json!("accept")));
    house.close().await;
}
