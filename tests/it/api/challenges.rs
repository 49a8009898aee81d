use callprint::clients::{ChallengeError, Verify};
use callprint::store::Scope;
use serde_json::json;

use super::admin::ALL;
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_good_once_for_its_own_tenant_and_for_a_while() {
    let house = House::open().await;
    let (key, other) = (house.api_key("main", ALL).await, house.api_key("acme", ALL).await);
    let client = house.app.clients.keys.client::<Verify>(&key).await.unwrap();
    let stranger = house.app.clients.keys.client::<Verify>(&other).await.unwrap();
    let digits = house.put("/v1/challenges", &key, json!({ "form": "digits" }), 201).await;
    let id = digits["id"].as_str().unwrap();
    let text = digits["text"].as_str().unwrap();
    assert!(text.len() == 6 && text.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");
    assert!(matches!(house.app.clients.uploads.redeem_challenge(&stranger, id).await, Err(ChallengeError::Unknown)));
    assert!(matches!(house.app.clients.uploads.redeem_challenge(&client, "x").await, Err(ChallengeError::Unknown)));
    let challenge = house.app.clients.uploads.redeem_challenge(&client, id).await.unwrap();
    assert_eq!((json!(challenge.spoken()), json!(challenge.to_string())), (digits["challenge"].clone(), json!(text)));
    assert!(matches!(house.app.clients.uploads.redeem_challenge(&client, id).await, Err(ChallengeError::Used)));

    let mixed = house.put("/v1/challenges", &key, json!({ "form": "mixed" }), 201).await;
    let words = mixed["text"].as_str().unwrap().split(' ').filter(|word| word.parse::<u32>().is_err()).count();
    assert_eq!(words, 2, "{mixed}");
    house.clock.advance_s(24 * 3_600 - 1);
    let late = house.app.clients.uploads.redeem_challenge(&client, mixed["id"].as_str().unwrap()).await;
    assert!(matches!(late, Err(ChallengeError::Expired)));
    assert_eq!(house.put("/v1/challenges", &key, json!({ "form": "poem" }), 422).await["error"], "invalid_request");
    let less = house.api_key("main", &[Scope::Enroll]).await;
    assert_eq!(house.put("/v1/challenges", &less, json!({ "form": "digits" }), 403).await["error"], "forbidden");
    house.close().await;
}
