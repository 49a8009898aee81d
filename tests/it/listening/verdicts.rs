//! Verdicts on conversations, and the signs that tell of them before.

use serde_json::{Value, json};

use super::{CALL, House, agent, anna, ben, silence, speech, spoken, stop};

#[tokio::test(flavor = "multi_thread")]
async fn the_right_voice_is_accepted_while_the_conversation_goes_on() {
    let house = House::listening().await;
    let asked = house.asked(json!({ "reference": "ticket 17" })).await;
    assert_eq!(house.stands(&asked).await["status"], "waiting");
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&anna()).await;
    assert_eq!(line.closed().await, Some(1000), "the stream is not needed any more; the call goes on");
    assert_eq!(house.ending(&asked).await, "done accept");
    let view = house.stands(&asked).await;
    let customer = view["net_speech_ms"]["customer"].as_u64().unwrap();
    // How soon is the engine's matter: this build hears faster than it compares.
    assert!(customer >= 3_000, "{view}");
    assert_eq!(
        (&view["reference"], &view["call"], &view["likeness"]),
        (&json!("ticket 17"), &json!(CALL), &Value::Null)
    );
    assert!(["llr", "cosine", "threshold"].iter().all(|key| view.get(key).is_none()), "{view}");
    assert_eq!(house.verdicts().await, ["accept"], "a conversation is no attempt");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_voice_is_rejected_and_locks_nobody_out() {
    let house = House::listening_with("show_scores = true").await;
    for _ in 0..6 {
        let asked = house.asked(Value::Null).await;
        let mut line = house.streamed(&asked, CALL).await;
        line.speak(&ben()).await;
        assert_eq!(line.closed().await, Some(1000));
        assert_eq!(house.ending(&asked).await, "done reject voice_mismatch");
        let view = house.stands(&asked).await;
        assert!(view["llr"].as_f64().unwrap() < view["threshold"].as_f64().unwrap(), "{view}");
        assert!(view["cosine"].is_number());
    }
    // Six mismatches of a caller who had called would be one more than it takes.
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_tracks_come_together_and_only_the_customers_is_compared() {
    let house = House::listening().await;
    // The agent is somebody else, and then the customer is.
    for (inbound, outbound, ending) in [(anna(), agent(), "done accept"), (ben(), anna(), "done reject voice_mismatch")]
    {
        let asked = house.asked(Value::Null).await;
        let mut line = house.streamed(&asked, CALL).await;
        // They take turns.
        let listens = |other: &[u8]| silence(other.len() / 8);
        line.converse(&listens(&outbound), &outbound).await;
        line.converse(&inbound, &listens(&inbound)).await;
        line.say(stop()).await;
        assert_eq!(house.ending(&asked).await, ending);
        let view = house.stands(&asked).await;
        assert!(view["net_speech_ms"]["agent"].as_u64().unwrap() > 8_000, "{view}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_may_be_on_the_other_track() {
    let house = House::listening().await;
    let asked = house.asked(json!({ "track": "outbound" })).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.converse(&[], &anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_echo_is_not_taken_for_the_customer() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    // The agent is Anna's voice here: were its echo compared, it would be accepted.
    let outbound = anna();
    let echo = [silence(200), quieter(&outbound)].concat();
    line.converse(&echo, &outbound).await;
    line.say(stop()).await;
    let ending = house.ending(&asked).await;
    assert!(["done retry too_short", "done retry no_speech"].contains(&&*ending), "{ending}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_of_silence_is_no_speech() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.converse(&silence(61_000), &silence(61_000)).await;
    assert_eq!(line.closed().await, Some(1000), "at the limit we leave");
    assert_eq!(house.ending(&asked).await, "done retry no_speech");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_ends_before_anybody_spoke_or_spoke_enough_is_to_be_tried_again() {
    let house = House::listening().await;
    for (said, ending) in
        [(silence(500), "done retry no_speech"), (spoken("anna_pass_5")[..8_000].to_vec(), "done retry too_short")]
    {
        let asked = house.asked(Value::Null).await;
        let mut line = house.streamed(&asked, CALL).await;
        line.speak(&said).await;
        line.say(stop()).await;
        assert_eq!(line.closed().await, Some(1000));
        assert_eq!(house.ending(&asked).await, ending);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_ends_early_is_decided_by_what_was_said() {
    let house = House::listening().await;
    for (said, ending) in [("anna_pass_5", "done accept"), ("ben_pass_5", "done reject voice_mismatch")] {
        let asked = house.asked(Value::Null).await;
        let mut line = house.streamed(&asked, CALL).await;
        line.speak(&speech(&[said])).await;
        line.say(stop()).await;
        assert_eq!(house.ending(&asked).await, ending);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_listening_shows_how_far_it_is() {
    let house = House::listening().await;
    let asked = house.asked(Value::Null).await;
    let mut line = house.streamed(&asked, CALL).await;
    line.speak(&speech(&["anna_pass_5"])).await;
    let running =
        |view: &Value| view["status"] == "listening" && view["net_speech_ms"]["customer"].as_u64() > Some(1_000);
    let view = house.until(&asked, running).await;
    assert!(view["decision"].is_null() && view["finished_at"].is_null() && view["started_at"].is_string(), "{view}");
    assert!(["low", "medium", "high", "null"].contains(&view["likeness"].as_str().unwrap_or("null")), "{view}");
    drop(line);
    house.close().await;
}

/// The same 12 dB lower, as a good echo canceller leaves it.
fn quieter(bytes: &[u8]) -> Vec<u8> {
    use callprint::audio::mulaw;
    bytes.iter().map(|&byte| mulaw::from_linear(mulaw::to_linear(byte) / 4)).collect()
}
