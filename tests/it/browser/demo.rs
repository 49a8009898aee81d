//! The demo page, as a person uses it: with a mouse, with a keyboard, on a phone.

use serde_json::{Value, json};

use super::{Chromium, Desk, Microphone, SAME, likeness};
use crate::house::fixture;

const TAB: (&str, u32, &str) = ("Tab", 9, "");
const ENTER: (&str, u32, &str) = ("Enter", 13, "\r");
const SPACE: (&str, u32, &str) = (" ", 32, " ");
const RECORD: &str = "#enroll-recorder .record";
const SAID: &str = "#enroll-recorder .status";

fn profile(status: &str) -> (u16, Value) {
    (200, json!({ "user_id": "alice", "status": status }))
}

fn taken(takes: u32) -> (u16, Value) {
    let status = if takes == 3 { "enrolled" } else { "enrolling" };
    let progress = json!({ "takes": takes, "needed": 3, "remaining": 3 - takes, "accepted": 1 });
    let mut answer = json!({ "success": true, "user_id": "alice", "status": status });
    answer.as_object_mut().unwrap().extend(progress.as_object().unwrap().clone());
    (200, answer)
}

impl Desk {
    /// Gives a name, agrees, and starts.
    async fn sign_in(&mut self) {
        self.browser.click("#user").await;
        self.browser.type_in("alice").await;
        self.browser.click("#consent").await;
        self.browser.click("#who-form button").await;
    }

    /// Signs in as somebody who is enrolled.
    async fn sign_in_enrolled(&mut self) {
        self.api.answers([profile("enrolled")]);
        self.sign_in().await;
        self.browser.until("!document.querySelector('#verify').hidden").await;
    }
}

#[tokio::test]
async fn a_visitor_enrolls_with_three_takes_and_is_verified_by_passphrase_and_by_challenge() {
    let mut desk = Desk::at_demo().await;
    desk.api.answers([profile("created"), taken(1)]);
    desk.sign_in().await;
    desk.browser.until("document.activeElement.id === 'enroll-title'").await;

    desk.browser.hears(&fixture("anna_pass_1"));
    desk.browser.click(RECORD).await;
    desk.browser.until_said(SAID, "2 more times").await;
    desk.api.answers([(422, json!({ "error": "too_short", "message": "…" }))]);
    desk.browser.click(RECORD).await;
    desk.browser.until_said(SAID, "say the whole sentence").await;
    desk.browser.hears(&fixture("anna_pass_2"));
    desk.api.answers([taken(2), taken(3)]);
    desk.browser.click(RECORD).await;
    assert!(desk.browser.until_said(SAID, "Once more").await.starts_with("Good."));
    let takes = "[...document.querySelectorAll('#takes li')].map((take) => take.getAttribute('aria-label') ?? take.textContent)";
    assert_eq!(desk.browser.eval(takes).await, json!(["Take 1: accepted", "Take 2: accepted", "Take 3"]));
    desk.browser.hears(&fixture("anna_pass_3"));
    desk.browser.click(RECORD).await;
    desk.browser.until("document.activeElement.id === 'verify-title'").await;

    desk.browser.hears(&fixture("anna_pass_4"));
    let signals = json!({ "voice": "high", "phrase": "high", "liveness": "medium" });
    desk.api.answers([(200, json!({ "decision": "accept", "confidence": 0.95, "signals": signals }))]);
    desk.browser.click("#verify-recorder .record").await;
    let verdict = desk.browser.until_said("#verdict", "Accepted").await;
    assert!(verdict.contains("It is you.") && verdict.contains("livenessmedium"), "{verdict}");
    assert!(desk.browser.eval("document.querySelector('#answer-json').textContent").await.to_string().contains("0.95"));

    desk.browser.click("input[value=challenge]").await;
    assert_eq!(desk.browser.eval("document.querySelector('#verdict').textContent").await, "");
    desk.browser.hears(&fixture("dave_digits_1"));
    let rejected =
        json!({ "success": false, "decision": "reject", "code": "voice_rejected", "reason": "low_similarity" });
    desk.api.answers([
        (200, json!({ "session_id": "s1", "challenge": "4 8 2, 9 1 6", "expiresAt": "2026-01-01T00:00:00Z" })),
        (200, rejected),
    ]);
    desk.browser.click("#verify-recorder .record").await;
    desk.browser.until_said("#to-say", "4 8 2, 9 1 6").await;
    let verdict = desk.browser.until_said("#verdict", "Rejected").await;
    assert!(verdict.contains("The voice is not the one that was enrolled."), "{verdict}");
    desk.browser.until_said("#to-say", "Press Record").await;

    let sent = desk.api.sent();
    let said = ["anna_pass_1", "anna_pass_1", "anna_pass_2", "anna_pass_3", "anna_pass_4", "dave_digits_1"];
    let uploads = sent.iter().filter_map(|sent| sent.audio.as_ref());
    assert_eq!(uploads.clone().count(), said.len());
    for (upload, name) in uploads.zip(said) {
        let alike = likeness(&fixture(name), upload);
        assert!(alike > SAME, "{name}: {alike}");
    }
    assert!(sent.iter().all(|sent| sent.headers["authorization"] == "Bearer token-of-alice"));
    // What the browser logs of the answer 422 is all there is: nothing that the page's policy forbids.
    let complaints = desk.browser.complaints().await;
    assert!(complaints.len() == 1 && complaints[0].contains("422"), "{complaints:#?}");
    desk.close().await;
}

