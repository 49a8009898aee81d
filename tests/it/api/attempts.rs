use callprint::store::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin::{ADMIN, ALL};
use crate::house::{House, enrollment, spoken};

async fn listed(house: &House, key: &str, query: &str) -> Vec<Value> {
    let page = house.get(&format!("/v1/attempts?{query}"), key, 200).await;
    page["attempts"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_found_by_everything_that_tells_them_apart() {
    let house = House::open().await;
    let key = house.api_key("acme", ALL).await;
    let id = house.enrolled_user(&key, "anna", "anna").await;
    house.new_user(&key, "ben").await;
    let mut begun = Vec::new();
    for take in ["anna_pass_4", "ben_pass_1", "anna_pass_5"] {
        begun.push(house.clock.now());
        house.upload_take("/v1/voice/verify", &key, &[("user_id", "anna")], take, 200).await;
        house.clock.advance_s(60);
    }
    let decisions = |attempts: &[Value]| attempts.iter().map(|one| one["decision"].clone()).collect::<Vec<_>>();
    let all = listed(&house, &key, "").await;
    assert_eq!(decisions(&all), ["accept", "reject", "accept"]);
    assert_eq!(
        (&all[1]["reason"], &all[1]["line"], &all[1]["user_id"]),
        (&json!("voice_mismatch"), &json!("api"), &json!("anna"))
    );
    let after = begun[2];
    let table = [
        (format!("caller={id}"), 3),
        ("user_id=anna".to_owned(), 3),
        ("user_id=ben".to_owned(), 0),
        ("decision=accept".to_owned(), 2),
        ("decision=accept&limit=1".to_owned(), 1),
        ("reason=voice_mismatch".to_owned(), 1),
        ("reason=replay_suspected".to_owned(), 0),
        (format!("since={after}"), 1),
        (format!("until={after}"), 2),
        ("line=api".to_owned(), 3),
        ("line=main".to_owned(), 0),
    ];
    for (query, count) in table {
        assert_eq!(listed(&house, &key, &query).await.len(), count, "{query}");
    }
    let first = house.get("/v1/attempts?limit=2", &key, 200).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = house.get(&format!("/v1/attempts?limit=2&cursor={cursor}"), &key, 200).await;
    assert_eq!((&second["attempts"][0]["id"], &second["next_cursor"]), (&all[2]["id"], &Value::Null));
    let callers = house.get("/v1/callers?limit=1", &key, 200).await;
    let wrong = [
        (format!("cursor={}", callers["next_cursor"].as_str().unwrap()), 422, "invalid_cursor"),
        ("cursor=%27%20OR%201".to_owned(), 422, "invalid_cursor"),
        ("decision=maybe".to_owned(), 422, "invalid_request"),
        ("since=yesterday".to_owned(), 422, "invalid_request"),
        ("user_id=nobody".to_owned(), 404, "caller_not_found"),
        (format!("user_id=anna&caller={id}"), 422, "invalid_request"),
    ];
    for (query, status, code) in wrong {
        assert_eq!(house.get(&format!("/v1/attempts?{query}"), &key, status).await["error"], code, "{query}");
    }
    let blind = house.api_key("acme", ADMIN).await;
    assert!(all[0]["signals"].is_object() && listed(&house, &blind, "").await[0].get("signals").is_none());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_by_phone_are_mains_and_no_other_tenant_sees_them() {
    let house = House::open().await;
    let (main, other) = (house.api_key("main", ADMIN).await, house.api_key("acme", ADMIN).await);
    let report = house.call("+15550100001", enrollment("anna")).await;
    assert!(report.is_proper());
    house.call("+15550100001", callprint::phone::Script::by_kind([], [spoken("anna_pass_5")])).await;
    let caller = house.caller("+15550100001").await.unwrap().id;
    let own = listed(&house, &main, &format!("caller={caller}")).await;
    assert!(!own.is_empty() && own.iter().all(|one| one["number"] == "+15550100001"), "{own:?}");
    assert!(listed(&house, &other, "").await.is_empty());
    assert_eq!(house.get(&format!("/v1/attempts?caller={caller}"), &other, 404).await["error"], "caller_not_found");
    house.is_for_administrators(Method::GET, "/v1/attempts", Value::Null).await;
    let scores = house.api_key("main", &[Scope::Scores, Scope::Verify]).await;
    assert_eq!(house.get("/v1/attempts", &scores, 403).await["error"], "forbidden");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_listed_under_the_id_it_was_answered_with_and_a_call_under_its_own() {
    let house = House::open().await;
    let key = house.api_key("main", ALL).await;
    house.enrolled_user(&key, "anna", "anna").await;
    let path = "/v1/voice/verify?detail=full";
    let answer = house.upload_take(path, &key, &[("user_id", "anna")], "anna_pass_4", 200).await;
    assert!(house.call("+15550100001", enrollment("anna")).await.is_proper());
    house.call("+15550100001", callprint::phone::Script::by_kind([], [spoken("anna_pass_5")])).await;
    let attempts = listed(&house, &key, "").await;
    let upload = attempts.iter().find(|one| one["line"] == "api").unwrap();
    assert_eq!((&upload["attempt"], &upload["call"]), (&answer["attempt"], &Value::Null));
    assert!(upload["attempt"].as_str().unwrap().starts_with("AT"));
    let call = attempts.iter().find(|one| one["line"] != "api").unwrap();
    assert!(call["call"].as_str().unwrap().starts_with("CA") && call["attempt"].is_null());
    house.close().await;
}
