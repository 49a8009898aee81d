use std::os::unix::fs::PermissionsExt;

use callprint::config;
use callprint::store::{Store, StoreError};
use callprint::types::CallerId;

use super::{Place, at, print};

/// 32 bytes each, in base64.
const ONE: &str = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";
const TWO: &str = "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=";

fn given(config: &config::Store, key: &str) -> config::Store {
    config::Store { voiceprint_key: Some(key.into()), ..config.clone() }
}

fn refused(config: &config::Store) -> StoreError {
    Store::open(config).err().expect("opening is refused")
}

async fn opens(store: &Store, caller: CallerId) -> bool {
    store.voiceprint(caller).await.is_ok_and(|voiceprint| voiceprint.is_some())
}

#[tokio::test]
async fn a_lost_key_file_is_not_replaced_by_a_new_one() {
    let place = Place::new();
    place.enrolled(1, "+15550100001").await;
    place.store.close().await;
    let path = place.config.data_dir.join("voiceprint.key");
    std::fs::remove_file(&path).unwrap();
    let error = refused(&place.config);
    assert!(matches!(error, StoreError::KeyMissing { .. }), "{error}");
    assert!(error.to_string().contains("voiceprint.key") && !path.exists(), "{error}");
}

#[tokio::test]
async fn another_key_is_refused() {
    let place = Place::new();
    place.enrolled(1, "+15550100001").await;
    place.store.close().await;
    let error = refused(&given(&place.config, ONE));
    assert!(matches!(error, StoreError::KeyWrong { .. }), "{error}");
    assert!(error.to_string().contains("CALLPRINT_STORE_VOICEPRINT_KEY"), "{error}");
}

