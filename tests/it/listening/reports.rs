use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::{MockServer, Request};

use super::{CALL, House, anna, silence, spoken};
use crate::receiver::{answers, told};
use crate::wait::eventually;

const SECRET: &str = "fedcba9876543210fedcba9876543210";

/// A receiver, and a house that tells it.
async fn ready() -> (MockServer, House) {
    let receiver = MockServer::start().await;
    let house = House::listening_with(&settings(&receiver)).await;
    (receiver, house)
}

fn settings(receiver: &MockServer) -> String {
    format!("webhook_url = \"{}/told\"\nwebhook_secret = \"{SECRET}\"", receiver.uri())
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// The kinds of what was audited, oldest first.
async fn audited(house: &House) -> Vec<String> {
    let mut events = house.store.audit_events(None, 100).await.unwrap();
    events.reverse();
    events.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with("listening")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_told_the_verdict_and_can_tell_that_it_was_us() {
    let (receiver, house) = ready().await;
    answers(&receiver, 204, 9).await;
    let asked = house.asked(json!({ "reference": "ticket 17" })).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&anna()).await;
    let report = told(&receiver, 1).await.remove(0);
    let mut expected = house.stands(&asked).await;
    let found = body(&report);
    expected["event"] = json!("listening.verdict");
    assert_eq!(found, expected);
    assert_eq!((&found["decision"], &found["reference"]), (&json!("accept"), &json!("ticket 17")));

    let signature = report.headers["callprint-signature"].to_str().unwrap();
    let (time, digest) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let signed = [time.as_bytes(), b".", &report.body].concat();
    let keyed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let digest_of = keyed.chain_update(signed).finalize().into_bytes();
    assert_eq!(digest.len(), 64);
    let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).unwrap()).collect();
    assert_eq!(bytes, digest_of.as_slice());
    assert_eq!(audited(&house).await, ["listening_asked_for", "listening_ended"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_not_taken_comes_again_later() {
    let (receiver, house) = ready().await;
    answers(&receiver, 500, 1).await;
    answers(&receiver, 302, 1).await;
    answers(&receiver, 200, 9).await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    drop(line);
    for count in 1..=3 {
        let reports = told(&receiver, count).await;
        let last = body(reports.last().unwrap());
        assert_eq!((&last["event"], &last["reason"]), (&json!("listening.failed"), &json!("stream_broken")));
        house.clock.advance_s(11);
    }
    house.clock.advance_s(3_600);
    house.restarted().await.close().await;
    let paths: Vec<_> = told(&receiver, 3).await.iter().map(|report| report.url.path().to_owned()).collect();
    assert_eq!(paths, ["/told"; 3], "no redirect is followed, and what was taken does not come again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_survives_a_restart() {
    let (receiver, house) = ready().await;
    answers(&receiver, 500, 1).await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&silence(100)).await;
    house.until(&asked, |view| view["status"] == "listening").await;
    let house = house.restarted().await;
    told(&receiver, 1).await;
    answers(&receiver, 200, 9).await;
    house.clock.advance_s(6);
    let house = house.restarted().await;
    let report = body(&told(&receiver, 2).await[1]);
    assert_eq!((&report["id"], &report["reason"]), (&json!(asked.id), &json!("stream_stopping")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_a_report_is_given_up() {
    let (receiver, house) = ready().await;
    answers(&receiver, 500, 99).await;
    let asked = house.asked(Value::Null).await;
    house.clock.advance_s(121);
    assert_eq!(house.ending(&asked).await, "expired");
    assert_eq!(body(&told(&receiver, 1).await[0])["status"], "expired");
    house.clock.advance_s(86_500);
    // The try that fails then is the last, whichever it is.
    let given_up = || async { audited(&house).await.contains(&"listening_report_given_up".to_owned()).then_some(()) };
    eventually(30, "it is tried for ever", given_up).await;
    house.close().await;
}
