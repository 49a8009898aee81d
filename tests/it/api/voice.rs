use callprint::store::{AttemptFilter, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use super::form::wav;
use crate::house::House;

const BOTH: &[Scope] = &[Scope::Enroll, Scope::Verify];
const EVERYTHING: &[Scope] = &[Scope::Enroll, Scope::Verify, Scope::Scores];

impl House {
    async fn verify(&self, key: &str, user: &str, take: &str) -> (u16, Value) {
        self.upload("/v1/voice/verify", key, &[("user_id", user)], &wav(take)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_enrolls_with_three_takes_and_is_told_what_is_missing() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    let profile = json!({ "user_id": "anna" });
    assert_eq!(
        house.post_json("/create-profile", &key, profile.clone()).await,
        (201, json!({ "user_id": "anna", "status": "created" }))
    );
    for (take, status, remaining) in [(1, "enrolling", 2), (2, "enrolling", 1), (3, "enrolled", 0)] {
        let (code, body) =
            house.upload("/enroll", &key, &[("user_id", "anna")], &wav(&format!("anna_pass_{take}"))).await;
        let expected = json!({
            "success": true, "user_id": "anna", "status": status, "takes": take, "needed": 3,
            "remaining": remaining, "accepted": 1,
        });
        assert_eq!((code, body), (200, expected));
    }
    assert_eq!(
        house.post_json("/create-profile", &key, profile).await,
        (200, json!({ "user_id": "anna", "status": "enrolled" }))
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_accepted_and_others_and_other_words_and_recordings_are_not() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.enroll_user(&key, "anna", "anna").await;
    let (status, body) = house.verify(&key, "anna", "anna_pass_4").await;
    assert_eq!((status, &body["decision"], &body["learning_progress"]), (200, &json!("accept"), &json!(0.0)), "{body}");
    assert!(body["confidence"].as_f64().is_some_and(|it| it >= 0.8), "{body}");
    for signal in ["voice", "phrase", "liveness"] {
        assert!(body["signals"][signal] == "high" || body["signals"][signal] == "medium", "{body}");
    }
    for (take, reason) in [
        ("ben_pass_1", "voice_mismatch"),
        ("anna_other_1", "phrase_mismatch"),
        ("anna_pass_4", "replay_suspected"),
        ("anna_pass_1", "replay_suspected"),
    ] {
        let (status, body) = house.verify(&key, "anna", take).await;
        assert_eq!((status, &body["reason"]), (200, &json!(reason)), "{take}: {body}");
        assert!(body["decision"] == "reject" || body["decision"] == "retry", "{take}: {body}");
        assert_eq!((body.get("signals"), body.get("scores")), (None, None), "{take} is told too much: {body}");
    }
    let usage = house.request(Method::GET, "/v1/usage", &key, &Value::Null).await.1;
    assert_eq!(usage["decisions"]["accept"], 1, "{usage}");
    assert_eq!(usage["reasons"]["replay_suspected"], 2, "{usage}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_mismatches_lead_to_a_cooldown_that_even_the_owner_waits_for() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.enroll_user(&key, "anna", "anna").await;
    for take in ["ben_pass_1", "ben_pass_2", "ben_pass_3", "ben_pass_4", "ben_pass_5"] {
        assert_ne!(house.verify(&key, "anna", take).await.1["decision"], "accept");
    }
    let (status, body) = house.verify(&key, "anna", "anna_pass_4").await;
    assert_eq!((status, &body["decision"], &body["reason"]), (429, &json!("cooldown"), &json!("cooldown")), "{body}");
    assert!(body["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0) && body.get("confidence").is_none(), "{body}");
    let house = house.restarted().await;
    house.clock.advance_s(901);
    let (_, body) = house.verify(&key, "anna", "anna_pass_5").await;
    assert_eq!(body["decision"], "accept", "{body}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_are_shown_in_full_detail_only_to_a_key_that_may_see_them() {
    let house = House::open().await;
    let (key, seeing) = (house.api_key("main", BOTH).await, house.api_key("main", EVERYTHING).await);
    house.enroll_user(&key, "anna", "anna").await;
    let full = "/v1/voice/verify?detail=full";
    let fields = [("user_id", "anna")];
    let (status, body) = house.upload(full, &key, &fields, &wav("anna_pass_4")).await;
    assert_eq!((status, &body["error"]), (403, &json!("forbidden")), "{body}");
    let (_, body) = house.upload(full, &seeing, &fields, &wav("anna_pass_4")).await;
    assert_eq!((&body["decision"], &body["spoof"]["replay"]), (&json!("accept"), &json!("fresh")), "{body}");
    assert!(body["scores"]["voice"].as_f64() >= body["thresholds"]["voice"].as_f64(), "{body}");
    assert_eq!((&body["retries"]["allowed"], &body["insights"]), (&json!(5), &json!([])), "{body}");
    let (_, body) = house.upload(full, &seeing, &fields, &wav("ben_pass_1")).await;
    assert!(body["insights"][0].as_str().is_some_and(|text| text.starts_with("voice was short by")), "{body}");
    let (status, body) = house.upload("/v1/voice/verify?detail=all", &seeing, &fields, &wav("ben_pass_1")).await;
    assert_eq!((status, &body["error"]), (422, &json!("invalid_request")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_ever_meets_the_users_of_another_tenant() {
    let house = House::open().await;
    let (ours, theirs) = (house.api_key("main", BOTH).await, house.api_key("acme", BOTH).await);
    house.enroll_user(&ours, "anna", "anna").await;
    let unknown = json!({ "error": "profile_not_found", "message": "User must enroll before verification" });
    assert_eq!(house.verify(&theirs, "anna", "anna_pass_4").await, (404, unknown.clone()));
    assert_eq!(house.post_json("/start-auth", &theirs, json!({ "user_id": "anna" })).await, (404, unknown.clone()));
    // The same id is another user there.
    house.enroll_user(&theirs, "anna", "ben").await;
    assert_eq!(house.verify(&theirs, "anna", "ben_pass_4").await.1["decision"], "accept");
    assert_ne!(house.verify(&ours, "anna", "ben_pass_5").await.1["decision"], "accept");
    // Not even by the way it is kept.
    let smuggled = house.post_json("/create-profile", &ours, json!({ "user_id": "acme\u{1f}anna" })).await;
    assert_eq!((smuggled.0, &smuggled.1["error"]), (422, &json!("invalid_user_id")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voiceprint_is_replaced_only_with_the_users_own_code() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.enroll_user(&key, "anna", "anna").await;
    house.enroll_user(&key, "carla", "carla").await;
    let ben = wav("ben_pass_1");
    let (status, body) = house.upload("/enroll", &key, &[("user_id", "anna")], &ben).await;
    assert_eq!((status, &body["error"]), (409, &json!("already_enrolled")));
    let code = async |user: &str| {
        let who = callprint::store::CallerRef::parse(&format!("user:{user}"));
        let ttl = std::time::Duration::from_mins(5);
        house.store.new_enrollment_code(Some(&who), ttl, house.clock.now()).await.unwrap().digits
    };
    let carlas = code("carla").await;
    for wrong in ["00000000", &carlas] {
        let (status, body) = house.upload("/enroll", &key, &[("user_id", "anna"), ("code", wrong)], &ben).await;
        assert_eq!((status, &body["error"]), (403, &json!("code_invalid")));
    }
    let own = code("anna").await;
    for take in 1..=3 {
        let fields = [("user_id", "anna"), ("code", &own)];
        let (status, body) = house.upload("/enroll", &key, &fields, &wav(&format!("ben_pass_{take}"))).await;
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(house.verify(&key, "anna", "ben_pass_4").await.1["decision"], "accept");
    let (status, body) = house.upload("/enroll", &key, &[("user_id", "anna"), ("code", &own)], &ben).await;
    assert_eq!((status, &body["error"]), (403, &json!("code_invalid")), "a code is good once");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn takes_that_are_not_alike_begin_anew_and_a_repeated_one_is_refused() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await;
    let enroll = async |take: &str| house.upload("/enroll", &key, &[("user_id", "anna")], &wav(take)).await;
    assert_eq!(enroll("anna_pass_1").await.1["takes"], 1);
    let (status, body) = enroll("anna_pass_1").await;
    assert_eq!((status, &body["error"]), (422, &json!("replay_suspected")));
    assert_eq!(enroll("anna_pass_2").await.1["takes"], 2);
    let (status, body) = enroll("ben_pass_1").await;
    assert_eq!((status, &body["error"]), (422, &json!("takes_differ")));
    assert_eq!(enroll("anna_pass_3").await.1["takes"], 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_recording_with_the_sentence_three_times_is_enough() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await;
    let pause = vec![0.0; 8_000];
    let mut samples = Vec::new();
    for take in 1..=3 {
        samples.extend_from_slice(crate::house::fixture(&format!("anna_pass_{take}")).samples());
        samples.extend_from_slice(&pause);
    }
    let long = callprint::audio::wav::encode_8k(&callprint::types::Clip8k::new(samples));
    let (status, body) = house.upload("/enroll", &key, &[("user_id", "anna")], &long).await;
    assert_eq!((status, &body["status"], &body["accepted"]), (200, &json!("enrolled"), &json!(3)), "{body}");
    assert_eq!(house.verify(&key, "anna", "anna_pass_4").await.1["decision"], "accept");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_takes_at_once_are_both_counted() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await;
    let fields = [("user_id", "anna")];
    let takes = [wav("anna_pass_1"), wav("anna_pass_2"), wav("anna_pass_3")];
    let (a, b, c) = tokio::join!(
        house.upload("/enroll", &key, &fields, &takes[0]),
        house.upload("/enroll", &key, &fields, &takes[1]),
        house.upload("/enroll", &key, &fields, &takes[2]),
    );
    let mut counts: Vec<u64> = [a, b, c].iter().map(|(_, body)| body["takes"].as_u64().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 3]);
    assert_eq!(house.verify(&key, "anna", "anna_pass_4").await.1["decision"], "accept");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrollment_survives_a_power_cut_and_an_attempt_is_listed_beside_those_of_calls() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await;
    for take in 1..=2 {
        house.upload("/enroll", &key, &[("user_id", "anna")], &wav(&format!("anna_pass_{take}"))).await;
    }
    let house = house.killed().await;
    let (_, body) = house.upload("/enroll", &key, &[("user_id", "anna")], &wav("anna_pass_3")).await;
    assert_eq!(body["status"], "enrolled", "{body}");
    house.verify(&key, "anna", "anna_pass_4").await;
    let line = Some(callprint::types::LineName(callprint::store::UPLOADS.to_owned()));
    let filter = AttemptFilter { caller: None, line, since: None, limit: 10 };
    let attempts = house.store.attempts(filter).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert!(attempts[0].verdict.is_accept() && attempts[0].signals.is_some());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_nothing_is_kept() {
    let house = House::open().await;
    let key = house.api_key("main", BOTH).await;
    house.post_json("/create-profile", &key, json!({ "user_id": "anna", "consent": false })).await;
    let (status, body) = house.upload("/enroll", &key, &[("user_id", "anna")], &wav("anna_pass_1")).await;
    assert_eq!((status, &body["error"]), (403, &json!("no_consent")));
    house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await;
    house.upload("/enroll", &key, &[("user_id", "anna")], &wav("anna_pass_1")).await;
    let who = callprint::store::CallerRef::parse("user:anna");
    let caller = house.store.find_caller(&who).await.unwrap().unwrap();
    let out = callprint::dialog::Consent::OptedOut;
    house.store.set_consent(caller.id, out, house.clock.now()).await.unwrap();
    let (_, again) = house.post_json("/create-profile", &key, json!({ "user_id": "anna" })).await;
    assert_eq!(again["status"], "opted_out", "an application cannot consent for who has opted out");
    let (status, body) = house.upload("/enroll", &key, &[("user_id", "anna")], &wav("anna_pass_2")).await;
    assert_eq!((status, &body["error"]), (403, &json!("opted_out")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_of_the_applications_own_is_answered_once() {
    let house = House::open().await;
    let key = house.api_key("main", &Scope::ALL).await;
    house.enroll_user(&key, "anna", "anna").await;
    let (_, challenge) = house.post_json("/v1/challenges", &key, json!({ "form": "digits" })).await;
    let id = challenge["id"].as_str().unwrap_or_else(|| panic!("{challenge}"));
    let fields = [("user_id", "anna"), ("challenge_id", id)];
    let (_, body) = house.upload("/v1/voice/verify", &key, &fields, &wav("anna_pass_4")).await;
    assert_eq!(body["reason"], "phrase_mismatch", "the passphrase answers no challenge: {body}");
    let (status, body) = house.upload("/v1/voice/verify", &key, &fields, &wav("anna_pass_5")).await;
    assert_eq!((status, &body["error"]), (410, &json!("challenge_used")));
    let fields = [("user_id", "anna"), ("challenge_id", "none of ours")];
    let (status, body) = house.upload("/v1/voice/verify", &key, &fields, &wav("anna_pass_5")).await;
    assert_eq!((status, &body["error"]), (404, &json!("challenge_not_found")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_is_asked_of_a_voice_that_is_on_the_watch_list() {
    let house = House::open().await;
    let key = house.api_key("main", &Scope::ALL).await;
    house.enroll_user(&key, "anna", "anna").await;
    let full = "/v1/voice/verify?detail=full";
    let needed = async |take: &str| {
        let (_, body) = house.upload(full, &key, &[("user_id", "anna")], &wav(take)).await;
        body["thresholds"]["voice"].as_f64().unwrap_or_else(|| panic!("{body}"))
    };
    let before = needed("anna_pass_4").await;
    let (status, body) =
        house.upload("/v1/watch-list", &key, &[("label", "who called before")], &wav("ben_pass_1")).await;
    assert_eq!(status, 201, "{body}");
    assert!((needed("anna_pass_5").await - before).abs() < 1e-3, "somebody else's voice is watched");
    assert!((needed("ben_pass_2").await - before - 1.0).abs() < 1e-3);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voiceprint_follows_its_user_only_when_the_application_vouches_and_the_operator_lets_it() {
    let house = House::with("[verification]\nlearn = true\nreplay = false\n").await;
    let key = house.api_key("main", BOTH).await;
    house.enroll_user(&key, "anna", "anna").await;
    let learned = async || {
        let (_, body, _) = house.request(Method::GET, "/v1/user-learning/anna", &key, &Value::Null).await;
        (body["version"].as_u64().unwrap(), body["learning_progress"].as_f64().unwrap())
    };
    assert_eq!(house.verify(&key, "anna", "anna_pass_6").await.1["decision"], "accept");
    assert_eq!(learned().await, (0, 0.0), "nobody vouched");
    let fields = [("user_id", "anna"), ("assured", "true")];
    for (take, version, progress) in [("anna_pass_5", 1, 0.0), ("anna_pass_4", 2, 0.25)] {
        let (_, body) = house.upload("/v1/voice/verify", &key, &fields, &wav(take)).await;
        assert_eq!(body["decision"], "accept", "{body}");
        assert_eq!(learned().await, (version, progress));
        house.clock.advance_s(24 * 60 * 60);
    }
    let verify_only = house.api_key("main", &[Scope::Verify]).await;
    let (status, body) = house.upload("/v1/voice/verify", &verify_only, &fields, &wav("anna_pass_4")).await;
    assert_eq!((status, &body["error"]), (403, &json!("forbidden")));
    house.close().await;
}
