use super::{Place, at, recording};

#[tokio::test]
async fn recordings_wait_for_deletion_through_restarts_until_it_is_done() {
    let mut place = Place::new();
    for (n, due) in [(1, 20), (2, 10), (3, 99)] {
        place.store.queue_deletion(&recording(n), at(due)).await.unwrap();
    }
    place.store.queue_deletion(&recording(1), at(0)).await.unwrap();
    place.reopen().await;
    let due = async |place: &Place, now| {
        let due = place.store.due_deletions(at(now), 10).await.unwrap();
        due.into_iter().map(|deletion| (deletion.recording, deletion.tries)).collect::<Vec<_>>()
    };
    assert_eq!(due(&place, 9).await, []);
    assert_eq!(due(&place, 20).await, [(recording(2), 0), (recording(1), 0)]);
    place.store.deletion_done(&recording(2), at(21)).await.unwrap();
    place.store.deletion_failed(&recording(1), at(60)).await.unwrap();
    assert_eq!(due(&place, 59).await, []);
    assert_eq!(due(&place, 60).await, [(recording(1), 1)]);
    assert_eq!(place.store.pending_deletions().await.unwrap(), 2);
}

#[tokio::test]
async fn the_audit_proves_that_a_recording_was_deleted() {
    let place = Place::new();
    place.store.queue_deletion(&recording(1), at(0)).await.unwrap();
    place.store.deletion_done(&recording(1), at(5)).await.unwrap();
    place.store.deletion_done(&recording(1), at(6)).await.unwrap();
    let events = place.store.audit_events(None, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].kind.as_str(), &events[0].detail["recording"]),
        ("recording_deleted", &recording(1).as_str().into())
    );
}
