//! What goes wrong in the middle of a call: restarts, duplicates, two calls at once, a store or provider that is gone.

use callprint::phone::{Lag, Script, Trouble, Verb};
use callprint::twilio::Form;
use callprint::types::CallSid;

use crate::house::{House, LINE, enrollment, pressed, saying};
use crate::wire::Answer;

const ANNA: &str = "+15550101";

fn sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

impl House {
    /// A house with these settings in which Anna is enrolled.
    async fn known(own: &str) -> Self {
        Self::knowing(own, "anna", ANNA, "", LINE).await
    }

    /// Call `n` of an enrolled caller, up to the point where the passphrase is to be said: turn 2 takes it.
    async fn up_to_the_passphrase(&self, n: u32) -> Form {
        let form = self.form(n, ANNA);
        self.post("/incoming_call", &form).await;
        let listening = self.post("/call/turn?n=1&silent=1", &form).await;
        assert!(listening.document().verbs.iter().any(|verb| matches!(verb, Verb::Record(_))), "{listening:?}");
        form
    }

    /// Says a take in turn 2 of a call and waits for what comes of it.
    async fn say_in_turn_2(&self, form: &Form, take: &str) -> Answer {
        let said = form.clone().with("RecordingSid", self.recording(take));
        let first = self.post("/call/turn?n=2", &said).await;
        self.waited(form, first).await
    }

    /// Polls turn 2 until it is answered.
    async fn waited(&self, form: &Form, first: Answer) -> Answer {
        let mut answer = first;
        for poll in 1..40 {
            if !is_holding(&answer) {
                return answer;
            }
            answer = self.post(&format!("/call/wait?n=2&poll={poll}"), form).await;
        }
        panic!("the caller is asked to hold for ever");
    }
}

