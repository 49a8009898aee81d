//! What the SDK sends, and what it makes of the answers.

use serde_json::{Value, json};

use super::{Chromium, Desk, Microphone};

/// A second of a tone as an `ArrayBuffer`: the SDK does not care what it sends.
const TONE: &str = "(await VoiceAuthorize.toWav(Float32Array.from({ length: 16000 }, (_, n) => Math.sin(n / 5) / 4), 16000).arrayBuffer())";

impl Desk {
    /// Runs statements in the page; an error becomes what can be told of it.
    async fn run(&mut self, statements: &str) -> Value {
        self.browser
            .eval(&format!(
                "(async () => {{ {statements} }})().catch((error) => ({{
                    name: error.name, code: error.code, message: error.message, status: error.status,
                    retryAfterMs: error.retryAfterMs, scope: error.scope }}))"
            ))
            .await
    }
}

#[tokio::test]
async fn every_call_sends_what_the_api_wants_and_gives_its_answer() {
    let mut desk = Desk::at_demo().await;
    let proof = json!({ "success": true, "decision": "accept", "voiceToken": "eyJ", "user_id": "alice" });
    let verdict = json!({ "decision": "reject", "confidence": 0.41, "reason": "voice_mismatch" });
    let session = json!({ "session_id": "s1", "challenge": "4 7 2, 9 1 3", "expiresAt": "2026-01-01T00:00:00Z" });
    desk.api.answers([
        (201, json!({ "user_id": "alice", "status": "created" })),
        (200, json!({ "success": true, "remaining": 2 })),
        (200, session.clone()),
        (200, proof.clone()),
        (200, verdict.clone()),
    ]);
    let told = desk
        .run(&format!(
            "VoiceAuthorize.init({{ token: 'abc' }});
             const [user_id, audio] = ['alice', {TONE}];
             return [await VoiceAuthorize.createProfile({{ user_id }}),
                 await VoiceAuthorize.enroll({{ user_id, audio }}),
                 await VoiceAuthorize.startAuth({{ user_id }}),
                 await VoiceAuthorize.sendVoice({{ user_id, session_id: 's1', audio: new Uint8Array(audio) }}),
                 await VoiceAuthorize.verify({{ user_id, phrase: 'never forget', audio: new File([audio], 'a.wav') }})];"
        ))
        .await;
    assert_eq!(told[0]["status"], "created");
    assert_eq!(told[1]["remaining"], 2);
    assert_eq!((&told[2], &told[3], &told[4]), (&session, &proof, &verdict));

    let sent = desk.api.sent();
    let paths: Vec<_> = sent.iter().map(|sent| sent.path.as_str()).collect();
    assert_eq!(paths, ["/create-profile", "/enroll", "/start-auth", "/verify-voice", "/v1/voice/verify"]);
    for request in &sent {
        assert_eq!(request.headers["authorization"], "Bearer abc");
        assert!(request.headers.get("cookie").is_none() && request.headers.get("x-api-key").is_none());
        assert_eq!(request.fields["user_id"], "alice");
        let is_upload = !["/create-profile", "/start-auth"].contains(&request.path.as_str());
        assert_eq!(request.audio.as_ref().map(|clip| clip.samples().len()), is_upload.then_some(16_000));
    }
    assert_eq!((sent[3].fields["session_id"].as_str(), sent[4].fields["phrase"].as_str()), ("s1", "never forget"));
    assert_eq!(sent[1].fields.len(), 1, "{:?}", sent[1].fields);
    desk.close().await;
}

#[tokio::test]
async fn errors_carry_code_status_and_when_to_try_again_and_decisions_are_answers() {
    let mut desk = Desk::at_demo().await;
    let cooldown = json!({ "decision": "cooldown", "reason": "cooldown", "retryAfterMs": 3000 });
    desk.api.answers([
        (429, json!({ "error": "rate_limited", "message": "slow down", "retryAfterMs": 42000, "scope": "minute" })),
        (422, json!({ "error": "too_short", "message": "say the whole sentence" })),
        (429, cooldown.clone()),
        (200, json!({ "success": false, "decision": "reject", "code": "voice_rejected", "reason": "low_similarity" })),
    ]);
    let verify = format!("VoiceAuthorize.init({{ token: 'abc' }}); const audio = {TONE}; const user_id = 'alice';");
    let limited = desk.run(&format!("{verify} return await VoiceAuthorize.verify({{ user_id, audio }});")).await;
    let expected = json!({ "name": "VoiceAuthorizeError", "code": "rate_limited", "message": "slow down",
        "status": 429, "retryAfterMs": 42000, "scope": "minute" });
    assert_eq!(limited, expected);
    let short = desk.run(&format!("{verify} return await VoiceAuthorize.enroll({{ user_id, audio }});")).await;
    assert_eq!((&short["code"], &short["status"]), (&json!("too_short"), &json!(422)));
    assert_eq!(
        desk.run(&format!("{verify} return await VoiceAuthorize.verify({{ user_id, audio }});")).await,
        cooldown
    );
    let rejected = format!("{verify} return await VoiceAuthorize.sendVoice({{ user_id, session_id: 's', audio }});");
    assert_eq!(desk.run(&rejected).await["reason"], "low_similarity");
    desk.close().await;
}