#[tokio::test]
async fn it_can_be_used_with_the_keyboard_alone() {
    let mut desk = Desk::at_demo().await;
    desk.browser.eval("document.querySelector('#main').focus(); 0").await;
    desk.browser.press(TAB).await;
    desk.browser.press(ENTER).await;
    desk.browser.until_said("#who-error", "give a name").await;
    assert_eq!(desk.browser.eval("document.activeElement.id").await, "user");
    desk.browser.type_in("alice").await;
    desk.browser.press(ENTER).await;
    desk.browser.until_said("#who-error", "agreement").await;
    assert_eq!(desk.browser.eval("document.activeElement.id").await, "consent");
    desk.browser.press(SPACE).await;
    desk.browser.press(TAB).await;
    desk.api.answers([profile("created")]);
    desk.browser.press(ENTER).await;
    desk.browser.until("document.activeElement.id === 'enroll-title'").await;
    desk.browser.press(TAB).await;
    desk.browser.press(SPACE).await;
    desk.browser.until_said(SAID, "speak now").await;
    desk.browser.press(("Escape", 27, "")).await;
    desk.browser.until_said(SAID, "Cancelled").await;
    assert_eq!(desk.browser.eval("document.activeElement.matches('#enroll-recorder .record')").await, true);
    assert_eq!(desk.browser.eval("document.activeElement.textContent").await, "Record");
    desk.close().await;
}

#[tokio::test]
async fn who_is_enrolled_already_is_taken_to_verification_and_told_how_long_a_cooldown_lasts() {
    let mut desk = Desk::at_demo().await;
    desk.sign_in_enrolled().await;
    assert_eq!(desk.browser.eval("document.querySelector('#enroll').hidden").await, true);
    desk.browser.hears(&fixture("anna_pass_1"));
    desk.api.answers([(429, json!({ "decision": "cooldown", "reason": "cooldown", "retryAfterMs": 180_000 }))]);
    desk.browser.click("#verify-recorder .record").await;
    let verdict = desk.browser.until_said("#verdict", "Please wait").await;
    assert!(verdict.contains("in 3 minutes"), "{verdict}");
    desk.close().await;
}

