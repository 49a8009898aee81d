//! Keys of the API: their secrets, their use, and that each sees no more than its own.

use std::time::Duration;

use callprint::store::{NewApiKey, Scope, StoreError};
use callprint::types::Tenant;

use super::{Place, at};

fn new_key(tenant: &str) -> NewApiKey {
    NewApiKey {
        tenant: Tenant::parse(tenant).unwrap(),
        name: "web shop".to_owned(),
        scopes: vec![Scope::Enroll, Scope::Verify],
        per_minute: 60,
        per_day: 1_000,
        is_demo: false,
        expires_at: None,
    }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_proves_its_key() {
    let place = Place::new();
    let fresh = place.store.new_api_key(new_key("acme"), at(0)).await.unwrap();
    assert!(fresh.secret.starts_with("cpk_") && fresh.secret.len() > 50);
    let found = place.store.api_key_of(&fresh.secret, at(1)).await.unwrap().unwrap();
    assert_eq!(
        (&found, found.tenant.as_str(), found.scopes.as_slice()),
        (&fresh.key, "acme", &[Scope::Enroll, Scope::Verify][..])
    );
    for wrong in ["", "cpk_", &fresh.secret[1..], &format!("{}x", fresh.secret), &fresh.secret.to_uppercase()] {
        assert_eq!(place.store.api_key_of(wrong, at(1)).await.unwrap(), None, "{wrong}");
    }
    place.store.close().await;
    let bytes = std::fs::read(place.config.data_dir.join("callprint.db")).unwrap();
    assert!(!bytes.windows(fresh.secret.len()).any(|window| window == fresh.secret.as_bytes()));
}

#[tokio::test]
async fn a_key_is_worth_nothing_once_it_expired_or_was_revoked() {
    let place = Place::new();
    let expiring = NewApiKey { expires_at: Some(at(10)), ..new_key("main") };
    let fresh = place.store.new_api_key(expiring, at(0)).await.unwrap();
    assert!(place.store.api_key_of(&fresh.secret, at(9)).await.unwrap().is_some());
    assert!(place.store.api_key_of(&fresh.secret, at(10)).await.unwrap().is_none());

    let fresh = place.store.new_api_key(new_key("main"), at(0)).await.unwrap();
    assert!(place.store.revoke_api_key(&fresh.key.id, at(5)).await.unwrap());
    assert!(!place.store.revoke_api_key(&fresh.key.id, at(6)).await.unwrap());
    assert!(place.store.api_key_of(&fresh.secret, at(7)).await.unwrap().is_none());
    let rotated = place.store.rotate_api_key(&fresh.key.id, Duration::ZERO, at(8)).await;
    assert!(matches!(rotated.map(|_| ()), Err(StoreError::UnknownApiKey)), "a revoked key stays revoked");
}

#[tokio::test]
async fn a_rotated_key_takes_both_secrets_for_a_while() {
    let place = Place::new();
    let before = place.store.new_api_key(new_key("main"), at(0)).await.unwrap();
    let after = place.store.rotate_api_key(&before.key.id, Duration::from_mins(1), at(0)).await.unwrap();
    assert_eq!(after.key, before.key);
    for (secret, second, is_good) in
        [(&before.secret, 59, true), (&before.secret, 60, false), (&after.secret, 600, true)]
    {
        assert_eq!(place.store.api_key_of(secret, at(second)).await.unwrap().is_some(), is_good, "after {second} s");
    }
    // A second rotation does not lengthen the first one's.
    place.store.rotate_api_key(&before.key.id, Duration::from_mins(10), at(1)).await.unwrap();
    assert!(place.store.api_key_of(&before.secret, at(61)).await.unwrap().is_none());
    assert!(place.store.api_key_of(&after.secret, at(600)).await.unwrap().is_some());
}

#[tokio::test]
async fn usage_is_counted_by_day_and_survives_a_restart() {
    let mut place = Place::new();
    let key = place.store.new_api_key(new_key("main"), at(0)).await.unwrap().key;
    for expected in 1..=3 {
        assert_eq!(place.store.count_usage(&key.id, "requests", at(0)).await.unwrap(), expected);
    }
    place.reopen().await;
    assert_eq!(place.store.count_usage(&key.id, "requests", at(0)).await.unwrap(), 4);
    assert_eq!(place.store.count_usage(&key.id, "requests", at(86_400)).await.unwrap(), 1);
    let usage = place.store.usage(&key.id, at(0)).await.unwrap();
    assert_eq!(usage.iter().map(|usage| usage.count).collect::<Vec<_>>(), [4, 1]);
    assert_eq!(place.store.usage(&key.id, at(86_400)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn keys_are_listed_without_their_secrets() {
    let place = Place::new();
    place.store.new_api_key(new_key("main"), at(0)).await.unwrap();
    place.store.new_api_key(new_key("acme"), at(1)).await.unwrap();
    let keys = place.store.api_keys().await.unwrap();
    assert_eq!(keys.iter().map(|key| key.tenant.as_str()).collect::<Vec<_>>(), ["acme", "main"]);
}
