//! What surrounds the API: browsers of other origins, ids of requests, refusals while it is full.

use callprint::store::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::form::{body, kind, wav};
use crate::house::House;

const ORIGIN: &str = "https://app.example.com";

/// The header that lets a page read an answer, if it is there.
async fn allowed(house: &House, method: Method, origin: &str) -> Option<String> {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-api-key, content-type"),
    ];
    let answer = house.send(method, "/create-profile", &headers, Vec::new()).await;
    answer.headers.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_origin_is_let_in_unless_it_is_listed() {
    let house = House::open().await;
    for method in [Method::OPTIONS, Method::POST] {
        assert_eq!(allowed(&house, method, ORIGIN).await, None);
    }
    house.close().await;
    let house = House::with(&format!("[api]\norigins = [\"{ORIGIN}\"]\n")).await;
    for method in [Method::OPTIONS, Method::POST] {
        assert_eq!(allowed(&house, method.clone(), ORIGIN).await.as_deref(), Some(ORIGIN));
        for other in ["https://evil.example.com", "http://app.example.com", "null", "https://app.example.com.evil.test"]
        {
            assert_eq!(allowed(&house, method.clone(), other).await, None, "{other}");
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_and_a_wrong_method_the_shape_of_all_errors() {
    let house = House::open().await;
    let answer = house.send(Method::POST, "/create-profile", &[("x-request-id", "mine-17")], Vec::new()).await;
    assert_eq!((answer.status.as_u16(), answer.headers["x-request-id"].to_str().unwrap()), (401, "mine-17"));
    let answer = house.send(Method::GET, "/create-profile", &[], Vec::new()).await;
    assert!(!answer.headers["x-request-id"].is_empty());
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((answer.status.as_u16(), &told["error"]), (405, &json!("method_not_allowed")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_says_when_to_come_again_and_keeps_nothing_half() {
    let house = House::with("[models]\nsessions = 1\n").await;
    let key = house.api_key("main", &[Scope::Enroll, Scope::Verify]).await;
    house.enroll_user(&key, "anna", "anna").await;
    let form = body(&[("user_id", "anna")], Some(("audio/wav", &wav("anna_pass_4"))));
    let kind = kind();
    let headers = [("x-api-key", &key[..]), ("content-type", &kind)];
    // More than wait at once: the models hear one at a time, and ten may wait for them.
    let all = (0..40).map(|_| house.send(Method::POST, "/v1/voice/verify", &headers, form.clone()));
    let (mut judged, mut refused) = (0, 0);
    for answer in futures_util::future::join_all(all).await {
        let told: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
        match answer.status.as_u16() {
            200 | 429 => judged += 1,
            503 => {
                assert_eq!((&told["error"], &told["retryAfterMs"]), (&json!("overloaded"), &json!(1000)), "{told}");
                assert_eq!(answer.headers["retry-after"], "1");
                refused += 1;
            }
            other => panic!("{other}: {told}"),
        }
    }
    assert!(judged >= 10 && refused >= 1, "{judged} judged, {refused} refused");
    assert_eq!(house.attempts().await.len(), judged);
    house.close().await;
}

/// As many requests at once as the server handles, stuck open by bodies that do not come.
#[tokio::test(flavor = "multi_thread")]
async fn more_requests_at_once_than_are_handled_are_told_so_in_the_shape_of_all_errors() {
    let house = House::with("[server]\nmax_requests = 1\n").await;
    let key = house.api_key("main", &[Scope::Enroll, Scope::Verify]).await;
    let head = format!(
        "POST /enroll HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-type: {}\r\ncontent-length: 99\r\n\r\n",
        kind()
    );
    let mut stuck = Vec::new();
    let refused = async {
        loop {
            // One of these finds the only place free, and keeps it.
            let mut socket = tokio::net::TcpStream::connect(house.base.trim_start_matches("http://")).await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut socket, head.as_bytes()).await.unwrap();
            stuck.push(socket);
            let answer = house.send(Method::GET, "/v1/usage", &[("x-api-key", &key)], Vec::new()).await;
            if answer.status.as_u16() == 503 {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(20), refused).await.expect("nobody is refused");
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&told["error"], answer.headers.contains_key("retry-after")), (&json!("overloaded"), true), "{told}");
    drop(stuck);
    house.close().await;
}
