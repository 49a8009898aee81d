use reqwest::Method;
use serde_json::json;

use super::admin::{ADMIN, ALL};
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_its_own_user_replace_a_voiceprint_once() {
    let house = House::open().await;
    let key = house.api_key("acme", ALL).await;
    let id = house.enrolled_user(&key, "anna", "anna").await;
    house.new_user(&key, "ben").await;
    let code = house.put("/v1/codes", &key, json!({ "caller": id, "ttl_s": 600 }), 201).await;
    assert_eq!(code["caller"], json!(id));
    let digits = code["code"].as_str().unwrap();
    let enroll = async |code: &str, take: &str, status| {
        house.upload_take("/enroll", &key, &[("user_id", "anna"), ("code", code)], take, status).await
    };
    assert_eq!(enroll("00000000", "anna_pass_4", 403).await["error"], "code_invalid");
    for (take, status) in [("anna_pass_4", "enrolling"), ("anna_pass_5", "enrolling"), ("anna_pass_6", "enrolled")] {
        assert_eq!(enroll(digits, take, 200).await["status"], status);
    }
    assert_eq!(enroll(digits, "anna_pass_1", 403).await["error"], "code_invalid");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_made_for_ones_own_users_and_for_nobody_only_by_whom_the_phone_belongs_to() {
    let house = House::open().await;
    let (key, other) = (house.api_key("main", ADMIN).await, house.api_key("acme", ADMIN).await);
    let id = house.new_user(&key, "anna").await;
    assert_eq!(house.put("/v1/codes", &other, json!({ "caller": id }), 404).await["error"], "caller_not_found");
    assert_eq!(house.put("/v1/codes", &other, json!({}), 422).await["error"], "owner_missing");
    assert_eq!(house.put("/v1/codes", &key, json!({}), 201).await["caller"], json!(null));
    // A user of that name with another tenant is somebody else.
    let code = house.put("/v1/codes", &other, json!({ "user_id": "anna" }), 201).await;
    assert_ne!(code["caller"], json!(id));
    for ttl_s in [0, 59, 2_592_001] {
        let refused = house.put("/v1/codes", &key, json!({ "ttl_s": ttl_s }), 422).await;
        assert_eq!(refused["error"], "out_of_range");
    }
    let both = json!({ "caller": id, "user_id": "anna" });
    assert_eq!(house.put("/v1/codes", &key, both, 422).await["error"], "invalid_request");
    house.is_for_administrators(Method::POST, "/v1/codes", json!({ "caller": id })).await;
    house.close().await;
}
