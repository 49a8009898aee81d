//! What comes of takes that were heard as they should be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::line::{silence, spoken};
use super::{ACTION, House};

#[tokio::test(flavor = "multi_thread")]
async fn a_known_voice_is_accepted_by_stream() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    assert!(line.begin(&invited).await);
    assert_eq!(line.speak_take("anna_pass_5").await, Some(1000));
    let answer = house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"], "{answer:?}");
    assert_eq!(house.store.pending_deletions().await.unwrap(), 0, "there is no recording");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_voice_is_refused_by_stream_and_asked_again_as_a_stream() {
    let house = House::streaming_with("[verification]\nask_again_within = 1000.0\n").await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    assert_eq!(line.speak_take("ben_pass_4").await, Some(1000));
    let answer = house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "retry voice_mismatch"]);
    assert!(answer.body.contains("<Connect"), "{answer:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tone_and_a_mark_come_first_and_speaking_over_them_clears_what_is_left() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    let tone = line.heard().await.unwrap();
    assert_eq!((&tone["event"], &tone["streamSid"]), (&json!("media"), &json!("MZ0123456789abcdef0123456789abcdef")));
    assert_eq!(line.heard().await.unwrap()["event"], "mark");
    line.speak(&spoken("anna_pass_5")).await;
    assert_eq!(line.heard().await.unwrap()["event"], "clear");
    line.speak(&silence(2_000)).await;
    assert_eq!(line.closed().await, Some(1000));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_played_prompt_is_not_cleared() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    line.heard().await.unwrap();
    let mark = line.heard().await.unwrap();
    line.say(json!({ "event": "mark", "streamSid": mark["streamSid"], "mark": mark["mark"] })).await;
    line.speak(&[spoken("anna_pass_5"), silence(2_000)].concat()).await;
    assert_eq!(line.heard().await, None);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_says_nothing_is_asked_again() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    line.speak(&silence(7_000)).await;
    assert_eq!(line.closed().await, Some(1000));
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "retry no_speech"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn star_asks_again_without_judging_and_another_key_ends_the_take() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    line.speak(&spoken("ben_pass_4")).await;
    line.say(json!({ "event": "dtmf", "dtmf": { "track": "inbound_track", "digit": "*" } })).await;
    assert_eq!(line.closed().await, Some(1000));
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept"], "nothing was judged");

    let invited = house.invited(2).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    line.speak(&spoken("anna_pass_5")).await;
    line.say(json!({ "event": "dtmf", "dtmf": { "track": "inbound_track", "digit": "#" } })).await;
    assert_eq!(line.closed().await, Some(1000));
    house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_report_of_a_streams_end_gets_the_same_answer() {
    let house = House::streaming().await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    line.speak_take("anna_pass_5").await;
    let answer = house.stream_is_over(&invited).await;
    assert_eq!(house.post(ACTION, &invited.form).await.body, answer.body);
    assert_eq!(house.verdicts().await, ["accept", "accept"], "judged once");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_fails_is_replaced_by_a_recording_for_the_rest_of_the_call() {
    let house = House::streaming_with("[verification]\nask_again_within = 1000.0\n").await;
    let invited = house.invited(1).await;
    let fallback = house.post(ACTION, &invited.form).await;
    assert!(fallback.body.contains("<Record") && !fallback.body.contains("<Connect"), "{fallback:?}");
    assert_eq!(house.post(ACTION, &invited.form).await.body, fallback.body, "the same for a repeated webhook");
    let said = invited.form.clone().with("RecordingSid", house.recording("ben_pass_4"));
    let mut answer = house.post("/call/turn?n=2", &said).await;
    for poll in 1..40 {
        if !answer.body.contains("/call/wait") {
            break;
        }
        answer = house.post(&format!("/call/wait?n=2&poll={poll}"), &invited.form).await;
    }
    assert_eq!(house.verdicts().await, ["accept", "retry voice_mismatch"]);
    assert!(answer.body.contains("<Record"), "no second try with a stream in this call: {answer:?}");
    assert!(house.invited(2).await.token.len() > 20, "the next call is streamed again");
    house.recordings_deleted().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_own_prompt_is_played_into_the_stream_in_place_of_being_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let sound = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/audio/grace_other_1.wav");
    std::fs::write(file.path(), format!("verify_say = {{ sound = \"{sound}\", text = \"Say it now.\" }}")).unwrap();
    let house = House::streaming_with(&format!("[line]\nprompts = \"{}\"", file.path().display())).await;
    let invited = house.invited(1).await;
    let mut line = house.dial().await;
    line.begin(&invited).await;
    let prompt = line.heard().await.unwrap();
    let heard = STANDARD.decode(prompt["media"]["payload"].as_str().unwrap()).unwrap();
    assert_eq!(heard.len(), spoken("grace_other_1").len());
    assert_eq!(line.heard().await.unwrap()["event"], "media", "the tone");
    let mark = line.heard().await.unwrap();
    // While it is played nobody has to answer, however long it takes.
    line.speak(&silence(heard.len() / 8 + 4_000)).await;
    line.say(json!({ "event": "mark", "streamSid": mark["streamSid"], "mark": mark["mark"] })).await;
    line.speak_take("anna_pass_5").await;
    let answer = house.stream_is_over(&invited).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"], "{answer:?}");

    // Where there is no stream the text is read.
    let invited = house.invited(2).await;
    let fallback = house.post(ACTION, &invited.form).await;
    assert!(fallback.body.contains("Say it now.") && fallback.body.contains("<Record"), "{fallback:?}");
    house.close().await;
}