#[tokio::test]
async fn what_cannot_be_sent_or_read_is_said_at_once() {
    let mut desk = Desk::at_demo().await;
    for (statements, code) in [
        ("VoiceAuthorize.init({});", "bad_options"),
        ("VoiceAuthorize.init({ token: 'a', apiKey: 'b' });", "bad_options"),
        ("VoiceAuthorize.init({ token: 'a' }); await VoiceAuthorize.createProfile({ user_id: '' });", "bad_options"),
        (
            "VoiceAuthorize.init({ token: 'a' }); await VoiceAuthorize.enroll({ user_id: 'a', audio: 'x' });",
            "bad_options",
        ),
        ("VoiceAuthorize.init({ getToken: () => '' }); await VoiceAuthorize.startAuth({ user_id: 'a' });", "no_token"),
        // A page, and no JSON.
        (
            "VoiceAuthorize.init({ token: 'a', baseUrl: '/nowhere' }); await VoiceAuthorize.startAuth({ user_id: 'a' });",
            "unexpected_answer",
        ),
        // Not allowed by the page's policy: as any server that cannot be reached.
        (
            "VoiceAuthorize.init({ token: 'a', baseUrl: 'http://127.0.0.1:1' }); await VoiceAuthorize.startAuth({ user_id: 'a' });",
            "network",
        ),
    ] {
        assert_eq!(desk.run(statements).await["code"], code, "{statements}");
    }
    assert!(desk.api.sent().is_empty());
    desk.close().await;
}

#[tokio::test]
async fn a_token_is_asked_for_once_a_user_and_again_when_it_has_expired() {
    let mut desk = Desk::at_demo().await;
    let known = json!({ "user_id": "alice", "status": "enrolling" });
    let expired = json!({ "error": "unauthorized", "message": "the token has expired" });
    desk.api.answers(
        [200, 200, 200, 401, 200, 401, 401]
            .map(|status| (status, if status == 200 { known.clone() } else { expired.clone() })),
    );
    let told = desk
        .run(
            "let given = 0;
             const expiresAt = new Date(Date.now() + 3600e3).toISOString();
             const soon = new Date(Date.now() + 1e3).toISOString();
             const getToken = async ({ user_id }) => {
                 given += 1;
                 return { token: `${user_id}-${given}`, expiresAt: user_id === 'bob' ? soon : expiresAt };
             };
             VoiceAuthorize.init({ getToken });
             await VoiceAuthorize.createProfile({ user_id: 'alice' });
             await VoiceAuthorize.createProfile({ user_id: 'bob' });
             await VoiceAuthorize.createProfile({ user_id: 'bob' });
             await VoiceAuthorize.createProfile({ user_id: 'alice' });
             return await VoiceAuthorize.createProfile({ user_id: 'alice' });",
        )
        .await;
    assert_eq!((&told["code"], &told["status"]), (&json!("unauthorized"), &json!(401)));
    let shown: Vec<_> = desk
        .api
        .sent()
        .iter()
        .map(|sent| sent.headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ").to_owned())
        .collect();
    assert_eq!(shown, ["alice-1", "bob-2", "bob-3", "alice-1", "alice-4", "alice-4", "alice-5"]);
    desk.close().await;
}

#[tokio::test]
async fn a_page_that_holds_an_api_key_is_warned_on_its_console() {
    let mut desk = Desk::at_demo().await;
    desk.run("VoiceAuthorize.init({ token: 'eyJhbGciOi' });").await;
    assert_eq!(desk.browser.complaints().await, [""; 0]);
    desk.run("VoiceAuthorize.init({ apiKey: 'cpk_1234' });").await;
    let complaints = desk.browser.complaints().await;
    assert!(complaints.len() == 1 && complaints[0].contains("user-tokens"), "{complaints:?}");
    assert!(!complaints[0].contains("cpk_1234"), "{complaints:?}");
    desk.close().await;
}

#[tokio::test]
async fn a_refused_microphone_is_told_from_a_missing_one() {
    let mut desk = Desk::set_up().await;
    desk.browser = Chromium::start(Microphone::Denied).await;
    desk.browser.open(&format!("{}/demo", desk.api.base)).await;
    assert_eq!(desk.run("await VoiceAuthorize.record();").await["code"], "microphone_denied");
    let missing =
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); };
        await VoiceAuthorize.record();";
    assert_eq!(desk.run(missing).await["code"], "microphone_missing");
    desk.close().await;
}
