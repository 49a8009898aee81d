use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{House, VERIFY};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_told_its_own_use_and_nobody_elses() {
    let house = House::open().await;
    let (one, other) = (house.api_key("main", VERIFY).await, house.api_key("acme", VERIFY).await);
    for requests in 1..=3 {
        assert_eq!(house.usage(&one).await["total"], requests);
    }
    let usage = house.usage(&other).await;
    assert_eq!((&usage["total"], &usage["today"], &usage["tenant"]), (&json!(1), &json!(1), &json!("acme")));
    assert_eq!(usage["throttle"], json!({ "per_minute": 10_000, "per_day": 100_000, "refused": 0 }));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_minute_allows_is_refused_and_told_when_to_come_again() {
    let house = House::open().await;
    let key = house.limited_key("main", VERIFY, 2, 100).await;
    house.usage(&key).await;
    house.usage(&key).await;
    let (status, body, retry_after) = house.request(Method::GET, "/v1/usage", &key, &Value::Null).await;
    assert_eq!((status, &body["error"], &body["scope"]), (429, &json!("rate_limited"), &json!("minute")));
    let (ms, seconds) = (body["retryAfterMs"].as_u64().unwrap(), retry_after.unwrap().parse::<u64>().unwrap());
    assert!((1..=30_001).contains(&ms) && seconds == ms.div_ceil(1000), "{ms} ms, {seconds} s");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_limit_survives_a_restart_and_ends_with_the_day() {
    let house = House::open().await;
    let key = house.limited_key("main", VERIFY, 1_000, 2).await;
    house.usage(&key).await;
    let house = house.restarted().await;
    house.usage(&key).await;
    let (status, body, _) = house.request(Method::GET, "/v1/usage", &key, &Value::Null).await;
    assert_eq!((status, &body["scope"]), (429, &json!("day")));
    let left = Duration::from_millis(body["retryAfterMs"].as_u64().unwrap());
    assert!(left <= Duration::from_hours(24), "{left:?}");
    house.clock.advance_s(left.as_secs().cast_signed() + 1);
    let usage = house.usage(&key).await;
    assert_eq!((&usage["today"], &usage["throttle"]["refused"]), (&json!(1), &json!(1)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_or_unknown_key_is_told_the_same() {
    let house = House::open().await;
    let key = house.api_key("main", VERIFY).await;
    let id = key.split('_').nth(1).unwrap().to_owned();
    house.store.revoke_api_key(&id, house.clock.now()).await.unwrap();
    let answers = [&key, "cpk_000000000000_x", ""].map(|key| (key.to_owned(), &house));
    let mut told = Vec::new();
    for (key, house) in answers {
        let (status, body, _) = house.request(Method::GET, "/v1/usage", &key, &Value::Null).await;
        told.push((status, body));
    }
    assert!(told.iter().all(|answer| *answer == told[0]) && told[0].0 == 401, "{told:?}");
    house.close().await;
}
