use callprint::types::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin::{ADMIN, ALL};
use crate::house::House;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_made_shown_and_changed_and_two_never_have_one_name() {
    let house = House::open().await;
    let key = house.api_key("main", ADMIN).await;
    let made = house.put("/v1/callers", &key, json!({ "user_id": "anna", "number": "+15550100001" }), 201).await;
    let path = format!("/v1/callers/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&path, &key, 200).await, made);
    assert_eq!(
        (&made["status"], &made["consent"], &made["number"]),
        (&json!("created"), &json!("none"), &json!("+15550100001"))
    );
    for taken in [json!({ "user_id": "anna" }), json!({ "user_id": "ben", "number": "+15550100001" })] {
        assert_eq!(house.put("/v1/callers", &key, taken, 409).await["error"], "taken");
    }
    let consent = house.put(&format!("{path}/consent"), &key, Value::Null, 200).await;
    assert_eq!(consent["consent"], "given");
    let out = house.put(&format!("{path}/opt-out"), &key, Value::Null, 200).await;
    assert_eq!((&out["status"], &out["consent"]), (&json!("opted_out"), &json!("opted_out")));
    assert_eq!(house.put(&format!("{path}/unlock"), &key, Value::Null, 200).await["had_failures"], false);
    let refused = [
        (json!({}), "invalid_request"),
        (json!({ "number": "5550100001" }), "invalid_request"),
        (json!({ "user_id": "" }), "invalid_user_id"),
        (json!({ "user_id": "x", "tenant": "acme" }), "unknown_field"),
    ];
    for (body, code) in refused {
        assert_eq!(house.put("/v1/callers", &key, body, 422).await["error"], code);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_listed_page_by_page_by_status_and_tenant() {
    let house = House::open().await;
    let (key, other) = (house.api_key("main", ADMIN).await, house.api_key("acme", ADMIN).await);
    house.new_user(&other, "stranger").await;
    let mut users = Vec::new();
    for n in 0..5 {
        users.insert(0, json!(format!("user {n}")));
        house.new_user(&key, &format!("user {n}")).await;
    }
    let (mut listed, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = house.get(&format!("/v1/callers?{query}"), &key, 200).await;
        listed.extend(page["callers"].as_array().unwrap().iter().map(|caller| caller["user_id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        // Whoever comes meanwhile changes nothing of what comes after.
        house.new_user(&key, &format!("late {}", listed.len())).await;
        query = format!("limit=2&cursor={cursor}");
    }
    assert_eq!(listed, users);
    let enrolled = house.get("/v1/callers?status=enrolled", &key, 200).await;
    assert_eq!(enrolled, json!({ "callers": [], "next_cursor": null }));
    assert_eq!(house.get("/v1/callers?status=created", &other, 200).await["callers"][0]["user_id"], "stranger");
    let wrong = [
        ("cursor=AAAA", "invalid_cursor"),
        ("cursor=", "invalid_cursor"),
        ("limit=0", "out_of_range"),
        ("limit=201", "out_of_range"),
        ("limit=-1", "invalid_request"),
        ("status=asleep", "invalid_request"),
        ("tenant=acme", "invalid_request"),
    ];
    for (query, code) in wrong {
        assert_eq!(house.get(&format!("/v1/callers?{query}"), &key, 422).await["error"], code, "{query}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_caller_is_answered_as_one_that_never_was_and_stays() {
    let house = House::open().await;
    let (key, other) = (house.api_key("main", ADMIN).await, house.api_key("acme", ADMIN).await);
    let id = house.new_user(&key, "anna").await;
    let routes = [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::POST, "/consent"),
        (Method::POST, "/opt-out"),
        (Method::POST, "/unlock"),
        (Method::GET, "/export"),
    ];
    for (method, what) in routes {
        let mut told = Vec::new();
        for id in [&id, NOBODY, "anna", "%00"] {
            let path = format!("/v1/callers/{id}{what}");
            let (status, answer, _) = house.request(method.clone(), &path, &other, &Value::Null).await;
            told.push((status, answer));
        }
        assert!(told.iter().all(|answer| *answer == told[0]) && told[0].0 == 404, "{method} {what}: {told:?}");
        house.is_for_administrators(method, &format!("/v1/callers/{id}{what}"), Value::Null).await;
    }
    house.is_for_administrators(Method::POST, "/v1/callers", json!({ "user_id": "mallory" })).await;
    house.is_for_administrators(Method::GET, "/v1/callers", Value::Null).await;
    let anna = house.get(&format!("/v1/callers/{id}"), &key, 200).await;
    assert_eq!((&anna["user_id"], &anna["consent"]), (&json!("anna"), &json!("given")));
    // A number would be the phone's, which is another tenant's; and would tell whether it is known there.
    let number = json!({ "user_id": "mallory", "number": "+15550100001" });
    assert_eq!(house.put("/v1/callers", &other, number, 422).await["error"], "number_not_allowed");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_proved_to_its_own_tenant_and_a_changed_proof_is_worth_nothing() {
    let house = House::open().await;
    let (key, other) = (house.api_key("main", ALL).await, house.api_key("acme", ADMIN).await);
    let id = house.enrolled_user(&key, "anna", "anna").await;
    let proof = house.remove(&format!("/v1/callers/{id}"), &key, 200).await;
    assert_eq!((&proof["id"], &proof["erased"]["had_voiceprint"]), (&json!(id), &json!(true)));
    assert!(!proof.to_string().contains("anna"), "{proof}");
    house.get(&format!("/v1/callers/{id}"), &key, 404).await;
    let house = house.restarted().await;
    let check = async |proof: &Value, key: &str| house.put("/v1/deletions/verify", key, proof.clone(), 200).await;
    assert_eq!(check(&proof, &key).await, json!({ "valid": true }));
    assert_eq!(check(&proof, &other).await, json!({ "valid": false }));
    for (field, value) in [("id", json!(NOBODY)), ("at", json!(Timestamp::UNIX_EPOCH)), ("signature", json!("x"))] {
        let mut forged = proof.clone();
        forged[field] = value;
        assert_eq!(check(&forged, &key).await, json!({ "valid": false }), "{field}");
    }
    house.is_for_administrators(Method::POST, "/v1/deletions/verify", proof).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_everything_but_the_voice_and_scores_only_for_keys_that_see_them() {
    let house = House::open().await;
    let (key, blind) = (house.api_key("main", ALL).await, house.api_key("main", ADMIN).await);
    let id = house.enrolled_user(&key, "anna", "anna").await;
    let fields = [("user_id", "anna")];
    house.upload_take("/v1/voice/verify", &key, &fields, "anna_pass_4", 200).await;
    let path = format!("/v1/callers/{id}/export");
    let export = house.get(&path, &key, 200).await;
    assert_eq!((&export["caller"]["id"], &export["scores_withheld"]), (&json!(id), &json!(false)));
    assert_eq!(export["consents"][0]["consent"], "given");
    assert_eq!(export["attempts"][0]["decision"], "accept");
    assert!(export["attempts"][0]["signals"].is_object(), "{export}");
    let kinds: Vec<_> = export["audit"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert!(kinds.contains(&&json!("enrolled")) && kinds.contains(&&json!("consent_given")), "{kinds:?}");
    let voiceprint = export["voiceprint"].as_object().unwrap();
    let known: Vec<_> = voiceprint.keys().collect();
    assert_eq!(known, ["fingerprints", "learned_version", "made_at", "model"]);
    let export = house.get(&path, &blind, 200).await;
    assert_eq!(export["scores_withheld"], true);
    assert!(export["attempts"][0].get("signals").is_none(), "{export}");
    house.close().await;
}
