use callprint::engine::{Enrolled, Voice, one_of};
use callprint::store::Scope;
use callprint::types::{CallerId, Llr};
use callprint::vad::QualityLimits;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin::ALL;
use crate::fixtures::{self, ENGINE};
use crate::house::House;

/// The voice in a recording of `fixtures/audio`.
pub(super) fn voice(name: &str) -> Voice {
    ENGINE.examine(&fixtures::clip(name), &QualityLimits::ENROLL).unwrap().voice.unwrap()
}

/// The users that a recording may be, and all of the answer.
async fn asked(house: &House, key: &str, fields: &[(&str, &str)], take: &str) -> (Vec<String>, Value) {
    let answer = house.upload_take("/v1/identify", key, fields, take, 200).await;
    let users = answer["candidates"].as_array().unwrap().iter();
    (users.map(|one| one["user_id"].as_str().unwrap().to_owned()).collect(), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_is_found_among_its_tenants_callers_and_a_strangers_is_nobodys() {
    let house = House::open().await;
    let (key, other) = (house.api_key("main", ALL).await, house.api_key("acme", ALL).await);
    let anna = house.enrolled_user(&key, "anna", "anna").await;
    house.enrolled_user(&key, "ben", "ben").await;
    house.enrolled_user(&other, "carla", "carla").await;
    let (users, answer) = asked(&house, &key, &[], "anna_pass_5").await;
    assert_eq!((users, &answer["compared"]), (vec!["anna".to_owned()], &json!(2)));
    assert_eq!(answer["candidates"][0]["caller"], json!(anna));

    // The figure is the one of a verification, and the threshold is raised by ln 2.
    let id = CallerId(anna.parse().unwrap());
    let enrolled = Enrolled::from_bytes(&house.store.voiceprint(id).await.unwrap().unwrap().bytes).unwrap();
    let (_, llr) = ENGINE.score(enrolled.voiceprint(), &voice("anna_pass_5")).unwrap();
    let figure = |value: &Value| (value.as_f64().unwrap() as f32).to_bits();
    assert_eq!(figure(&answer["candidates"][0]["score"]), llr.0.to_bits());
    // Of this site's own callers, so that only the step is known beforehand.
    let alone = asked(&house, &key, &[("user_ids", "anna")], "anna_pass_5").await.1;
    let threshold = |answer: &Value| Llr(answer["threshold"].as_f64().unwrap() as f32);
    assert_eq!((&alone["compared"], one_of(threshold(&alone), 2)), (&json!(1), threshold(&answer)));
    assert!(answer["caution"].as_str().unwrap().contains("no proof of identity"));

    for (fields, take) in [
        (vec![], "carla_pass_5"),
        (vec![("user_ids", "ben")], "anna_pass_5"),
        (vec![("user_ids", "carla,nobody")], "carla_pass_5"),
    ] {
        assert_eq!(asked(&house, &key, &fields, take).await.0, Vec::<String>::new(), "{take} {fields:?}");
    }
    let group = [("user_ids", "anna, ben"), ("limit", "5")];
    assert_eq!(asked(&house, &key, &group, "ben_pass_5").await.0, ["ben"]);
    assert_eq!(asked(&house, &other, &[], "carla_pass_5").await.0, ["carla"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_enrolled_or_deleted_by_another_process_is_found_or_gone_at_once() {
    let house = House::open().await;
    let key = house.api_key("main", ALL).await;
    assert_eq!(asked(&house, &key, &[], "anna_pass_5").await.1["compared"], 0);
    let twin = house.twin().await;
    let anna = twin.enrolled_user(&key, "anna", "anna").await;
    assert_eq!(asked(&house, &key, &[], "anna_pass_5").await.0, ["anna"]);
    // Enrolled anew with another voice: the old one is nobody's any more.
    let code = twin.put("/v1/codes", &key, json!({ "caller": anna }), 201).await;
    let fields = [("user_id", "anna"), ("code", code["code"].as_str().unwrap())];
    for take in ["emma_pass_1", "emma_pass_2", "emma_pass_3"] {
        twin.upload_take("/enroll", &key, &fields, take, 200).await;
    }
    assert!(asked(&house, &key, &[], "anna_pass_5").await.0.is_empty());
    assert_eq!(asked(&house, &key, &[], "emma_pass_5").await.0, ["anna"]);
    twin.put(&format!("/v1/callers/{anna}/opt-out"), &key, Value::Null, 200).await;
    let (users, answer) = asked(&house, &key, &[], "emma_pass_5").await;
    assert_eq!((users.len(), &answer["compared"]), (0, &json!(0)));
    twin.close().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identification_is_for_back_ends_that_may_verify_and_scores_for_keys_that_see_them() {
    let house = House::open().await;
    let (key, blind) = (house.api_key("main", ALL).await, house.api_key("main", &[Scope::Verify]).await);
    house.enrolled_user(&key, "anna", "anna").await;
    let (users, answer) = asked(&house, &blind, &[], "anna_pass_5").await;
    assert_eq!(users, ["anna"]);
    assert!(answer.get("threshold").is_none() && answer["candidates"][0].get("score").is_none(), "{answer}");
    let page = house.page_token(&key, "anna").await;
    let admin = house.api_key("main", &[Scope::Admin, Scope::Enroll]).await;
    for key in [&page, &admin] {
        assert_eq!(house.upload_take("/v1/identify", key, &[], "anna_pass_5", 403).await["error"], "forbidden");
    }
    let wrong = [
        (("limit", "0"), "out_of_range"),
        (("limit", "6"), "out_of_range"),
        (("limit", "many"), "invalid_request"),
        (("user_ids", ""), "invalid_user_id"),
    ];
    for (field, code) in wrong {
        assert_eq!(
            house.upload_take("/v1/identify", &key, &[field], "anna_pass_5", 422).await["error"],
            code,
            "{field:?}"
        );
    }
    assert_eq!(house.upload_take("/v1/identify", &key, &[], "quality_silence", 422).await["error"], "no_speech");
    let (status, answer, _) = house.request(Method::POST, "/v1/identify", &key, &json!({})).await;
    assert_eq!((status, &answer["error"]), (415, &json!("not_multipart")));
    house.close().await;
}
