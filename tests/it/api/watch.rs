use callprint::phone::Outgoing;
use reqwest::Method;
use serde_json::{Value, json};

use super::admin::{ADMIN, ALL};
use super::form::wav;
use crate::house::{House, saying};

const PATH: &str = "/v1/watch-list";

impl House {
    /// Has a user verified by a take; the hit on the watch-list that the audit holds of it.
    async fn watched(&self, key: &str, user: &str, take: &str) -> Option<Value> {
        let hits = async || {
            let events = self.store.audit_events(None, u32::MAX).await.unwrap();
            events.into_iter().filter(|event| event.kind == "watch_list_hit").collect::<Vec<_>>()
        };
        let before = hits().await.len();
        let (status, answer) = self.upload("/v1/voice/verify", key, &[("user_id", user)], &wav(take)).await;
        assert!(status == 200 || status == 429, "{status} {answer}");
        let mut after = hits().await;
        (after.len() > before).then(|| after.swap_remove(0).detail)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_voice_is_known_in_other_words_and_nobody_else_is_taken_for_it() {
    let house = House::open().await;
    let key = house.api_key("acme", ALL).await;
    house.enroll_user(&key, "victim", "emma").await;
    let hit = async |take: &str| house.watched(&key, "victim", take).await;
    assert_eq!(hit("ben_pass_5").await, None);
    let ben = house.upload_take(PATH, &key, &[("label", "case 17")], "ben_pass_1", 201).await;
    let hugo = house.upload_take(PATH, &key, &[("label", "case 18")], "hugo_pass_1", 201).await;
    for (take, listed) in [("ben_pass_5", &ben), ("ben_pass_4", &ben), ("hugo_pass_5", &hugo)] {
        let found = hit(take).await.unwrap_or_else(|| panic!("{take} is not known"));
        assert_eq!((&found["watch_list_id"], &found["label"]), (&listed["id"], &listed["label"]), "{take}");
    }
    for name in ["anna", "carla", "dave", "emma", "frank", "grace", "ivan", "jack"] {
        assert_eq!(hit(&format!("{name}_pass_5")).await, None, "{name}");
    }
    // Another tenant is not warned.
    let main = house.api_key("main", ALL).await;
    house.enroll_user(&main, "victim", "emma").await;
    assert_eq!(house.watched(&main, "victim", "ben_pass_5").await, None);

    let hook = json!({ "url": "https://example.com", "events": ["watch_list_hit"] });
    let hook = house.put("/v1/webhooks", &key, hook, 201).await;
    assert!(hit("ben_pass_5").await.is_some());
    let log = house.get(&format!("/v1/webhooks/{}/deliveries", hook["id"].as_str().unwrap()), &key, 200).await;
    assert_eq!(log["deliveries"][0]["type"], "watch_list_hit");

    house.remove(&format!("{PATH}/{}", ben["id"].as_str().unwrap()), &key, 200).await;
    assert_eq!(hit("ben_pass_5").await, None);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_labels_and_never_voices_outlives_new_keys_and_is_its_tenants_alone() {
    let house = House::open().await;
    let (key, other) = (house.api_key("main", ALL).await, house.api_key("acme", ADMIN).await);
    let made = house.upload_take(PATH, &key, &[("label", "case 17")], "ben_pass_1", 201).await;
    assert_eq!(house.get(PATH, &key, 200).await, json!({ "voices": [made] }));
    let known: Vec<_> = made.as_object().unwrap().keys().collect();
    assert_eq!(known, ["created_at", "id", "label", "model"]);
    assert_eq!(house.get(PATH, &other, 200).await, json!({ "voices": [] }));
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    for path in [&path, &format!("{PATH}/wl_00"), &format!("{PATH}/%00")] {
        assert_eq!(house.remove(path, &other, 404).await["error"], "watch_not_found");
    }
    house.store.rotate_key(house.clock.now()).await.unwrap();
    house.enroll_user(&key, "victim", "emma").await;
    assert_eq!(house.watched(&key, "victim", "ben_pass_5").await.unwrap()["label"], "case 17");
    for label in ["", "a\u{7}b"] {
        let refused = house.upload_take(PATH, &key, &[("label", label)], "ben_pass_1", 422).await;
        assert_eq!(refused["error"], "invalid_label");
    }
    assert_eq!(house.upload_take(PATH, &key, &[], "ben_pass_1", 422).await["error"], "missing_field");
    let silence = house.upload_take(PATH, &key, &[("label", "x")], "quality_silence", 422).await;
    assert_eq!(silence["error"], "no_speech");
    let page = house.page_token(&key, "anna").await;
    assert_eq!(house.upload_take(PATH, &page, &[("label", "x")], "ben_pass_1", 403).await["error"], "forbidden");
    house.is_for_administrators(Method::GET, PATH, Value::Null).await;
    house.is_for_administrators(Method::DELETE, &path, Value::Null).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_voice_raises_a_call_no_further_than_the_cap_of_its_risk() {
    let house = House::with("[line]\nchallenge = \"never\"\n[verification]\nreplay = false\n").await;
    house.enroll("+15550100", "anna").await;
    let threshold = async |call: Outgoing| {
        house.phone().call(&call, saying(&["anna_pass_4"])).await;
        house.attempts().await.last().unwrap().signals.as_ref().unwrap()["threshold"].as_f64().unwrap()
    };
    // Verified once, it is no first call any more.
    let usual = threshold(house.outgoing("+15550100")).await;
    let forged = || house.outgoing("+15550100").with("StirVerstat", "TN-Validation-Failed-A");
    let suspect = || forged().with("ForwardedFrom", "+15550199");
    let raised = threshold(suspect()).await - usual;
    assert!((raised - 1.5).abs() < 0.01, "{raised}");
    let key = house.api_key("main", ALL).await;
    house.upload_take(PATH, &key, &[("label", "case 17")], "anna_pass_1", 201).await;
    let capped = threshold(suspect()).await - usual;
    assert!((capped - 2.4).abs() < 0.01, "{capped}");
    house.close().await;
}
