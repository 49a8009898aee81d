//! A conversation of a Telnyx call: its socket carries no signature, its token is the proof.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Asked, CALL, House, anna, stop};
use crate::media::line::{FRAME, Line, silence};

const USER: &str = "3e6f995f-85f7-4705-9741-53b116d28237";

const VIOLATION: Option<u16> = Some(1008);
const TRY_AGAIN_LATER: Option<u16> = Some(1013);

/// As many sockets without a signature may wait for their token to be seen.
const MOST_UNPROVEN: usize = 64;

/// A house that listens to Telnyx calls as well.
async fn house(more: &str) -> House {
    House::listening_with(&format!("telnyx_user_id = \"{USER}\"\n{more}")).await
}

/// A socket as Telnyx opens it.
async fn dial(house: &House) -> Line {
    house.dial_as(None).await.expect("a socket without a signature is let in")
}

fn start(user: &Value, token: &str) -> Value {
    json!({
        "event": "start", "sequence_number": "1", "stream_id": "32de0dea-53cb-4b21-89a4-9e1819c043bc",
        "start": {
            "user_id": user, "call_control_id": CALL, "custom_parameters": { "token": token },
            "media_format": { "encoding": "PCMU", "sample_rate": 8000, "channels": 1 },
        },
    })
}

/// Greets and starts, as it should be.
async fn begin(line: &mut Line, asked: &Asked) {
    line.say(json!({ "event": "connected", "version": "1.0.0" })).await;
    line.say(start(&json!(USER), &asked.token)).await;
}

/// Sends the caller's audio in frames of 20 ms, as fast as it is taken.
async fn speak(line: &mut Line, bytes: &[u8]) {
    for (n, frame) in bytes.chunks(FRAME).enumerate() {
        let media = json!({
            "track": "inbound", "chunk": (n + 1).to_string(), "timestamp": (n * 20).to_string(),
            "payload": STANDARD.encode(frame),
        });
        if !line.say(json!({ "event": "media", "sequence_number": (n + 2).to_string(), "media": media })).await {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telnyx_call_is_listened_to_where_its_user_is_known() {
    let house = house("").await;
    let asked = house.asked(json!({ "call": CALL })).await;
    let mut line = dial(&house).await;
    begin(&mut line, &asked).await;
    speak(&mut line, &anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept");
    assert_eq!(line.closed().await, Some(1000));

    let mut again = dial(&house).await;
    begin(&mut again, &asked).await;
    assert_eq!(again.closed().await, VIOLATION, "its token is good once");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_user_a_socket_without_a_signature_is_refused_and_a_wrong_one_always_is() {
    let closed = House::listening().await;
    assert_eq!(closed.dial_as(None).await.err(), Some(StatusCode::FORBIDDEN));
    closed.close().await;
    let house = house("").await;
    for signature in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        assert_eq!(house.dial_as(Some(signature)).await.err(), Some(StatusCode::FORBIDDEN), "{signature:?}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_without_a_signature_speaks_for_no_turn_and_no_other_user() {
    let house = house("").await;
    let asked = house.asked(json!({ "call": CALL })).await;
    let invited = house.invited(1).await;
    let mut turn = start(&json!(USER), &invited.token);
    turn["start"]["call_control_id"] = json!(invited.call);
    let mut other_call = start(&json!(USER), &asked.token);
    other_call["start"]["call_control_id"] = json!("v3:another");
    let mut twilio = dial(&house).await;
    for message in [
        turn,
        other_call,
        start(&json!("another user"), &asked.token),
        start(&Value::Null, &asked.token),
        start(&json!(USER), "li.wrong"),
        start(&json!(USER), ""),
        twilio.start(&invited.call, &invited.token),
    ] {
        let mut line = dial(&house).await;
        line.say(message.clone()).await;
        assert_eq!(line.closed().await, VIOLATION, "{message}");
    }
    // Nor does a signed socket speak the other provider's language.
    let mut signed = house.dial().await;
    signed.say(start(&json!(USER), &asked.token)).await;
    assert_eq!(signed.closed().await, VIOLATION);
    assert_eq!(house.stands(&asked).await["status"], "waiting");

    let mut line = house.dial().await;
    line.begin(&invited).await;
    assert!(line.heard().await.is_some(), "the turn's token is still good");
    let mut line = dial(&house).await;
    begin(&mut line, &asked).await;
    speak(&mut line, &anna()).await;
    assert_eq!(house.ending(&asked).await, "done accept", "and so is the listening's");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_have_shown_no_token_take_no_slot_from_a_call_and_are_few() {
    let house = house("[streams]\nmax_open = 1").await;
    let invited = house.invited(1).await;
    let mut strangers = Vec::new();
    for _ in 0..MOST_UNPROVEN {
        strangers.push(dial(&house).await);
    }
    assert_eq!(house.dial_as(None).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    let mut line = house.dial().await;
    line.begin(&invited).await;
    assert!(line.heard().await.is_some(), "the only slot is the call's");
    for mut stranger in strangers {
        assert_eq!(stranger.closed().await, VIOLATION, "and they are not waited for");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_shown_while_there_is_no_slot_stays_good() {
    let house = house("[streams]\nmax_open = 1").await;
    let (first, second) = (house.asked(Value::Null).await, house.asked(json!({ "call": CALL })).await);
    let mut talking = dial(&house).await;
    begin(&mut talking, &first).await;
    speak(&mut talking, &silence(100)).await;
    house.until(&first, |view| view["status"] == "listening").await;
    let mut late = dial(&house).await;
    begin(&mut late, &second).await;
    assert_eq!(late.closed().await, TRY_AGAIN_LATER);
    assert_eq!(house.stands(&second).await["status"], "waiting");

    talking.say(stop()).await;
    talking.closed().await;
    let mut line = dial(&house).await;
    begin(&mut line, &second).await;
    speak(&mut line, &anna()).await;
    assert_eq!(house.ending(&second).await, "done accept");
    house.close().await;
}
