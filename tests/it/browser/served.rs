//! All of it together: a browser, its microphone, the SDK, the real API and the real models.

use callprint::store::Scope;
use callprint::types::{Clip8k, Reason};
use serde_json::{Value, json};

use super::{Chromium, Microphone};
use crate::house::{House, fixture};

const RECORD: &str = "#enroll-recorder .record";
const SAID: &str = "#enroll-recorder .status";

/// The digits of a challenge in a voice that recorded each of them.
fn digits(voice: &str, challenge: &str) -> Clip8k {
    let quiet = [0.0; 2_400];
    let mut samples = quiet.to_vec();
    for digit in challenge.chars().filter(char::is_ascii_digit) {
        samples.extend_from_slice(fixture(&format!("{voice}_digit_{digit}")).samples());
    }
    samples.extend(quiet);
    Clip8k::new(samples)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_page_enrolls_a_voice_knows_it_again_and_refuses_another() {
    let house = House::with("[api]\ndemo_keys = true").await;
    let mut browser = Chromium::start(Microphone::Allowed).await;
    browser.open(&format!("{}/demo", house.base)).await;
    browser.click("#user").await;
    browser.type_in("anna").await;
    browser.click("#consent").await;
    browser.click("#who-form button").await;
    browser.until("document.activeElement.id === 'enroll-title'").await;
    for (take, words) in [("anna_pass_1", "2 more times"), ("anna_pass_2", "Once more"), ("anna_pass_3", "is enrolled")]
    {
        browser.hears(&fixture(take));
        browser.click(RECORD).await;
        browser.until_said(SAID, words).await;
    }
    for (take, title, words) in [
        ("anna_pass_4", "Accepted", "It is you."),
        ("ben_pass_1", "Rejected", "The voice is not the one that was enrolled."),
        ("anna_pass_4", "Once more", "heard before"),
    ] {
        browser.hears(&fixture(take));
        browser.click("#verify-recorder .record").await;
        browser.until("document.querySelector('#verdict').textContent === ''").await;
        let verdict = browser.until_said("#verdict", title).await;
        assert!(verdict.contains(words), "{take}: {verdict}");
    }
    assert_eq!(browser.complaints().await, [""; 0]);
    drop(browser);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_a_user_token_answers_a_challenge_and_the_back_end_is_told_who_it_was() {
    let house = House::open().await;
    let key = house.api_key("main", &[Scope::Enroll, Scope::Verify]).await;
    house.enroll_user(&key, "hugo", "hugo").await;
    let (_, page) = house.post_json("/v1/user-tokens", &key, json!({ "user_id": "hugo" })).await;
    let mut browser = Chromium::start(Microphone::Allowed).await;
    browser.open(&format!("{}/demo", house.base)).await;
    browser.eval(&format!("VoiceAuthorize.init({{ token: {} }}); 0", page["token"])).await;
    // Synthetic digits are misheard now and then: a user would try again, with another challenge.
    let mut voice_token = Value::Null;
    for _ in 0..4 {
        let session = browser.eval("VoiceAuthorize.startAuth({ user_id: 'hugo' })").await;
        browser.hears(&digits("hugo", session["challenge"].as_str().unwrap()));
        let answer = format!(
            "(async () => VoiceAuthorize.sendVoice({{ user_id: 'hugo', session_id: {},
                audio: await VoiceAuthorize.record({{ silenceMs: 1400 }}) }}))()",
            session["session_id"]
        );
        let proof = browser.eval(&answer).await;
        if proof["success"] == true {
            voice_token = proof["voiceToken"].clone();
            break;
        }
    }
    let (status, told) = house.post_json("/verify-token", &key, json!({ "token": voice_token })).await;
    assert_eq!((status, &told["valid"], &told["user_id"]), (200, &json!(true), &json!("hugo")), "{told}");

    let other = "VoiceAuthorize.createProfile({ user_id: 'ben' }).catch(({ code, status }) => [code, status])";
    assert_eq!(browser.eval(other).await, json!(["forbidden", 403]));
    drop(browser);
    house.close().await;
}

#[tokio::test]
async fn the_page_has_words_for_every_reason_there_is() {
    let house = House::open().await;
    let mut browser = Chromium::start(Microphone::Allowed).await;
    browser.open(&format!("{}/demo", house.base)).await;
    let codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    let unspoken = format!(
        "import(new URL('demo/words.js', location)).then(({{ inWords }}) => {codes:?}.filter((code) => inWords(code, '') === ''))"
    );
    assert_eq!(browser.eval(&unspoken).await, json!([]));
    drop(browser);
    house.close().await;
}