#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused_with_the_command_to_run() {
    let place = Place::new();
    place.store.close().await;
    let path = place.config.data_dir.join("voiceprint.key");
    for mode in [0o640, 0o604, 0o644] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let error = refused(&place.config);
        assert!(matches!(error, StoreError::KeyTooOpen { mode: found, .. } if found == mode), "{error}");
        assert!(error.to_string().contains(&format!("`chmod 600 {}`", path.display())), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_a_key_is_refused_without_being_shown() {
    let place = Place::new();
    place.store.close().await;
    for text in ["", "secret", "c2hvcnQ=", &format!("{ONE},secret"), &format!("{ONE}{TWO}")] {
        let error = refused(&given(&place.config, text));
        assert!(matches!(error, StoreError::KeyMalformed { .. }), "{text}: {error}");
        assert!(text.is_empty() || !error.to_string().contains(text), "{error}");
    }
    std::fs::write(place.config.data_dir.join("voiceprint.key"), "# only a comment\n").unwrap();
    assert!(matches!(refused(&place.config), StoreError::KeyMalformed { .. }));
}

#[tokio::test]
async fn rotating_seals_everything_anew_and_retires_the_old_key() {
    let mut place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    let call = place.call(2, "+15550100002").await;
    place.take(&call, print(b"under way")).await;
    let key_file = place.config.data_dir.join("voiceprint.key");
    let before = std::fs::read_to_string(&key_file).unwrap();

    let rotation = place.store.rotate_key(at(50)).await.unwrap();
    assert_eq!(rotation.resealed, 2);
    let after = std::fs::read_to_string(&key_file).unwrap();
    let keys = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((keys(&before).len(), keys(&after).len()), (1, 1));
    assert_ne!(keys(&before), keys(&after));
    assert_eq!(key_file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let (_, known) = place.store.keys().await.unwrap();
    assert_eq!((known[0].id.clone(), known[0].retired_at), (rotation.to, None));
    assert_eq!((known[1].id.clone(), known[1].retired_at), (rotation.from, Some(at(50))));

    for _ in 0..2 {
        assert!(opens(&place.store, caller).await);
        assert_eq!(place.store.enrollment_takes(&call).await.unwrap(), [b"under way"]);
        place.reopen().await;
    }
}

#[tokio::test]
async fn a_server_goes_on_when_another_process_rotates_the_key() {
    let place = Place::new();
    let before = place.enrolled(1, "+15550100001").await;
    let other = Store::open(&place.config).unwrap();
    for round in 0..3 {
        other.rotate_key(at(round)).await.unwrap();
        assert!(opens(&place.store, before).await);
        let since = place.enrolled(10 + round as u32, &format!("+1555010001{round}")).await;
        assert!(opens(&other, since).await && opens(&place.store, since).await);
    }
}

#[tokio::test]
async fn codes_and_lock_outs_outlive_a_rotation() {
    let place = Place::new();
    let code = place.store.new_enrollment_code(None, std::time::Duration::from_mins(1), at(0)).await.unwrap();
    place.store.rotate_key(at(1)).await.unwrap();
    let checked = place.store.check_code(&code.digits, None, at(2)).await.unwrap();
    assert_eq!(checked.check, callprint::dialog::CodeCheck::Unbound);
}

#[tokio::test]
async fn keys_of_the_configuration_are_rotated_by_naming_the_successor_first() {
    let dir = tempfile::tempdir().unwrap();
    let config = super::config(dir.path());
    let mut place = Place::new();
    place.config = given(&config, ONE);
    place.store = Store::open(&place.config).unwrap();
    let caller = place.enrolled(1, "+15550100001").await;
    assert!(!config.data_dir.join("voiceprint.key").exists());
    assert!(matches!(place.store.rotate_key(at(0)).await, Err(StoreError::KeyNoSuccessor)));

    place.config = given(&config, &format!("{TWO},{ONE}"));
    place.reopen().await;
    assert!(opens(&place.store, caller).await, "the database still names the old key");
    place.store.rotate_key(at(1)).await.unwrap();
    assert!(opens(&place.store, caller).await);
    place.config = given(&config, TWO);
    place.reopen().await;
    assert!(opens(&place.store, caller).await);
    place.store.close().await;
    assert!(matches!(refused(&given(&config, ONE)), StoreError::KeyWrong { .. }));
}

#[tokio::test]
async fn a_rotation_that_was_cut_short_is_taken_up_again() {
    let mut place = Place::new();
    let caller = place.enrolled(1, "+15550100001").await;
    place.store.close().await;
    let key_file = place.config.data_dir.join("voiceprint.key");
    let before = std::fs::read_to_string(&key_file).unwrap();

    // Cut after the new key was written and before the database took it.
    std::fs::write(&key_file, format!("{TWO}\n{before}")).unwrap();
    place.reopen().await;
    assert!(opens(&place.store, caller).await);
    assert!(std::fs::read_to_string(&key_file).unwrap().contains(TWO), "the new key waits");
    place.store.rotate_key(at(1)).await.unwrap();
    let after = std::fs::read_to_string(&key_file).unwrap();
    assert!(after.contains(TWO) && opens(&place.store, caller).await, "it was used, not a third one");

    // Cut after the database took it and before the old key left the file.
    place.store.close().await;
    std::fs::write(&key_file, format!("{after}{before}")).unwrap();
    place.reopen().await;
    assert_eq!(std::fs::read_to_string(&key_file).unwrap(), after, "the old key is retired at the next start");
    assert!(opens(&place.store, caller).await);
}

#[tokio::test]
async fn a_voiceprint_does_not_open_for_another_caller_or_model_or_with_a_bit_changed() {
    let place = Place::new();
    let victim = place.enrolled(1, "+15550100001").await;
    let thief = place.enrolled(2, "+15550100002").await;
    let meddle = async |sql: &str| {
        let db = place.sql();
        db.execute_batch("SAVEPOINT meddling").unwrap();
        db.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM voiceprints").unwrap();
        db.execute_batch(sql).unwrap();
        db.execute_batch("RELEASE meddling").unwrap();
        let opened = place.store.voiceprint(victim).await;
        db.execute_batch("DELETE FROM voiceprints; INSERT INTO voiceprints SELECT * FROM kept; DROP TABLE kept")
            .unwrap();
        opened.map(|voiceprint| voiceprint.is_some())
    };
    let of = |caller: CallerId| format!("(SELECT sealed FROM voiceprints WHERE caller = '{caller}')");
    let moved = format!("UPDATE voiceprints SET sealed = {} WHERE caller = '{victim}'", of(thief));
    let meddling = [
        moved.as_str(),
        "UPDATE voiceprints SET model_id = 'another'",
        "UPDATE voiceprints SET sealed = substr(sealed, 1, length(sealed) - 1)",
        "UPDATE voiceprints SET sealed = substr(sealed, 1, 20)",
        "UPDATE voiceprints SET sealed = x''",
    ];
    for sql in meddling {
        let opened = meddle(sql).await;
        assert!(matches!(opened, Err(StoreError::Sealed)), "{sql}: {opened:?}");
    }
    assert!(opens(&place.store, victim).await, "put back, it opens again");
}
