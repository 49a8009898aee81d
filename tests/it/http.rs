//! The wire: signatures, limits, repeats, health. Nothing unsigned reaches a call.

use callprint::phone::Verb;
use callprint::twilio::Form;
use callprint::twilio::signature::sign;
use callprint::types::CallSid;
use reqwest::{Method, StatusCode};
use sha2::{Digest, Sha256};

use crate::house::House;
use crate::wire::FORM;

const ANNA: &str = "+15550101";
const WEBHOOKS: [&str; 4] = ["/incoming_call", "/call/turn?n=1", "/call/wait?n=1&poll=1", "/call/status"];

fn sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

#[tokio::test]
async fn an_unsigned_or_wrongly_signed_webhook_is_refused_without_a_word_and_changes_nothing() {
    let house = House::open().await;
    let form = house.form(1, ANNA);
    for path in WEBHOOKS {
        let url = format!("{}{path}", house.base);
        let of_another_url = sign(&format!("{url}x"), &form, &house.account.token);
        let of_another_form = sign(&url, &house.form(2, ANNA), &house.account.token);
        let by_another_token = sign(&url, &form, &"another token altogether".into());
        for signature in ["", "AAAA", "not base64!", &of_another_url, &of_another_form, &by_another_token] {
            let answer = house.post_as(path, &form, signature).await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::FORBIDDEN, ""), "{path} {signature}");
        }
        let missing = house.send(Method::POST, path, &[("content-type", FORM)], form.encode().into_bytes()).await;
        assert_eq!((missing.status, missing.body.as_str()), (StatusCode::FORBIDDEN, ""));
    }
    assert_eq!(house.store.call(&sid(1)).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn a_signed_webhook_of_another_account_is_refused() {
    let house = House::open().await;
    let form = Form::default().with("CallSid", sid(1).to_string()).with("AccountSid", format!("AC{}", "1".repeat(32)));
    let form = form.with("From", ANNA).with("To", "+15550199").with("CallStatus", "ringing");
    assert_eq!(house.post("/incoming_call", &form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.store.call(&sid(1)).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn a_form_that_is_no_call_is_refused_and_an_oversized_one_is_not_read() {
    let house = House::open().await;
    let not_a_call = Form::default().with("AccountSid", house.account.sid.clone()).with("CallSid", "CA-not-hex");
    assert_eq!(house.post("/incoming_call", &not_a_call).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(house.post("/incoming_call", &Form::default()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(house.post("/call/turn?n=many", &house.form(1, ANNA)).await.status, StatusCode::BAD_REQUEST);
    let headers = [("content-type", FORM), ("x-twilio-signature", "AAAA")];
    let garbage = house.send(Method::POST, "/incoming_call", &headers, b"CallSid=%ff%fe&\xff".to_vec()).await;
    assert!(garbage.status.is_client_error(), "{garbage:?}");
    let huge = house.send(Method::POST, "/incoming_call", &headers, vec![b'a'; 70_000]).await;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    house.close().await;
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[tokio::test]
async fn a_signed_json_body_is_checked_by_its_hash_and_is_no_call() {
    let house = House::open().await;
    let body = br#"{"CallSid":"x"}"#.to_vec();
    let hash = hex(&Sha256::digest(&body));
    let path = format!("/incoming_call?bodySHA256={hash}");
    let signature = sign(&format!("{}{path}", house.base), &Form::default(), &house.account.token);
    let headers = [("content-type", "application/json"), ("x-twilio-signature", signature.as_str())];
    assert_eq!(house.send(Method::POST, &path, &headers, body).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(house.send(Method::POST, &path, &headers, b"{}".to_vec()).await.status, StatusCode::FORBIDDEN);
    house.close().await;
}

#[tokio::test]
async fn webhooks_are_posted_and_nothing_else() {
    let house = House::open().await;
    for path in WEBHOOKS {
        assert_eq!(
            house.send(Method::GET, path, &[], Vec::new()).await.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{path}"
        );
    }
    assert_eq!(house.send(Method::GET, "/", &[], Vec::new()).await.status, StatusCode::NOT_FOUND);
    house.close().await;
}

#[tokio::test]
async fn the_same_webhook_gets_the_same_bytes_and_a_stale_turn_its_own_reply() {
    let house = House::open().await;
    let form = house.form(1, ANNA);
    let greeting = house.post("/incoming_call", &form).await;
    assert!(matches!(greeting.document().verbs.first(), Some(Verb::Gather(_))), "{greeting:?}");
    assert_eq!(house.post("/incoming_call", &form).await.body, greeting.body);

    let agreed = form.clone().with("Digits", "1");
    let listening = house.post("/call/turn?n=1", &agreed).await;
    assert!(listening.document().verbs.iter().any(|verb| matches!(verb, Verb::Record(_))), "{listening:?}");
    assert_eq!(house.post("/call/turn?n=1", &agreed).await.body, listening.body);
    let refused = form.clone().with("Digits", "2");
    assert_eq!(house.post("/call/turn?n=1", &refused).await.body, listening.body, "answered once, answered for good");
    assert_eq!(house.post("/incoming_call", &form).await.body, greeting.body);
    assert_eq!(house.post("/call/turn?n=9", &agreed).await.body, listening.body, "a turn that is not due yet");
    assert_eq!(house.store.call(&sid(1)).await.unwrap().unwrap().turn, 2);
    house.close().await;
}

#[tokio::test]
async fn a_turn_of_a_call_that_never_came_in_hears_an_apology() {
    let house = House::open().await;
    house.post("/incoming_call", &house.form(1, ANNA)).await;
    for path in ["/call/turn?n=1", "/call/wait?n=1&poll=1"] {
        assert!(house.post(path, &house.form(2, ANNA).with("Digits", "1")).await.is_apology());
    }
    assert_eq!(house.store.call(&sid(1)).await.unwrap().unwrap().turn, 1);
    assert_eq!(house.store.call(&sid(2)).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn a_number_without_a_line_is_told_so() {
    let house = House::with("line.numbers = ['+15550177']").await;
    let answer = house.post("/incoming_call", &house.form(1, ANNA)).await;
    assert!(matches!(answer.document().verbs.last(), Some(Verb::Hangup)), "{answer:?}");
    assert_eq!(house.store.call(&sid(1)).await.unwrap(), None);
    house.close().await;
}

#[tokio::test]
async fn one_request_too_many_is_refused_at_once() {
    let house = House::with("server.max_requests = 1").await;
    house.post("/incoming_call", &house.form(1, ANNA)).await;
    house.post("/call/turn?n=1", &house.form(1, ANNA).with("Digits", "1")).await;
    // This recording never comes, so its turn waits for it and holds the only place.
    let take = house.form(1, ANNA).with("RecordingSid", format!("RE{}", "0".repeat(32)));
    let both = tokio::join!(house.post("/call/turn?n=2", &take), house.post("/call/turn?n=2", &take));
    let statuses = [both.0.status, both.1.status];
    assert!(statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::SERVICE_UNAVAILABLE), "{statuses:?}");
    assert_eq!(house.send(Method::GET, "/healthz", &[], Vec::new()).await.status, StatusCode::OK);
    house.close().await;
}

#[tokio::test]
async fn health_readiness_and_metrics_tell_no_secrets() {
    let house = House::open().await;
    house.post("/incoming_call", &house.form(1, ANNA)).await;
    house.post_as("/incoming_call", &house.form(1, ANNA), "AAAA").await;
    assert_eq!(house.send(Method::GET, "/healthz", &[], Vec::new()).await.body, "ok\n");
    assert_eq!(house.send(Method::GET, "/readyz", &[], Vec::new()).await.body, "ready\n");
    let metrics = house.send(Method::GET, "/metrics", &[], Vec::new()).await.body;
    for expected in [
        "callprint_open_calls 1",
        r#"callprint_request_seconds_bucket{route="/incoming_call",le="1"}"#,
        r#"callprint_webhooks_refused_total{code="signature_malformed"}"#,
    ] {
        assert!(metrics.contains(expected), "{expected} in {metrics}");
    }
    for secret in [ANNA, "15550101", house.account.sid.as_str(), sid(1).as_str()] {
        assert!(!metrics.contains(secret), "{secret}");
    }
    let answer = house.send(Method::GET, "/healthz", &[("x-request-id", "mine")], Vec::new()).await;
    assert_eq!(answer.headers["x-request-id"], "mine");
    house.app.drain();
    let ready = house.send(Method::GET, "/readyz", &[], Vec::new()).await;
    assert_eq!((ready.status, ready.body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n"));
    house.close().await;
}

#[tokio::test]
async fn a_request_that_is_open_when_the_server_stops_is_answered() {
    let house = House::open().await;
    house.post("/incoming_call", &house.form(1, ANNA)).await;
    house.post("/call/turn?n=1", &house.form(1, ANNA).with("Digits", "1")).await;
    let take = house.form(1, ANNA).with("RecordingSid", format!("RE{}", "0".repeat(32)));
    let (answer, ()) = tokio::join!(house.post("/call/turn?n=2", &take), house.stop_when_busy());
    assert!(matches!(answer.document().verbs.last(), Some(Verb::Redirect { .. })), "{answer:?}");
    house.close().await;
}
