//! The end of a listening as an ordinary event, for the webhooks of the tenant.

use callprint::types::Tenant;
use serde_json::{Value, json};
use wiremock::MockServer;

use super::{CALL, House, anna, spoken};
use crate::receiver::{answers, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_subscribes_is_told_how_listenings_end() {
    let (receiver, house) = (MockServer::start().await, House::listening().await);
    answers(&receiver, 204, 9).await;
    let events = ["listening.verdict", "listening.failed"].map(str::to_owned).to_vec();
    let url = format!("{}/told", receiver.uri());
    let (webhook, _) = house.store.new_webhook(&Tenant::main(), url, events, house.clock.now()).await.unwrap();

    let verdict = house.asked(json!({ "reference": "ticket 17" })).await;
    let mut line = house.streamed(&verdict, CALL).await;
    line.speak(&anna()).await;
    assert_eq!(house.ending(&verdict).await, "done accept");
    let broken = house.asked(Value::Null).await;
    let mut line = house.streamed(&broken, CALL).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    drop(line);
    assert_eq!(house.ending(&broken).await, "failed stream_broken");

    let told = told(&receiver, 2).await;
    let bodies: Vec<Value> = told.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    let of = |kind: &str| bodies.iter().find(|body| body["type"] == kind).unwrap_or_else(|| panic!("{bodies:?}"));
    let caller = &of("listening.verdict")["data"]["caller_id"];
    assert!(caller.is_string());
    let data = json!({
        "caller_id": caller, "user_id": null, "call": CALL, "listening": verdict.id, "status": "done",
        "decision": "accept", "reason": null, "line": "records", "reference": "ticket 17",
    });
    assert_eq!(of("listening.verdict")["data"], data);
    let data = &of("listening.failed")["data"];
    let shown = (&data["listening"], &data["decision"], &data["reason"], &data["reference"]);
    assert_eq!(shown, (&json!(broken.id), &Value::Null, &json!("stream_broken"), &Value::Null));
    assert!(bodies.iter().all(|body| body["id"].as_str().unwrap().starts_with("evt_")));
    assert!(told.iter().all(|request| request.headers.contains_key("callprint-signature")));
    let log = house.store.deliveries(&webhook.id, None, 9).await.unwrap();
    assert_eq!(log.len(), 2);
    house.close().await;
}
