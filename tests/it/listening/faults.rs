//! Streams of listenings that break, come too late, or show a wrong token.

use serde_json::{Value, json};

use super::{ANNA, CALL, House, anna, silence, speech, spoken, stop};

const VIOLATION: Option<u16> = Some(1008);

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_wrong_or_of_another_call_or_account_is_refused_and_stays_good() {
    let house = House::listening().await;
    let asked = house.asked(json!({ "call": CALL })).await;
    for (call, token) in [
        (CALL, "li.wrong"),
        (CALL, "li."),
        (CALL, &asked.token[3..]),
        ("CA00000000000000000000000000000078", asked.token.as_str()),
    ] {
        let mut line = house.dial().await;
        let start = line.start(call, token);
        line.say(start).await;
        assert_eq!(line.closed().await, VIOLATION, "{call} {token}");
    }
    let mut line = house.dial().await;
    let mut start = line.start(CALL, &asked.token);
    start["start"]["accountSid"] = json!("AC00000000000000000000000000000009");
    line.say(start).await;
    assert_eq!(line.closed().await, VIOLATION);
    assert_eq!(house.stands(&asked).await["status"], "waiting");
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_have_an_id_of_any_form() {
    let house = House::listening().await;
    let call = "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg";
    let asked = house.asked(json!({ "call": call })).await;
    let mut line = house.streamed(&asked, call).await;
    line.speak(&anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_streams_with_one_token_are_one() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut first = house.streamed(&asked, CALL).await;
    house.until(&asked, |view| view["status"] == "listening").await;
    let mut second = house.streamed(&asked, CALL).await;
    assert_eq!(second.closed().await, VIOLATION);
    first.speak(&anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept");
    let mut third = house.streamed(&asked, CALL).await;
    assert_eq!(third.closed().await, VIOLATION, "nor is it good afterwards");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_worth_nothing_after_its_time() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    house.clock.advance_s(121);
    assert_eq!(house.stands(&asked).await["status"], "expired");
    let mut line = house.streamed(&asked, CALL).await;
    assert_eq!(line.closed().await, VIOLATION);
    assert_eq!(house.ending(&asked).await, "expired");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_dies_leaves_no_verdict() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    drop(line);
    assert_eq!(house.ending(&asked).await, "failed stream_broken");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_none_ends_the_stream_without_a_verdict() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.say(json!([1, 2])).await;
    assert_eq!(line.closed().await, VIOLATION);
    assert_eq!(house.ending(&asked).await, "failed frame_not_json");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_leaves_no_verdict() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    house.until(&asked, |view| view["status"] == "listening").await;
    let house = house.restarted().await;
    assert!(matches!(line.closed().await, Some(1001) | None));
    assert_eq!(house.ending(&asked).await, "failed stream_stopping");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listening_whose_server_died_is_ended_by_the_next() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&spoken("anna_pass_5")[..8_000]).await;
    house.until(&asked, |view| view["status"] == "listening").await;
    let house = house.killed().await;
    // Another node could still be listening: only silence tells.
    assert_eq!(house.stands(&asked).await["status"], "listening");
    house.clock.advance_s(31);
    assert_eq!(house.ending(&asked).await, "failed listener_lost");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opts_out_meanwhile_is_not_listened_to_any_more() {
    let house = House::listening().await;
    let (waiting, running) = (house.asked(Value::Null).await, house.asked(Value::Null).await);
    let mut line = house.streamed(&running, CALL).await;
    line.speak(&spoken("anna_pass_6")[..8_000]).await;
    house.until(&running, |view| view["status"] == "listening").await;
    house.anna_opts_out().await;
    assert_eq!(line.closed().await, Some(1000));
    assert_eq!(house.ending(&running).await, "failed opted_out");
    let mut line = house.streamed(&waiting, CALL).await;
    assert_eq!(line.closed().await, VIOLATION);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_verdict_is_kept_of_whoever_opts_out_before_it_falls() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&silence(100)).await;
    house.until(&asked, |view| view["status"] == "listening").await;
    house.anna_opts_out().await;
    line.speak(&speech(&["anna_pass_6"])).await;
    line.say(stop()).await;
    assert_eq!(house.ending(&asked).await, "failed opted_out");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listening_goes_with_its_caller() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&silence(100)).await;
    house.until(&asked, |view| view["status"] == "listening").await;
    let caller = house.caller(ANNA).await.unwrap().id;
    house.store.delete_caller(caller, house.clock.now()).await.unwrap();
    assert_eq!(line.closed().await, Some(1000), "and so does its stream");
    let gone = house.ask(reqwest::Method::GET, &format!("/v1/listenings/{}", asked.id), &Value::Null).await;
    assert_eq!(gone.0, 404);
    house.close().await;
}
