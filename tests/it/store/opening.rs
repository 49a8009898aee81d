use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use callprint::store::{Store, StoreError};

use super::{Place, config};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn nobody_else_can_read_what_is_made() {
    let place = Place::new();
    place.enrolled(1, "+15550100001").await;
    assert_eq!(mode(&place.config.data_dir), 0o700);
    for file in std::fs::read_dir(&place.config.data_dir).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn closing_leaves_one_whole_file_and_refuses_what_comes_later() {
    let place = Place::new();
    place.enrolled(1, "+15550100001").await;
    place.store.close().await;
    assert!(!place.config.data_dir.join("callprint.db-wal").exists());
    assert!(matches!(place.store.ping().await, Err(StoreError::Closed)));
    assert!(matches!(place.store.callers(1).await, Err(StoreError::Closed)));
    Store::open(&place.config).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn two_processes_share_a_database() {
    let place = Place::new();
    let other = Store::open(&place.config).unwrap();
    let caller = place.enrolled(1, "+15550100001").await;
    assert!(other.caller(caller).await.unwrap().unwrap().is_enrolled);
    other.ping().await.unwrap();
    place.store.ping().await.unwrap();
}

#[tokio::test]
async fn many_processes_may_open_a_new_database_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let opened = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::open(&config))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect::<Vec<_>>()
    });
    for store in &opened {
        store.ping().await.unwrap();
    }
    let (_, keys) = opened[0].keys().await.unwrap();
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let place = Place::new();
    place.store.close().await;
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                 VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
    place.sql().execute(newer, []).unwrap();
    let refused = Store::open(&place.config).err().unwrap();
    assert!(matches!(refused, StoreError::NewerSchema { found: 99, known: 2.. }), "{refused}");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    std::fs::create_dir(&config.data_dir).unwrap();
    let path = config.data_dir.join("callprint.db");
    std::fs::write(&path, "not a database, at all ".repeat(100)).unwrap();
    let refused = Store::open(&config).err().unwrap();
    assert_eq!(refused.code(), "store_corrupt");
    assert_eq!(std::fs::read(&path).unwrap().len(), 2_300);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data"), "a file in the way").unwrap();
    let refused = Store::open(&config(dir.path())).err().unwrap();
    assert!(refused.code() == "store_file" && refused.to_string().contains("data"), "{refused}");
}