#[tokio::test]
async fn a_server_without_the_demo_says_how_to_switch_it_on() {
    let mut desk = Desk::set_up().await;
    // The house itself: `demo_keys` is off unless the operator says so.
    let address = format!("{}/demo", desk.house.base);
    desk.browser.open(&address).await;
    desk.sign_in().await;
    desk.browser.until("document.activeElement.id === 'switched-off-title'").await;
    let text = desk.browser.eval("document.querySelector('main').innerText").await;
    assert!(text.as_str().unwrap().contains("[api]\ndemo_keys = true"), "{text}");
    assert!(!text.as_str().unwrap().contains("Who are you"), "{text}");
    desk.close().await;
}

#[tokio::test]
async fn a_blocked_microphone_is_explained_and_recording_can_be_tried_again() {
    let mut desk = Desk::set_up().await;
    desk.browser = Chromium::start(Microphone::Denied).await;
    let address = format!("{}/demo", desk.api.base);
    desk.browser.open(&address).await;
    desk.api.answers([profile("created")]);
    desk.sign_in().await;
    desk.browser.until("!document.querySelector('#enroll').hidden").await;
    desk.browser.click(RECORD).await;
    let said = desk.browser.until_said(SAID, "microphone is blocked").await;
    assert!(said.contains("allow the microphone"), "{said}");
    desk.browser.until(&format!("document.querySelector('{RECORD}').ariaDisabled === 'false'")).await;
    desk.close().await;
}

#[tokio::test]
async fn a_script_that_somebody_smuggled_into_the_page_does_not_run() {
    let mut desk = Desk::at_demo().await;
    let smuggled = "new Promise((done) => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => done(effectiveDirective));
        const script = document.createElement('script');
        script.textContent = 'globalThis.smuggled = true';
        document.body.append(script); })";
    assert_eq!(desk.browser.eval(smuggled).await, "script-src-elem");
    assert_eq!(desk.browser.eval("globalThis.smuggled === undefined").await, true);
    desk.close().await;
}

/// Every text's contrast with what is behind it, where below 4.5; every control without a name or smaller than a
/// finger; and how far the page is wider than the window.
const FLAWS: &str = "(() => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => numbers(colour).slice(0, 3).map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return numbers(colour)[3] === 0 && element.parentElement ? behind(element.parentElement) : colour; };
    const flaws = [];
    for (const element of document.body.querySelectorAll('*')) {
        if (!element.checkVisibility() || element.closest('.skip')) continue;
        const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
        if (isText) {
            const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) flaws.push(`${element.outerHTML}: contrast ${contrast}`);
        }
        if (element.matches('input:not([type=text])') && !element.labels.length) flaws.push(`${element.outerHTML}: no label`);
        if (element.matches('button') && element.getBoundingClientRect().height < 44) flaws.push(`${element.outerHTML}: small`);
    }
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) flaws.push(`${wide} px too wide`);
    return flaws; })()";

#[tokio::test]
async fn it_fits_a_phone_and_a_desk_and_can_be_read_in_light_and_dark() {
    let mut desk = Desk::at_demo().await;
    desk.browser.hears(&fixture("anna_pass_1"));
    desk.sign_in_enrolled().await;
    let signals = json!({ "voice": "low", "phrase": "high", "liveness": "medium" });
    desk.api.answers([(200, json!({ "decision": "reject", "reason": "voice_mismatch", "signals": signals }))]);
    desk.browser.click("#verify-recorder .record").await;
    desk.browser.until_said("#verdict", "Rejected").await;
    desk.browser.eval("for (const part of document.querySelectorAll('main > section')) part.hidden = false; 0").await;
    for (width, height) in [(360, 740), (1280, 800)] {
        for scheme in ["light", "dark"] {
            desk.browser.look(width, height, scheme).await;
            desk.browser.picture(&format!("demo-{width}-{scheme}")).await;
            assert_eq!(desk.browser.eval(FLAWS).await, json!([]), "{width} {scheme}");
        }
    }
    desk.close().await;
}
