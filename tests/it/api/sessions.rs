//! Sessions, their tokens, and the tokens that pages use.

use callprint::store::Scope;
use callprint::types::Clip8k;
use reqwest::Method;
use serde_json::{Value, json};

use super::form::wav;
use crate::house::{House, fixture};

const BOTH: &[Scope] = &[Scope::Enroll, Scope::Verify];

/// The digits of a challenge in a voice that recorded each of them.
fn answer(voice: &str, challenge: &str) -> Vec<u8> {
    let mut samples = vec![0.0; 2_400];
    for digit in challenge.chars().filter(char::is_ascii_digit) {
        samples.extend_from_slice(fixture(&format!("{voice}_digit_{digit}")).samples());
    }
    samples.extend([0.0; 2_400]);
    callprint::audio::wav::encode_8k(&Clip8k::new(samples))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_answered_once_and_its_token_shown_once() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.enroll_user(&key, "hugo", "hugo").await;
    // Synthetic digits are misheard now and then: a user would try again, with another challenge.
    let mut accepted = None;
    for _ in 0..4 {
        let (status, session) = house.post_json("/start-auth", &key, json!({ "user_id": "hugo" })).await;
        assert_eq!(status, 200, "{session}");
        let id = session["session_id"].as_str().unwrap().to_owned();
        let said = answer("hugo", session["challenge"].as_str().unwrap());
        let fields = [("session_id", &id[..]), ("user_id", "hugo")];
        let (_, body) = house.upload("/verify-voice", &key, &fields, &said).await;
        let (status, again) = house.upload("/verify-voice", &key, &fields, &said).await;
        assert_eq!((status, &again["error"]), (410, &json!("session_used")));
        if body["success"] == json!(true) {
            accepted = Some(body);
            break;
        }
    }
    let body = accepted.expect("no challenge of four was passed");
    assert_eq!((&body["decision"], &body["user_id"]), (&json!("accept"), &json!("hugo")));
    let shown = json!({ "token": body["voiceToken"] });
    let theirs = house.api_key("acme", BOTH).await;
    assert_eq!(house.post_json("/verify-token", &theirs, shown.clone()).await.0, 401, "another tenant's");
    let (status, told) = house.post_json("/verify-token", &key, shown.clone()).await;
    assert_eq!((status, &told["valid"], &told["user_id"]), (200, &json!(true), &json!("hugo")));
    assert!(told["iat"].is_i64());
    let house = house.restarted().await;
    let (status, told) = house.post_json("/verify-token", &key, shown).await;
    assert_eq!((status, &told["valid"], &told["error"]), (401, &json!(false), &json!("token_used")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_voice_the_passphrase_and_a_late_answer_pass_no_session() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.enroll_user(&key, "hugo", "hugo").await;
    let start = async || {
        let session = house.post_json("/start-auth", &key, json!({ "user_id": "hugo" })).await.1;
        (session["session_id"].as_str().unwrap().to_owned(), session["challenge"].as_str().unwrap().to_owned())
    };
    let (id, challenge) = start().await;
    let fields = [("session_id", &id[..]), ("user_id", "hugo")];
    let (status, body) = house.upload("/verify-voice", &key, &fields, &answer("dave", &challenge)).await;
    assert_eq!((status, &body["success"], body.get("voiceToken")), (200, &json!(false), None), "{body}");
    assert_eq!(body["reason"], "low_similarity", "{body}");
    let (id, _) = start().await;
    let fields = [("session_id", &id[..]), ("user_id", "hugo")];
    let (_, body) = house.upload("/verify-voice", &key, &fields, &wav("hugo_pass_4")).await;
    assert_eq!((&body["success"], &body["reason"]), (&json!(false), &json!("phrase_mismatch")), "{body}");
    let (id, challenge) = start().await;
    house.clock.advance_s(121);
    let fields = [("session_id", &id[..]), ("user_id", "hugo")];
    let (status, body) = house.upload("/verify-voice", &key, &fields, &answer("hugo", &challenge)).await;
    assert_eq!((status, &body["error"]), (410, &json!("session_expired")));
    house.enroll_user(&key, "dave", "dave").await;
    let (id, challenge) = start().await;
    let fields = [("session_id", &id[..]), ("user_id", "dave")];
    let (status, body) = house.upload("/verify-voice", &key, &fields, &answer("dave", &challenge)).await;
    assert_eq!((status, &body["error"]), (404, &json!("session_not_found")), "another user's session");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_voice_token_is_worth_nothing() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    let page = house.post_json("/v1/user-tokens", &key, json!({ "user_id": "anna" })).await.1;
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm5hIn0.";
    for token in ["", "x", "a.b.c", unsigned, page["token"].as_str().unwrap()] {
        let (status, body) = house.post_json("/verify-token", &key, json!({ "token": token })).await;
        assert_eq!((status, &body["valid"], &body["error"]), (401, &json!(false), &json!("token_invalid")), "{token}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pages_token_is_good_for_its_user_for_a_while_and_for_nothing_else() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    let (status, page) = house.post_json("/v1/user-tokens", &key, json!({ "user_id": "anna" })).await;
    assert_eq!(status, 201, "{page}");
    let token = page["token"].as_str().unwrap();
    house.enroll_user(token, "anna", "anna").await;
    let (_, body) = house.upload("/v1/voice/verify", token, &[("user_id", "anna")], &wav("anna_pass_4")).await;
    assert_eq!(body["decision"], "accept", "{body}");
    for (path, body) in [
        ("/create-profile", json!({ "user_id": "ben" })),
        ("/start-auth", json!({ "user_id": "ben" })),
        ("/v1/user-tokens", json!({ "user_id": "anna" })),
        ("/verify-token", json!({ "token": "x" })),
    ] {
        let (status, body) = house.post_json(path, token, body).await;
        assert_eq!((status, &body["error"]), (403, &json!("forbidden")), "{path}");
    }
    assert_eq!(house.request(Method::GET, "/v1/usage", token, &Value::Null).await.0, 403);
    let fields = [("user_id", "anna"), ("assured", "true")];
    assert_eq!(house.upload("/v1/voice/verify", token, &fields, &wav("anna_pass_5")).await.0, 403);
    let full = "/v1/voice/verify?detail=full";
    assert_eq!(house.upload(full, token, &fields[..1], &wav("anna_pass_5")).await.0, 403);
    house.clock.advance_s(901);
    let (status, _) = house.post_json("/create-profile", token, json!({ "user_id": "anna" })).await;
    assert_eq!(status, 401);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_to_try_things_with_are_given_only_where_the_operator_says_so_and_not_without_end() {
    let house = House::open().await;
    assert_eq!(house.post_json("/v1/keys/demo", "", Value::Null).await.0, 404);
    assert_eq!(house.post_json("/demo/token", "", json!({ "user_id": "anna" })).await.0, 404);
    house.close().await;
    let house = House::with("[api]\ndemo_keys = true\n").await;
    let (status, demo) = house.post_json("/v1/keys/demo", "", Value::Null).await;
    assert_eq!(status, 201, "{demo}");
    let key = demo["key"].as_str().unwrap().to_owned();
    house.enroll_user(&key, "anna", "anna").await;
    let (status, token) = house.post_json("/demo/token", "", json!({ "user_id": "anna" })).await;
    assert_eq!(status, 201, "{token}");
    let (status, body) = house
        .upload("/v1/voice/verify", token["token"].as_str().unwrap(), &[("user_id", "anna")], &wav("anna_pass_4"))
        .await;
    assert_eq!((status, &body["error"]), (404, &json!("profile_not_found")), "each demo is alone");
    let mut refused = None;
    for _ in 0..20 {
        let (status, body, retry_after) = house.request(Method::POST, "/v1/keys/demo", "", &Value::Null).await;
        if status == 429 {
            refused = Some((body["error"].clone(), retry_after.is_some()));
        }
    }
    assert_eq!(refused, Some((json!("rate_limited"), true)));
    house.clock.advance_s(24 * 60 * 60);
    assert_eq!(house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await.0, 401);
    house.close().await;
}