fn is_holding(answer: &Answer) -> bool {
    let verbs = answer.document().verbs;
    matches!(verbs.last(), Some(Verb::Redirect { .. }))
        && !verbs.iter().any(|verb| matches!(verb, Verb::Record(_) | Verb::Gather(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_where_it_was_after_the_server_was_restarted() {
    let house = House::known("").await;
    let form = house.up_to_the_passphrase(1).await;
    let house = house.restarted().await;
    let answer = house.say_in_turn_2(&form, "anna_pass_5").await;
    assert_eq!(house.verdicts().await, ["accept", "accept"], "{answer:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_its_time_is_asked_for_anew() {
    let house = House::with("[line]\nchallenge = \"always\"\n").await;
    house.enroll(ANNA, "hugo").await;
    let form = house.up_to_the_passphrase(1).await;
    house.clock.advance_s(61);
    let answer = house.say_in_turn_2(&form, "hugo_digits_1").await;
    assert_eq!(house.verdicts().await.last().unwrap(), "retry challenge_expired", "{answer:?}");
    let asks = |answer: &Answer| answer.document().verbs.iter().any(|verb| matches!(verb, Verb::Record(_)));
    assert!(asks(&answer) && !answer.is_apology(), "another challenge: {answer:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_whose_server_died_is_judged_by_the_next_one() {
    let house = House::known("").await;
    let form = house.up_to_the_passphrase(1).await;
    house.recordings.set_trouble(Trouble::NeverReady);
    let said = form.clone().with("RecordingSid", house.recording("anna_pass_5"));
    assert!(is_holding(&house.post("/call/turn?n=2", &said).await));
    let house = house.killed().await;
    house.recordings.set_trouble(Trouble::None);
    // The dead server's claim lasts four seconds.
    house.clock.advance_s(5);
    let held = house.post("/call/wait?n=2&poll=1", &form).await;
    house.waited(&form, held).await;
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    house.recordings_deleted().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_database_share_a_call_and_judge_its_take_once() {
    let house = House::known("").await;
    let twin = house.twin().await;
    let form = house.form(1, ANNA);
    house.post("/incoming_call", &form).await;
    twin.post("/call/turn?n=1&silent=1", &form).await;
    house.recordings.set_lag(Lag::Requests(3));
    let fetches = house.recordings.fetches();
    let said = form.clone().with("RecordingSid", house.recording("anna_pass_5"));
    let held = house.post("/call/turn?n=2", &said).await;
    assert!(is_holding(&held));
    let verdict = twin.waited(&form, held).await;
    assert_eq!(
        house.post("/call/turn?n=2", &said).await.body.replace(&house.base, ""),
        verdict.body.replace(&twin.base, "")
    );
    assert_eq!(house.verdicts().await, ["accept", "accept"]);
    assert_eq!(house.recordings.fetches() - fetches, 4, "fetched by one of them");
    twin.close().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_that_never_ends_is_given_up_and_its_late_verdict_does_not_count() {
    let house = House::known("").await;
    let form = house.up_to_the_passphrase(1).await;
    house.recordings.set_trouble(Trouble::NeverReady);
    let said = form.clone().with("RecordingSid", house.recording("anna_pass_5"));
    assert!(is_holding(&house.post("/call/turn?n=2", &said).await));
    house.clock.advance_s(60);
    let given_up = house.post("/call/wait?n=2&poll=1", &form).await;
    assert!(!is_holding(&given_up), "{given_up:?}");
    assert_eq!(house.verdicts().await, ["accept", "retry unavailable"]);
    house.recordings.set_trouble(Trouble::None);
    house.recordings_deleted().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_judged_once_wherever_it_turns_up_again() {
    let house = House::known("[verification]\nask_again_within = 1000.0\n").await;
    let form = house.up_to_the_passphrase(1).await;
    let said = form.clone().with("RecordingSid", house.recording("dave_pass_1"));
    let first = house.post("/call/turn?n=2", &said).await;
    let asked_again = house.waited(&form, first).await;
    assert_eq!(house.verdicts().await, ["accept", "retry voice_mismatch"]);

    // The same recording for the next turn, and in another call of the same caller.
    let again = house.post("/call/turn?n=3", &said).await;
    assert_eq!(again.body, asked_again.body);
    let other = house.up_to_the_passphrase(2).await;
    let borrowed = Form::default().with("RecordingSid", said.get("RecordingSid").unwrap());
    let answer = house.post("/call/turn?n=2", &joined(&other, &borrowed)).await;
    assert!(answer.document().verbs.iter().any(|verb| matches!(verb, Verb::Record(_))), "{answer:?}");
    assert_eq!(house.verdicts().await, ["accept", "retry voice_mismatch"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_recording_of_a_turn_is_not_listened_to() {
    let house = House::known("[verification]\nask_again_within = 1000.0\n").await;
    let form = house.up_to_the_passphrase(1).await;
    house.recordings.set_lag(Lag::Requests(3));
    let said = form.clone().with("RecordingSid", house.recording("dave_pass_1"));
    assert!(is_holding(&house.post("/call/turn?n=2", &said).await));
    let other = form.clone().with("RecordingSid", house.recording("anna_pass_5"));
    let held = house.post("/call/turn?n=2", &other).await;
    house.waited(&form, held).await;
    assert_eq!(house.verdicts().await, ["accept", "retry voice_mismatch"]);
    house.recordings_deleted().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_voice_is_not_accepted_once_another_call_has_caused_a_cooldown() {
    let house = House::known("lockout.number_failures = 2").await;
    let form = house.up_to_the_passphrase(1).await;
    house.recordings.set_trouble(Trouble::NeverReady);
    let said = form.clone().with("RecordingSid", house.recording("anna_pass_5"));
    let held = house.post("/call/turn?n=2", &said).await;
    assert!(is_holding(&held));
    house.call(ANNA, Script::in_order(["2", "1111#", "2222#"].map(pressed))).await;
    house.recordings.set_trouble(Trouble::None);
    house.waited(&form, held).await;
    assert_eq!(house.verdicts().await.last().unwrap(), "cooldown locked_out");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_while_being_judged_is_not_accepted() {
    let house = House::known("").await;
    let form = house.up_to_the_passphrase(1).await;
    house.recordings.set_trouble(Trouble::NeverReady);
    let said = form.clone().with("RecordingSid", house.recording("anna_pass_5"));
    assert!(is_holding(&house.post("/call/turn?n=2", &said).await));
    let over = Form::default().with("CallSid", sid(1).to_string()).with("AccountSid", house.account.sid.clone());
    let over = over.with("From", ANNA).with("To", LINE).with("CallStatus", "completed");
    assert!(house.post("/call/status", &over).await.document().verbs.is_empty());
    assert!(house.store.call(&sid(1)).await.unwrap().unwrap().ended_at.is_some());
    house.recordings.set_trouble(Trouble::None);
    house.recordings_deleted().await;
    assert_eq!(house.verdicts().await, ["accept"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_that_comes_with_the_end_of_the_call_is_not_listened_to() {
    let house = House::known("").await;
    let form = house.up_to_the_passphrase(1).await;
    let fetches = house.recordings.fetches();
    let over = form.pairs().filter(|(name, _)| *name != "CallStatus");
    let over = over.fold(Form::default(), |form, (name, value)| form.with(name, value)).with("CallStatus", "completed");
    let said = over.with("RecordingSid", house.recording("anna_pass_5"));
    assert!(house.post("/call/turn?n=2", &said).await.document().verbs.is_empty());
    assert_eq!(house.verdicts().await, ["accept"]);
    house.recordings_deleted().await;
    assert_eq!(house.recordings.fetches(), fetches);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_failed_is_tried_again_also_after_a_restart() {
    let house = House::open().await;
    house.recordings.fail_deletes(4);
    house.call(ANNA, enrollment("anna")).await;
    house.deletions_failed(4).await;
    let house = house.restarted().await;
    assert_eq!(house.store.pending_deletions().await.unwrap(), 4);
    house.clock.advance_s(3600);
    // The queue is looked at whenever something is added to it.
    house.call(ANNA, saying(&["anna_pass_5"])).await;
    house.recordings_deleted().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_gone_is_an_apology_and_no_server_error() {
    let house = House::known("").await;
    let form = house.up_to_the_passphrase(1).await;
    house.store.close().await;
    let said = form.clone().with("RecordingSid", house.recording("anna_pass_5"));
    for (path, form) in
        [("/incoming_call", &house.form(2, ANNA)), ("/call/turn?n=2", &said), ("/call/wait?n=2&poll=1", &form)]
    {
        assert!(house.post(path, form).await.is_apology(), "{path}");
    }
    let metrics = house.send(reqwest::Method::GET, "/metrics", &[], Vec::new()).await.body;
    assert!(metrics.contains(r#"callprint_store_errors_total{code="store_closed"}"#), "{metrics}");
    let ready = house.send(reqwest::Method::GET, "/readyz", &[], Vec::new()).await;
    assert_eq!((ready.status.as_u16(), ready.body.as_str()), (503, "store_closed\n"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_gone_sends_the_caller_on_as_after_a_reject() {
    let house = House::with("line.after_reject = { dial = '+15550188' }").await;
    house.store.close().await;
    let answer = house.post("/incoming_call", &house.form(1, ANNA)).await;
    assert!(answer.document().verbs.iter().any(|verb| matches!(verb, Verb::Dial(_))), "{answer:?}");
    house.close().await;
}

fn joined(form: &Form, more: &Form) -> Form {
    more.pairs().fold(form.clone(), |form, (name, value)| form.with(name, value))
}
